//! `data.aws_subnet`.

use async_trait::async_trait;
use aws_sdk_ec2::types::SubnetState;

use super::AwsData;
use super::filters::{filters, only, some};
use crate::api::Api;
use crate::ec2::subnet::row;
use crate::fields::Fields;
use crate::resource::Result;
use crate::row::Row;

/// Arguments and their filters.
const BY: [(&str, &str); 8] = [
    ("availability_zone", "availability-zone"),
    ("availability_zone_id", "availability-zone-id"),
    ("cidr_block", "cidr-block"),
    ("default_for_az", "default-for-az"),
    ("id", "subnet-id"),
    ("ipv6_cidr_block", "ipv6-cidr-block-association.ipv6-cidr-block"),
    ("state", "state"),
    ("vpc_id", "vpc-id"),
];

#[derive(Debug)]
pub(crate) struct Subnet;

#[async_trait]
impl AwsData for Subnet {
    async fn read(&self, api: &Api, config: Fields<'_>) -> Result<Row> {
        let by = some(filters(config, &BY));
        let ask = |token| {
            api.ec2().describe_subnets().set_filters(by.clone()).set_next_token(token).send()
        };
        let all =
            api.pages("ec2", "DescribeSubnets", ask, |answer| (answer.subnets, answer.next_token));
        let subnet = only(all.await?, "subnet", |subnet| subnet.subnet_id())?;
        let mut row = row(&subnet);
        row.set("available_ip_address_count", subnet.available_ip_address_count())
            .set("default_for_az", subnet.default_for_az().unwrap_or(false))
            .set("state", subnet.state().map(SubnetState::as_str));
        Ok(row)
    }
}
