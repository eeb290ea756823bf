//! Resource types of EC2, one per file, and what their calls have in common.

pub(crate) mod default_security_group;
pub(crate) mod group_rules;
pub(crate) mod permission;
pub(crate) mod security_group;
pub(crate) mod security_group_rule;
pub(crate) mod subnet;
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
