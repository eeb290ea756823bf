//! `data.aws_availability_zones`. The exemplar for filters.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_ec2::types::AvailabilityZone;

use super::AwsData;
use crate::api::Api;
use crate::ec2::filter;
use crate::fields::{Fields, Problems};
use crate::resource::Result;
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct AvailabilityZones;

#[async_trait]
impl AwsData for AvailabilityZones {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        let states = ["available", "information", "impaired", "unavailable", "constrained"];
        problems.one_of(config, "state", &states);
    }

    async fn read(&self, api: &Api, config: Fields<'_>) -> Result<Row> {
        let mut filters: Vec<_> = config
            .blocks("filter")
            .filter_map(|block| Some(filter(block.str("name")?, block.strings("values"))))
            .collect();
        filters.extend(config.str("state").map(|state| filter("state", [state])));
        let filters = Some(filters).filter(|filters| !filters.is_empty());
        let ask = || {
            api.ec2()
                .describe_availability_zones()
                .set_all_availability_zones(config.bool("all_availability_zones"))
                .set_filters(filters.clone())
                .send()
        };
        let answer = api.call("ec2", "DescribeAvailabilityZones", ask).await?;
        let without = |name: &str, text: Option<&str>| {
            text.is_none_or(|text| !config.strings(name).iter().any(|it| it == text))
        };
        let mut zones: Vec<AvailabilityZone> = answer.availability_zones.unwrap_or_default();
        zones.retain(|zone| {
            without("exclude_names", zone.zone_name())
                && without("exclude_zone_ids", zone.zone_id())
        });
        zones.sort_by(|a, b| a.zone_name().cmp(&b.zone_name()));
        let groups: BTreeSet<&str> = zones.iter().filter_map(|zone| zone.group_name()).collect();
        let mut row = Row::new();
        row.set("id", api.region())
            .strings("names", zones.iter().filter_map(|zone| zone.zone_name()))
            .strings("zone_ids", zones.iter().filter_map(|zone| zone.zone_id()))
            .strings("group_names", groups);
        Ok(row)
    }
}
