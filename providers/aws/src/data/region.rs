//! `data.aws_region`: the provider's region, or one told by name or endpoint; without a call.

use async_trait::async_trait;

use super::AwsData;
use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::resource::Result;
use crate::row::Row;

/// Regions and where they are.
const REGIONS: [(&str, &str); 37] = [
    ("af-south-1", "Africa (Cape Town)"),
    ("ap-east-1", "Asia Pacific (Hong Kong)"),
    ("ap-east-2", "Asia Pacific (Taipei)"),
    ("ap-northeast-1", "Asia Pacific (Tokyo)"),
    ("ap-northeast-2", "Asia Pacific (Seoul)"),
    ("ap-northeast-3", "Asia Pacific (Osaka)"),
    ("ap-south-1", "Asia Pacific (Mumbai)"),
    ("ap-south-2", "Asia Pacific (Hyderabad)"),
    ("ap-southeast-1", "Asia Pacific (Singapore)"),
    ("ap-southeast-2", "Asia Pacific (Sydney)"),
    ("ap-southeast-3", "Asia Pacific (Jakarta)"),
    ("ap-southeast-4", "Asia Pacific (Melbourne)"),
    ("ap-southeast-5", "Asia Pacific (Malaysia)"),
    ("ap-southeast-7", "Asia Pacific (Thailand)"),
    ("ca-central-1", "Canada (Central)"),
    ("ca-west-1", "Canada West (Calgary)"),
    ("cn-north-1", "China (Beijing)"),
    ("cn-northwest-1", "China (Ningxia)"),
    ("eu-central-1", "Europe (Frankfurt)"),
    ("eu-central-2", "Europe (Zurich)"),
    ("eu-north-1", "Europe (Stockholm)"),
    ("eu-south-1", "Europe (Milan)"),
    ("eu-south-2", "Europe (Spain)"),
    ("eu-west-1", "Europe (Ireland)"),
    ("eu-west-2", "Europe (London)"),
    ("eu-west-3", "Europe (Paris)"),
    ("il-central-1", "Israel (Tel Aviv)"),
    ("me-central-1", "Middle East (UAE)"),
    ("me-south-1", "Middle East (Bahrain)"),
    ("mx-central-1", "Mexico (Central)"),
    ("sa-east-1", "South America (Sao Paulo)"),
    ("us-east-1", "US East (N. Virginia)"),
    ("us-east-2", "US East (Ohio)"),
    ("us-gov-east-1", "AWS GovCloud (US-East)"),
    ("us-gov-west-1", "AWS GovCloud (US-West)"),
    ("us-west-1", "US West (N. California)"),
    ("us-west-2", "US West (Oregon)"),
];

/// Is there such a region? Of closed partitions no list is public.
pub(crate) fn is_region(name: &str) -> bool {
    let closed = ["eu-isoe-", "eusc-", "us-iso-", "us-isob-", "us-isof-"];
    REGIONS.iter().any(|(region, _)| *region == name)
        || closed.iter().any(|start| name.starts_with(start))
}

#[derive(Debug)]
pub(crate) struct Region;

#[async_trait]
impl AwsData for Region {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.conflicts(config, &["region", "name"]);
    }

    async fn read(&self, api: &Api, config: Fields<'_>) -> Result<Row> {
        let named = config.str("region").or(config.str("name"));
        let endpoint = config.str("endpoint");
        let told = endpoint.map(|endpoint| {
            let mut parts = endpoint.split('.').filter(|part| part.matches('-').count() >= 2);
            parts.next().ok_or_else(|| {
                let message = format!("{endpoint:?} is not an endpoint of EC2 in a region");
                AwsError::refused("InvalidEndpoint", message).at("endpoint")
            })
        });
        let told = told.transpose()?;
        if let (Some(named), Some(told)) = (named, told)
            && named != told
        {
            let message = format!("{told} is not {named}");
            return Err(AwsError::refused("InvalidEndpoint", message).at("endpoint"));
        }
        let region = named.or(told).unwrap_or(api.region());
        let place = REGIONS.iter().find(|(name, _)| *name == region).map(|(_, place)| *place);
        let mut row = Row::new();
        row.set("id", region)
            .set("region", region)
            .set("name", region)
            .set("description", place.unwrap_or(region))
            .set("endpoint", format!("ec2.{region}.{}", api.at(region).dns_suffix()));
        Ok(row)
    }
}
