//! Resource types of EC2, one per file, and what their calls have in common.

pub(crate) mod default_network_acl;
pub(crate) mod default_route_table;
pub(crate) mod default_security_group;
pub(crate) mod ebs_volume;
pub(crate) mod egress_only_internet_gateway;
pub(crate) mod eip;
pub(crate) mod eip_association;
pub(crate) mod group_rules;
pub(crate) mod instance;
pub(crate) mod instances;
pub(crate) mod internet_gateway;
pub(crate) mod key_pair;
pub(crate) mod launch_template;
pub(crate) mod nat_gateway;
pub(crate) mod network_acl;
mod network_acl_rules;
mod peering;
pub(crate) mod permission;
pub(crate) mod requirements;
pub(crate) mod route;
pub(crate) mod route_table;
pub(crate) mod route_table_association;
pub(crate) mod routing;
pub(crate) mod security_group;
pub(crate) mod security_group_rule;
pub(crate) mod subnet;
pub(crate) mod tag;
pub(crate) mod user_data;
pub(crate) mod volume_attachment;
pub(crate) mod vpc;
pub(crate) mod vpc_dhcp_options;
pub(crate) mod vpc_dhcp_options_association;
pub(crate) mod vpc_endpoint;
pub(crate) mod vpc_ipv4_cidr_block_association;
pub(crate) mod vpc_peering_connection;
pub(crate) mod vpc_peering_connection_accepter;
pub(crate) mod vpc_peering_connection_options;
pub(crate) mod vpc_security_group_rule;

use aws_sdk_ec2::types::{
    AttributeBooleanValue, Filter, NatGateway, NatGatewayState, NetworkInterface, ResourceType,
    Tag, TagSpecification,
};

use crate::api::Api;
use crate::resource::{Create, Result};

use crate::tags::{OPERATION, Tags};

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

/// `arn:aws:ec2:eu-central-1:123456789012:subnet/subnet-1`
pub(crate) fn arn(api: &Api, owner: &str, kind: &str, id: &str) -> String {
    format!("arn:{}:ec2:{}:{owner}:{kind}/{id}", api.partition(), api.region())
}

/// Names of the network interfaces that match, for errors.
pub(crate) async fn interfaces(api: &Api, by: Filter) -> Result<Vec<String>> {
    interfaces_that(api, by, |_| true).await
}

/// [`interfaces`], but only those of which `holds` is true.
pub(crate) async fn interfaces_that(
    api: &Api,
    by: Filter,
    holds: fn(&NetworkInterface) -> bool,
) -> Result<Vec<String>> {
    let ask = |token| {
        let call = api.ec2().describe_network_interfaces().filters(by.clone());
        call.set_next_token(token).send()
    };
    let all = api.pages("ec2", "DescribeNetworkInterfaces", ask, |answer| {
        (answer.network_interfaces, answer.next_token)
    });
    let name = |interface: NetworkInterface| {
        let id = interface.network_interface_id().unwrap_or_default();
        match interface.description().filter(|text| !text.is_empty()) {
            Some(text) => format!("network interface {id} ({text})"),
            None => format!("network interface {id}"),
        }
    };
    Ok(all.await?.into_iter().filter(holds).map(name).collect())
}

/// NAT gateways that match.
pub(crate) async fn nat_gateways(api: &Api, by: Filter) -> Result<Vec<NatGateway>> {
    let ask = |token| {
        let call = api.ec2().describe_nat_gateways().filter(by.clone());
        call.set_next_token(token).send()
    };
    let all = api.pages("ec2", "DescribeNatGateways", ask, |answer| {
        (answer.nat_gateways, answer.next_token)
    });
    all.await
}

/// Names of the NAT gateways that match and are not deleted, for errors.
pub(crate) async fn nats_of(api: &Api, by: Filter) -> Result<Vec<String>> {
    let all = nat_gateways(api, by).await?.into_iter();
    let live = all.filter(|it| it.state() != Some(&NatGatewayState::Deleted));
    Ok(live.map(|it| format!("NAT gateway {}", it.nat_gateway_id().unwrap_or_default())).collect())
}

/// Marks an object that is there already as adopted by this create, with the create's tags.
pub(crate) async fn adopt(api: &Api, id: &str, create: &Create<'_>) -> Result<()> {
    let tags = tags(&create.tags_with_token());
    let write = || api.ec2().create_tags().resources(id).set_tags(Some(tags.clone())).send();
    api.call("ec2", "CreateTags", write).await.map(|_| ())
}

/// Takes the mark of [`adopt`] off an object that stays.
pub(crate) async fn give_up(api: &Api, id: &str) -> Result<()> {
    let mark = Tag::builder().key(OPERATION).build();
    let call = || api.ec2().delete_tags().resources(id).tags(mark.clone()).send();
    api.call("ec2", "DeleteTags", call).await.map(|_| ())
}

/// Removes tags that an adopted object has from before.
pub(crate) async fn untag_others(api: &Api, id: &str, now: &[Tag], wanted: &Tags) -> Result<()> {
    let now: Tags = pairs(now).map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let others = api.tag_rules().others(&now, wanted);
    if others.is_empty() {
        return Ok(());
    }
    let gone: Vec<Tag> = others.iter().map(|key| Tag::builder().key(key).build()).collect();
    let call = || api.ec2().delete_tags().resources(id).set_tags(Some(gone.clone())).send();
    api.call("ec2", "DeleteTags", call).await.map(|_| ())
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
