//! Resource types of Elastic Load Balancing v2, one per file, and what their calls have in common:
//! tags by twenty, attributes as texts by key.

/// `attributes`, the loader of what a Describe...Attributes call tells of one object, by ARN.
macro_rules! loader_of_attributes {
    ($describe:ident, $arn:ident, $operation:literal) => {
        /// Attributes by ARN.
        pub(crate) async fn attributes(
            api: crate::api::Api,
            arns: Vec<String>,
        ) -> crate::resource::Result<crate::bulk::Found<crate::elbv2::Attributes>> {
            let api = &api;
            crate::bulk::each(arns, |arn| async move {
                let ask = || api.elbv2().$describe().$arn(&arn).send();
                let answer = api.call("elbv2", $operation, ask).await?;
                let all = answer.attributes.unwrap_or_default().into_iter();
                Ok(all.filter_map(|it| Some((it.key?, it.value.unwrap_or_default()))).collect())
            })
            .await
        }
    };
}

/// Calls Modify...Attributes with pairs of key and value, if there are any.
macro_rules! write_attributes {
    ($api:expr, $arn:expr, $pairs:expr, $item:ident, $modify:ident.$by:ident, $operation:literal) => {{
        let item = |(key, value)| {
            aws_sdk_elasticloadbalancingv2::types::$item::builder().key(key).value(value).build()
        };
        let all: Vec<_> = $pairs.into_iter().map(item).collect();
        if all.is_empty() {
            return Ok(());
        }
        let call = || $api.elbv2().$modify().$by($arn).set_attributes(Some(all.clone())).send();
        $api.call("elbv2", $operation, call).await.map(|_| ())
    }};
}

pub(crate) mod action;
pub(crate) mod listener;
pub(crate) mod load_balancer;
pub(crate) mod load_balancer_attributes;
pub(crate) mod target_group;
pub(crate) mod target_group_attachment;
pub(crate) mod target_group_attributes;

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::Tag;
use serde_json::Value as Json;

use crate::api::Api;
use crate::bulk::{Found, groups};
use crate::fields::Fields;
use crate::resource::Result;
use crate::row::Row;
use crate::tags::{OPERATION, Tags};

/// How many ARNs DescribeTags (and others) take.
pub(crate) const GROUP: usize = 20;

/// Attributes of a load balancer, target group or listener, by the API's keys.
pub(crate) type Attributes = BTreeMap<String, String>;

/// How an attribute is written in a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Number,
    Bool,
}

/// An attribute of ours and its key in the API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mapped {
    pub(crate) name: &'static str,
    pub(crate) key: &'static str,
    pub(crate) form: Form,
}

impl Mapped {
    pub(crate) const fn new(name: &'static str, key: &'static str, form: Form) -> Mapped {
        Mapped { name, key, form }
    }

    /// The value in an object, as the API takes it.
    pub(crate) fn text(self, object: Fields<'_>) -> Option<String> {
        match self.form {
            Form::Text => object.string(self.name),
            Form::Number => object.i64(self.name).map(|number| number.to_string()),
            Form::Bool => object.bool(self.name).map(|truth| truth.to_string()),
        }
    }

    /// Writes down what the API says. What it does not list is not for this kind of object.
    pub(crate) fn tell(self, actual: &Attributes, row: &mut Row) {
        if let Some(text) = actual.get(self.key) {
            row.set(self.name, json(text, self.form));
        }
    }
}

/// Keys and values of those attributes of an object of which `wanted` says so.
pub(crate) fn pairs<'m>(
    table: impl IntoIterator<Item = &'m Mapped>,
    object: Fields<'_>,
    wanted: &impl Fn(&str, &str) -> bool,
) -> Vec<(String, String)> {
    let all = table.into_iter().filter_map(|mapped| Some((mapped, mapped.text(object)?)));
    let all = all.filter(|(mapped, text)| wanted(mapped.name, text));
    all.map(|(mapped, text)| (mapped.key.to_owned(), text)).collect()
}

/// An attribute's text as JSON.
pub(crate) fn json(text: &str, form: Form) -> Json {
    match form {
        Form::Text => text.into(),
        Form::Bool => (text == "true").into(),
        Form::Number => text.parse::<i64>().map_or(Json::Null, Json::from),
    }
}

/// Tags as the API takes them.
pub(crate) fn tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Tags of load balancers, target groups and listeners, by ARN.
pub(crate) async fn tags_of(api: Api, arns: Vec<String>) -> Result<Found<Tags>> {
    let api = &api;
    groups(arns, GROUP, |group| async move {
        let ask = || api.elbv2().describe_tags().set_resource_arns(Some(group.clone())).send();
        let answer = api.call("elbv2", "DescribeTags", ask).await?;
        let all = answer.tag_descriptions.unwrap_or_default().into_iter();
        let pair =
            |tag: &Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
        Ok(all
            .filter_map(|it| {
                Some((
                    it.resource_arn().map(str::to_owned)?,
                    it.tags().iter().filter_map(pair).collect(),
                ))
            })
            .collect())
    })
    .await
}

/// Did the create with that token make the object of that ARN?
pub(crate) async fn is_ours(api: &Api, arn: &str, token: &str) -> Result<bool> {
    let tags = api.load("elbv2 tags", arn, tags_of).await?.unwrap_or_default();
    Ok(tags.get(OPERATION).is_some_and(|found| found == token))
}

/// RemoveTags and AddTags.
pub(crate) async fn retag(api: &Api, arn: &str, removed: Vec<String>, written: Tags) -> Result<()> {
    if !removed.is_empty() {
        let call = || {
            let call = api.elbv2().remove_tags().resource_arns(arn);
            call.set_tag_keys(Some(removed.clone())).send()
        };
        api.call("elbv2", "RemoveTags", call).await?;
    }
    if !written.is_empty() {
        let all = tags(&written);
        let call = || api.elbv2().add_tags().resource_arns(arn).set_tags(Some(all.clone())).send();
        api.call("elbv2", "AddTags", call).await?;
    }
    Ok(())
}

/// What follows the last `:` of the resource part: `net/name/id`.
pub(crate) fn suffix(arn: &str) -> &str {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    resource.strip_prefix("loadbalancer/").unwrap_or(resource)
}

/// Letters, digits and hyphens.
pub(crate) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

/// Checks `name` and `name_prefix` of a load balancer or target group.
pub(crate) fn check_name(problems: &mut crate::fields::Problems, config: Fields<'_>) {
    crate::names::check(problems, config, 32, is_name, "letters, digits and hyphens");
    for name in ["name", "name_prefix"] {
        if let Some(text) = config.text(name)
            && (text.starts_with('-') || (name == "name" && text.ends_with('-')))
        {
            let message = format!("{name:?} must not begin or end with a hyphen.");
            problems.add(name, "Invalid name", message);
        }
    }
}
