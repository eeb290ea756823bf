//! What EC2 knows: this machine, by its metadata; the masters, by their groups' tags.

use std::collections::BTreeMap;
use std::net::IpAddr;

use aws_config::SdkConfig;
use aws_sdk_ec2::types::Filter;

use crate::aws::refused;
use crate::problem::{Problem, chain};

const CLUSTER_TAG: &str = "kprov.dev/cluster";
const ROLE_TAG: &str = "kprov.dev/role";

pub(super) struct Found {
    pub(super) id: String,
    pub(super) address: IpAddr,
    pub(super) zone: Option<String>,
}

/// Who this machine is, by instance metadata (IMDSv2).
pub(super) async fn identity() -> Result<Found, Problem> {
    let client = crate::aws::metadata();
    let ask = |path: &'static str| {
        let client = client.clone();
        async move {
            let answer = client.get(format!("/latest/meta-data/{path}")).await;
            answer.map(|text| text.as_ref().trim().to_owned()).map_err(|error| {
                let detail = format!(
                    "{path} cannot be had from the instance's metadata: {}. Where there is none, say who the machine is: \
                     \"identity\": from: static.",
                    chain(&error)
                );
                Problem::new("This machine does not know who it is", detail)
            })
        }
    };
    let (id, address) = (ask("instance-id").await?, ask("local-ipv4").await?);
    let address = address.parse().map_err(|_| {
        Problem::new(
            "This machine does not know who it is",
            format!("Its metadata say that its address is {address:?}."),
        )
    })?;
    Ok(Found { id, address, zone: ask("placement/availability-zone").await.ok() })
}

/// Machines of the cluster's groups of masters, with their private addresses.
pub(super) async fn masters(
    aws: &SdkConfig,
    cluster: &str,
) -> Result<Vec<(String, IpAddr)>, Problem> {
    let ids = members(aws, cluster).await?;
    if ids.is_empty() {
        let detail = format!(
            "No Auto Scaling group with machines has the tags {CLUSTER_TAG} = {cluster} and {ROLE_TAG} = master. Tag the \
             masters' groups."
        );
        return Err(Problem::new("No masters are found", detail));
    }
    described(aws, vec![named("instance-id", ids)]).await
}

/// Those of these machines that are workers of the cluster, with their private addresses.
pub(super) async fn workers(
    aws: &SdkConfig,
    cluster: &str,
    ids: Vec<String>,
) -> Result<Vec<(String, IpAddr)>, Problem> {
    let tag = |tag: &str, value: &str| named(&format!("tag:{tag}"), vec![value.to_owned()]);
    let filters =
        vec![named("instance-id", ids), tag(CLUSTER_TAG, cluster), tag(ROLE_TAG, "worker")];
    described(aws, filters).await
}

/// By filters: an id that EC2 does not know yet is no error then.
fn named(name: &str, values: Vec<String>) -> Filter {
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// Machines that run, or are about to.
async fn described(
    aws: &SdkConfig,
    filters: Vec<Filter>,
) -> Result<Vec<(String, IpAddr)>, Problem> {
    let ec2 = aws_sdk_ec2::Client::new(aws);
    let mut pages = ec2.describe_instances().set_filters(Some(filters)).into_paginator().send();
    let mut found = BTreeMap::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| refused("Machines cannot be described", &error))?;
        for instance in page.reservations().iter().flat_map(|reservation| reservation.instances()) {
            use aws_sdk_ec2::types::InstanceStateName::{Pending, Running};
            let state = instance.state().and_then(|state| state.name());
            let address = instance.private_ip_address().and_then(|address| address.parse().ok());
            if let (Some(Pending | Running), Some(id), Some(address)) =
                (state, instance.instance_id(), address)
            {
                found.insert(id.to_owned(), address);
            }
        }
    }
    Ok(found.into_iter().collect())
}

async fn members(aws: &SdkConfig, cluster: &str) -> Result<Vec<String>, Problem> {
    use aws_sdk_autoscaling::types::Filter;
    let filter =
        |tag: &str, value: &str| Filter::builder().name(format!("tag:{tag}")).values(value).build();
    let client = aws_sdk_autoscaling::Client::new(aws);
    let asked = client
        .describe_auto_scaling_groups()
        .filters(filter(CLUSTER_TAG, cluster))
        .filters(filter(ROLE_TAG, "master"));
    let mut pages = asked.into_paginator().send();
    let mut ids = Vec::new();
    while let Some(page) = pages.next().await {
        let page =
            page.map_err(|error| refused("The masters' groups cannot be described", &error))?;
        let instances = page.auto_scaling_groups().iter().flat_map(|group| group.instances());
        ids.extend(instances.filter_map(|instance| instance.instance_id().map(str::to_owned)));
    }
    Ok(ids)
}
