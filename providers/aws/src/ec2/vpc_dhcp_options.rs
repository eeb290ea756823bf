//! `aws_vpc_dhcp_options`. Every change replaces the set, for AWS cannot change one.

use async_trait::async_trait;
use aws_sdk_ec2::types::{DhcpOptions, NewDhcpConfiguration};
use serde_json::Value as Json;

use super::{arn, filter, pairs, tag_specification};
use crate::api::Api;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result, Tagging};
use crate::row::Row;

type Found<T> = std::collections::HashMap<String, T>;

/// AWS's keys, our attributes, and whether the attribute is a list.
const OPTIONS: [(&str, &str, bool); 6] = [
    ("domain-name", "domain_name", false),
    ("domain-name-servers", "domain_name_servers", true),
    ("ipv6-address-preferred-lease-time", "ipv6_address_preferred_lease_time", false),
    ("netbios-name-servers", "netbios_name_servers", true),
    ("netbios-node-type", "netbios_node_type", false),
    ("ntp-servers", "ntp_servers", true),
];

#[derive(Debug)]
pub(crate) struct VpcDhcpOptions;

#[async_trait]
impl AwsResource for VpcDhcpOptions {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("dhcp-options")
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.needs_one(config, &OPTIONS.map(|(_, attribute, _)| attribute));
        // As everywhere in this provider, empty text says nothing.
        if config.str("netbios_node_type").is_some() {
            problems.one_of(config, "netbios_node_type", &["1", "2", "4", "8"]);
        }
        for name in ["netbios_name_servers", "ntp_servers", "domain_name_servers"] {
            if config.items(name).len() > 4 {
                let message = format!("AWS takes at most 4 {name}.");
                problems.add(name, "Too many items", message);
            }
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let id = prior.id();
        let Some(found) = api.load("dhcp options", id, options).await? else { return Ok(None) };
        let owner = found.owner_id().unwrap_or_default();
        let mut row = Row::new();
        row.set("id", id)
            .set("arn", arn(api, owner, "dhcp-options", id))
            .set("owner_id", owner)
            .tags(pairs(found.tags()));
        for (key, attribute, list) in OPTIONS {
            let option = found.dhcp_configurations().iter().find(|it| it.key() == Some(key));
            let values = option.into_iter().flat_map(|option| option.values());
            let mut values = values.filter_map(|value| value.value());
            match list {
                true => row.strings(attribute, values),
                false => row.set(attribute, values.next().map_or(Json::Null, Json::from)),
            };
        }
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let tags = tag_specification("dhcp-options", &create.tags_with_token());
        let wanted: Vec<NewDhcpConfiguration> = OPTIONS
            .iter()
            .filter_map(|(key, attribute, list)| {
                let values = match list {
                    true => planned.some_strings(attribute)?,
                    false => vec![planned.string(attribute)?],
                };
                Some(NewDhcpConfiguration::builder().key(*key).set_values(Some(values)).build())
            })
            .collect();
        let make = || {
            let call = api.ec2().create_dhcp_options().tag_specifications(tags.clone());
            call.set_dhcp_configurations(Some(wanted.clone())).send()
        };
        let answer = api.call("ec2", "CreateDhcpOptions", make).await?;
        let id = answer.dhcp_options().and_then(|options| options.dhcp_options_id());
        let id = id.unwrap_or_default().to_owned();
        api.tell("dhcp options", &id, answer.dhcp_options);
        Ok(Made::id(id))
    }

    async fn update(&self, _api: &Api, _changes: Changes<'_>) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let id = prior.id();
        let delete = || api.ec2().delete_dhcp_options().dhcp_options_id(id).send();
        api.call("ec2", "DeleteDhcpOptions", delete).await.map(|_| ())
    }

    fn delete_patience(&self) -> std::time::Duration {
        std::time::Duration::from_secs(5 * 60)
    }

    async fn holders(&self, api: &Api, prior: Fields<'_>) -> Result<Vec<String>> {
        let by = filter("dhcp-options-id", [prior.id()]);
        let ask =
            |token| api.ec2().describe_vpcs().filters(by.clone()).set_next_token(token).send();
        let all = api.pages("ec2", "DescribeVpcs", ask, |answer| (answer.vpcs, answer.next_token));
        let all = all.await?;
        Ok(all.iter().filter_map(|vpc| vpc.vpc_id()).map(|id| format!("VPC {id}")).collect())
    }
}

/// Sets of options by id.
async fn options(api: Api, ids: Vec<String>) -> Result<Found<DhcpOptions>> {
    let by = filter("dhcp-options-id", ids);
    let ask = |token| {
        let call = api.ec2().describe_dhcp_options().filters(by.clone());
        call.set_next_token(token).send()
    };
    let all = api.pages("ec2", "DescribeDhcpOptions", ask, |answer| {
        (answer.dhcp_options, answer.next_token)
    });
    let all = all.await?.into_iter();
    Ok(all.filter_map(|it| Some((it.dhcp_options_id.clone()?, it))).collect())
}
