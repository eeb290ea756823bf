//! `data.aws_instances`: ids and addresses of instances that match, sorted by id.

use async_trait::async_trait;
use aws_sdk_ec2::types::Instance;

use super::{AwsData, filters};
use crate::api::{Api, AwsError};
use crate::ec2::filter;
use crate::ec2::instances::instances_where;
use crate::fields::{Fields, Problems};
use crate::resource::Result;
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct Instances;

#[async_trait]
impl AwsData for Instances {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        let states = ["pending", "running", "shutting-down", "stopped", "stopping", "terminated"];
        for state in config.strings("instance_state_names") {
            if !states.contains(&state.as_str()) {
                let message = format!("{state:?} is none of: {}.", states.join(", "));
                problems.add("instance_state_names", "Invalid value", message);
            }
        }
    }

    async fn read(&self, api: &Api, config: Fields<'_>) -> Result<Row> {
        let states = config.strings("instance_state_names");
        let running = vec!["running".to_owned()];
        let mut by =
            vec![filter("instance-state-name", if states.is_empty() { running } else { states })];
        by.extend(filters(config));
        let tags = config.map("instance_tags");
        by.extend(tags.into_iter().map(|(key, value)| filter(&format!("tag:{key}"), [value])));
        let mut found = instances_where(api, by).await?;
        if found.is_empty() {
            let message = "No instance matches. Change the filters, or make the instances first.";
            return Err(AwsError::refused("NotFound", message));
        }
        found.sort_by(|a, b| a.instance_id().cmp(&b.instance_id()));
        let six = |it: &Instance| {
            let all = it.network_interfaces().iter().flat_map(|it| it.ipv6_addresses().to_vec());
            all.filter_map(|it| it.ipv6_address).collect::<Vec<_>>()
        };
        let mut row = Row::new();
        row.set("id", api.region())
            .strings("ids", found.iter().filter_map(|it| it.instance_id()))
            .strings("private_ips", found.iter().filter_map(|it| it.private_ip_address()))
            .strings("public_ips", found.iter().filter_map(|it| it.public_ip_address()))
            .strings("ipv6_addresses", found.iter().flat_map(six));
        Ok(row)
    }
}
