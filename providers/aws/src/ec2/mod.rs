//! Resource types of EC2, one per file, and what their calls have in common.

pub(crate) mod default_security_group;
pub(crate) mod ebs_volume;
pub(crate) mod group_rules;
pub(crate) mod instance;
pub(crate) mod instances;
pub(crate) mod key_pair;
pub(crate) mod launch_template;
pub(crate) mod permission;
pub(crate) mod requirements;
pub(crate) mod security_group;
pub(crate) mod security_group_rule;
pub(crate) mod subnet;
pub(crate) mod user_data;
pub(crate) mod volume_attachment;
pub(crate) mod vpc;
pub(crate) mod vpc_security_group_rule;

use aws_sdk_ec2::types::{AttributeBooleanValue, Filter, ResourceType, Tag, TagSpecification};

use crate::tags::Tags;

/// Tags as EC2 takes them.
pub(crate) fn tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Tags as EC2 gives them.
pub(crate) fn pairs(tags: &[Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|tag| (tag.key().unwrap_or_default(), tag.value().unwrap_or_default()))
}

/// Tags to create an object with.
pub(crate) fn tag_specification(kind: &str, all: &Tags) -> TagSpecification {
    let kind = ResourceType::from(kind);
    TagSpecification::builder().resource_type(kind).set_tags(Some(tags(all))).build()
}

/// `name` is one of `values`.
pub(crate) fn filter<S: Into<String>>(name: &str, values: impl IntoIterator<Item = S>) -> Filter {
    let values = values.into_iter().map(Into::into).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// A bool as EC2's Modify calls take it.
pub(crate) fn truth(value: bool) -> AttributeBooleanValue {
    AttributeBooleanValue::builder().value(value).build()
}

/// Names of the network interfaces that match, for errors.
pub(crate) async fn interfaces(
    api: &crate::api::Api,
    by: Filter,
) -> crate::resource::Result<Vec<String>> {
    let ask = |token| {
        let call = api.ec2().describe_network_interfaces().filters(by.clone());
        call.set_next_token(token).send()
    };
    let all = api.pages("ec2", "DescribeNetworkInterfaces", ask, |answer| {
        (answer.network_interfaces, answer.next_token)
    });
    let name = |interface: aws_sdk_ec2::types::NetworkInterface| {
        let id = interface.network_interface_id().unwrap_or_default();
        match interface.description().filter(|text| !text.is_empty()) {
            Some(text) => format!("network interface {id} ({text})"),
            None => format!("network interface {id}"),
        }
    };
    Ok(all.await?.into_iter().map(name).collect())
}

/// Asks for all ids; where one of them is not there, for each half, so that one that is gone does
/// not fail the others. For APIs that take ids as a parameter only.
pub(crate) async fn bisect<T, F>(
    ids: Vec<String>,
    ask: impl Fn(Vec<String>) -> F,
) -> crate::resource::Result<Vec<T>>
where
    F: Future<Output = crate::resource::Result<Vec<T>>>,
{
    let mut all = Vec::new();
    let mut left = vec![ids];
    while let Some(mut ids) = left.pop().filter(|ids| !ids.is_empty()) {
        match ask(ids.clone()).await {
            Ok(found) => all.extend(found),
            Err(error) if error.is_not_found() => {
                let half = ids.split_off(ids.len() / 2);
                if !ids.is_empty() {
                    left.extend([ids, half]);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}
