//! `data.aws_vpc`.

use async_trait::async_trait;
use aws_sdk_ec2::types::{Tenancy, VpcAttributeName, VpcState};
use serde_json::json;

use super::AwsData;
use super::filters::{filters, only, some};
use crate::api::Api;
use crate::ec2::vpc::{attribute, main_route_tables};
use crate::ec2::{arn, pairs};
use crate::fields::Fields;
use crate::resource::Result;
use crate::row::Row;

/// Arguments and their filters.
const BY: [(&str, &str); 5] = [
    ("cidr_block", "cidr"),
    ("default", "is-default"),
    ("dhcp_options_id", "dhcp-options-id"),
    ("id", "vpc-id"),
    ("state", "state"),
];

#[derive(Debug)]
pub(crate) struct Vpc;

#[async_trait]
impl AwsData for Vpc {
    async fn read(&self, api: &Api, config: Fields<'_>) -> Result<Row> {
        let by = some(filters(config, &BY));
        let ask =
            |token| api.ec2().describe_vpcs().set_filters(by.clone()).set_next_token(token).send();
        let all = api.pages("ec2", "DescribeVpcs", ask, |answer| (answer.vpcs, answer.next_token));
        let vpc = only(all.await?, "VPC", |vpc| vpc.vpc_id())?;
        let (id, owner) = (vpc.vpc_id().unwrap_or_default(), vpc.owner_id().unwrap_or_default());
        let (support, hostnames, metrics, table) = futures::try_join!(
            attribute(api, id, VpcAttributeName::EnableDnsSupport),
            attribute(api, id, VpcAttributeName::EnableDnsHostnames),
            attribute(api, id, VpcAttributeName::EnableNetworkAddressUsageMetrics),
            api.load("main route table of vpc", id, main_route_tables),
        )?;
        let blocks = vpc.cidr_block_association_set().iter().map(|it| {
            let state = it.cidr_block_state().and_then(|state| state.state());
            json!({
                "association_id": it.association_id(),
                "cidr_block": it.cidr_block(),
                "state": state.map(|state| state.as_str()),
            })
        });
        let ipv6 = vpc.ipv6_cidr_block_association_set().first();
        let mut row = Row::new();
        row.set("id", id)
            .set("arn", arn(api, owner, "vpc", id))
            .set("cidr_block", vpc.cidr_block())
            .set("cidr_block_associations", blocks.collect::<Vec<_>>())
            .set("default", vpc.is_default().unwrap_or(false))
            .set("dhcp_options_id", vpc.dhcp_options_id())
            .set("enable_dns_hostnames", hostnames)
            .set("enable_dns_support", support)
            .set("enable_network_address_usage_metrics", metrics)
            .set("instance_tenancy", vpc.instance_tenancy().map(Tenancy::as_str))
            .set("ipv6_association_id", ipv6.and_then(|it| it.association_id()))
            .set("ipv6_cidr_block", ipv6.and_then(|it| it.ipv6_cidr_block()))
            .set("main_route_table_id", table)
            .set("owner_id", owner)
            .set("state", vpc.state().map(VpcState::as_str))
            .tags(pairs(vpc.tags()));
        Ok(row)
    }
}
