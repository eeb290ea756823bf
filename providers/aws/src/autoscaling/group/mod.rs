//! `aws_autoscaling_group`. Known by its name. What an autoscaler owns, the number of instances, is
//! left alone where the configuration does not say it.

mod capacity;
mod check;
mod ending;
mod refresh;
pub(crate) mod rotation;
mod sent;
mod shown;
pub(super) mod traffic;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_autoscaling::types::{InstanceReusePolicy, Tag, WarmPoolState};
use kprov_provider::rotation::MemberGroups;

use super::groups;
use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::names;
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result};
use crate::row::Row;
use crate::tags::OPERATION;

/// How long a new instance profile or role may be unknown to Auto Scaling.
const PROPAGATION: Duration = Duration::from_secs(2 * 60);

/// What UpdateAutoScalingGroup changes.
const UPDATED: [&str; 21] = [
    "availability_zone_distribution",
    "availability_zones",
    "capacity_rebalance",
    "capacity_reservation_specification",
    "context",
    "default_cooldown",
    "default_instance_warmup",
    "desired_capacity",
    "desired_capacity_type",
    "health_check_grace_period",
    "health_check_type",
    "instance_maintenance_policy",
    "launch_configuration",
    "max_instance_lifetime",
    "max_size",
    "min_size",
    "placement_group",
    "protect_from_scale_in",
    "service_linked_role_arn",
    "termination_policies",
    "vpc_zone_identifier",
];

#[derive(Debug)]
pub(crate) struct Group;

#[async_trait]
impl AwsResource for Group {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        check::config(config, problems);
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        check::plan(plan);
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let Some(group) = api.load("autoscaling group", prior.id(), groups).await? else {
            return Ok(None);
        };
        let group = refresh::promised(api, group, prior).await?;
        let group = rotation::marks::as_before(group, prior);
        Ok(Some(shown::row(api, &group, prior)))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let name = names::name(create.planned, "name", "name_prefix", create.token);
        let again = |error: &AwsError| {
            error.code == "ValidationError"
                && error.message.contains("Invalid IAM Instance Profile")
        };
        api.insist(PROPAGATION, again, || make(api, &name, create)).await?;
        Ok(Made::id(name))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let planned = create.planned;
        suspend(api, id, &planned.strings("suspended_processes")).await?;
        collect(api, id, planned, &planned.strings("enabled_metrics")).await?;
        if planned.block("warm_pool").is_some() {
            put_warm_pool(api, id, planned).await?;
        }
        capacity::wait(api, planned, id, false).await
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        update(api, changes).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        ending::delete(api, prior).await
    }

    fn member_groups(&self) -> Option<&dyn MemberGroups> {
        Some(self)
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = names::name(create.planned, "name", "name_prefix", create.token);
        let group = api.load("autoscaling group", &name, groups).await?;
        let ours = group.is_some_and(|group| {
            let mut tags = group.tags().iter();
            tags.any(|tag| tag.key() == Some(OPERATION) && tag.value() == Some(create.token))
        });
        Ok(ours.then(|| Made::id(name)))
    }
}

/// Subnets as the API takes them.
fn subnets(planned: Fields<'_>) -> Option<String> {
    planned.some_strings("vpc_zone_identifier").map(|subnets| subnets.join(","))
}

async fn make(api: &Api, name: &str, create: Create<'_>) -> Result<()> {
    let planned = create.planned;
    let mut tags = sent::tags(planned, name);
    let own = Tag::builder().key(OPERATION).value(create.token).propagate_at_launch(false);
    tags.push(own.resource_id(name).resource_type("auto-scaling-group").build());
    let maintenance = planned.block("instance_maintenance_policy");
    let sources = Some(traffic::sources(planned)).filter(|all| !all.is_empty());
    let make = || {
        api.autoscaling()
            .create_auto_scaling_group()
            .auto_scaling_group_name(name)
            .set_launch_configuration_name(planned.string("launch_configuration"))
            .set_launch_template(sent::launch_template(planned))
            .set_mixed_instances_policy(sent::mixed(planned))
            .set_min_size(planned.i32("min_size"))
            .set_max_size(planned.i32("max_size"))
            .set_desired_capacity(planned.i32("desired_capacity"))
            .set_desired_capacity_type(planned.string("desired_capacity_type"))
            .set_default_cooldown(planned.i32("default_cooldown"))
            .set_default_instance_warmup(planned.i32("default_instance_warmup"))
            .set_availability_zones(planned.some_strings("availability_zones"))
            .set_vpc_zone_identifier(subnets(planned))
            .set_load_balancer_names(planned.some_strings("load_balancers"))
            .set_target_group_arns(planned.some_strings("target_group_arns"))
            .set_traffic_sources(sources.clone())
            .set_health_check_type(planned.string("health_check_type"))
            .set_health_check_grace_period(planned.i32("health_check_grace_period"))
            .set_placement_group(planned.string("placement_group"))
            .set_termination_policies(planned.some_strings("termination_policies"))
            .set_new_instances_protected_from_scale_in(planned.bool("protect_from_scale_in"))
            .set_capacity_rebalance(planned.bool("capacity_rebalance"))
            .set_lifecycle_hook_specification_list(sent::hooks(planned))
            .set_tags(Some(tags.clone()))
            .set_service_linked_role_arn(planned.string("service_linked_role_arn"))
            .set_max_instance_lifetime(planned.i32("max_instance_lifetime"))
            .set_context(planned.string("context"))
            .set_instance_maintenance_policy(maintenance.map(|_| sent::maintenance(planned)))
            .set_availability_zone_distribution(sent::zones(planned))
            .set_capacity_reservation_specification(sent::reservation(planned))
            .send()
    };
    api.call("autoscaling", "CreateAutoScalingGroup", make).await.map(|_| ())
}

async fn update(api: &Api, changes: Changes<'_>) -> Result<()> {
    let (name, planned) = (changes.id(), changes.planned);
    rotation::marks::refuse_midway(api, changes).await?;
    let by_refresh = refresh::brings_template(changes);
    if changes.any(&UPDATED) || (changes.any(&refresh::TEMPLATES) && !by_refresh) {
        update_settings(api, changes, by_refresh).await?;
    }
    if changes.has("tag") {
        retag(api, changes).await?;
    }
    traffic::update(api, changes).await?;
    if changes.has("warm_pool") {
        match planned.block("warm_pool") {
            Some(_) => put_warm_pool(api, name, planned).await?,
            None => {
                let force = planned.bool("force_delete_warm_pool") == Some(true);
                let patience = planned.timeout("update", Duration::from_secs(10 * 60));
                ending::delete_warm_pool(api, name, force, patience).await?;
            }
        }
    }
    let lists = |name: &str| (changes.prior.strings(name), planned.strings(name));
    let (old, new) = lists("suspended_processes");
    resume(api, name, &traffic::without(&old, &new)).await?;
    suspend(api, name, &traffic::without(&new, &old)).await?;
    let (old, new) = lists("enabled_metrics");
    discard(api, name, &traffic::without(&old, &new)).await?;
    let all = changes.has("metrics_granularity");
    let more = if all { new } else { traffic::without(&new, &old) };
    collect(api, name, planned, &more).await?;
    if refresh::is_due(changes) {
        refresh::start(api, name, planned).await?;
    }
    if changes.any(&["min_size", "max_size", "desired_capacity"]) {
        capacity::wait(api, planned, name, true).await?;
    }
    Ok(())
}

/// UpdateAutoScalingGroup with what differs.
async fn update_settings(api: &Api, changes: Changes<'_>, by_refresh: bool) -> Result<()> {
    let planned = changes.planned;
    let has = |name: &str| changes.has(name);
    // -1 and an empty text are how what was set is taken back.
    let number = |name: &str| has(name).then(|| planned.i32(name));
    let text = |name: &str| has(name).then(|| planned.string(name).unwrap_or_default());
    let template = || changes.any(&refresh::TEMPLATES) && !by_refresh;
    let desired = planned.i32("desired_capacity").filter(|_| has("desired_capacity"));
    let policies = has("termination_policies").then(|| termination_policies(planned));
    let zones = planned.some_strings("availability_zones");
    let make = || {
        api.autoscaling()
            .update_auto_scaling_group()
            .auto_scaling_group_name(changes.id())
            .set_launch_configuration_name(
                planned.string("launch_configuration").filter(|_| has("launch_configuration")),
            )
            .set_launch_template(sent::launch_template(planned).filter(|_| template()))
            .set_mixed_instances_policy(sent::mixed(planned).filter(|_| template()))
            .set_min_size(number("min_size").flatten())
            .set_max_size(number("max_size").flatten())
            .set_desired_capacity(desired)
            .set_desired_capacity_type(
                planned.string("desired_capacity_type").filter(|_| has("desired_capacity_type")),
            )
            .set_default_cooldown(number("default_cooldown").flatten())
            .set_default_instance_warmup(
                number("default_instance_warmup").map(|warmup| warmup.unwrap_or(-1)),
            )
            .set_availability_zones(zones.clone().filter(|_| has("availability_zones")))
            .set_vpc_zone_identifier(subnets(planned).filter(|_| has("vpc_zone_identifier")))
            .set_health_check_type(
                planned.string("health_check_type").filter(|_| has("health_check_type")),
            )
            .set_health_check_grace_period(number("health_check_grace_period").flatten())
            .set_placement_group(text("placement_group"))
            .set_termination_policies(policies.clone())
            .set_new_instances_protected_from_scale_in(
                planned.bool("protect_from_scale_in").filter(|_| has("protect_from_scale_in")),
            )
            .set_service_linked_role_arn(
                planned
                    .string("service_linked_role_arn")
                    .filter(|_| has("service_linked_role_arn")),
            )
            .set_max_instance_lifetime(
                number("max_instance_lifetime").map(|seconds| seconds.unwrap_or(0)),
            )
            .set_capacity_rebalance(
                has("capacity_rebalance")
                    .then(|| planned.bool("capacity_rebalance").unwrap_or(false)),
            )
            .set_context(text("context"))
            .set_instance_maintenance_policy(
                has("instance_maintenance_policy").then(|| sent::maintenance(planned)),
            )
            .set_availability_zone_distribution(
                sent::zones(planned).filter(|_| has("availability_zone_distribution")),
            )
            .set_capacity_reservation_specification(
                sent::reservation(planned).filter(|_| has("capacity_reservation_specification")),
            )
            .send()
    };
    let work =
        || async { api.call("autoscaling", "UpdateAutoScalingGroup", make).await.map(|_| ()) };
    api.insist(PROPAGATION, may_pass, work).await
}

/// The policies as planned; none means the default one.
fn termination_policies(planned: Fields<'_>) -> Vec<String> {
    let policies = planned.strings("termination_policies");
    if policies.is_empty() { vec!["Default".to_owned()] } else { policies }
}

/// Refusals of an update that pass with time.
fn may_pass(error: &AwsError) -> bool {
    error.is(&["ScalingActivityInProgress"])
        || error.code == "ValidationError" && error.message.contains("Invalid IAM Instance Profile")
}

/// Tags that differ.
async fn retag(api: &Api, changes: Changes<'_>) -> Result<()> {
    let name = changes.id();
    let (old, new) = (sent::tags(changes.prior, name), sent::tags(changes.planned, name));
    let written = traffic::without(&new, &old);
    let mut removed = old;
    removed.retain(|tag| !new.iter().any(|other| other.key() == tag.key()));
    if !removed.is_empty() {
        let make = || api.autoscaling().delete_tags().set_tags(Some(removed.clone())).send();
        api.call("autoscaling", "DeleteTags", make).await?;
    }
    if !written.is_empty() {
        let make =
            || api.autoscaling().create_or_update_tags().set_tags(Some(written.clone())).send();
        api.call("autoscaling", "CreateOrUpdateTags", make).await?;
    }
    Ok(())
}

async fn put_warm_pool(api: &Api, name: &str, planned: Fields<'_>) -> Result<()> {
    let Some(pool) = planned.block("warm_pool") else { return Ok(()) };
    let reuse = pool.block("instance_reuse_policy").map(|block| {
        InstanceReusePolicy::builder()
            .set_reuse_on_scale_in(block.bool("reuse_on_scale_in"))
            .build()
    });
    let make = || {
        api.autoscaling()
            .put_warm_pool()
            .auto_scaling_group_name(name)
            .set_max_group_prepared_capacity(pool.i32("max_group_prepared_capacity"))
            .set_min_size(pool.i32("min_size"))
            .set_pool_state(pool.str("pool_state").map(WarmPoolState::from))
            .set_instance_reuse_policy(reuse.clone())
            .send()
    };
    let put = api.call("autoscaling", "PutWarmPool", make).await;
    put.map(|_| ()).map_err(|error| error.at("warm_pool"))
}

async fn suspend(api: &Api, name: &str, processes: &[String]) -> Result<()> {
    if processes.is_empty() {
        return Ok(());
    }
    let make = || {
        let call = api.autoscaling().suspend_processes().auto_scaling_group_name(name);
        call.set_scaling_processes(Some(processes.to_vec())).send()
    };
    let suspended = api.call("autoscaling", "SuspendProcesses", make).await;
    suspended.map(|_| ()).map_err(|error| error.at("suspended_processes"))
}

async fn resume(api: &Api, name: &str, processes: &[String]) -> Result<()> {
    if processes.is_empty() {
        return Ok(());
    }
    let make = || {
        let call = api.autoscaling().resume_processes().auto_scaling_group_name(name);
        call.set_scaling_processes(Some(processes.to_vec())).send()
    };
    let resumed = api.call("autoscaling", "ResumeProcesses", make).await;
    resumed.map(|_| ()).map_err(|error| error.at("suspended_processes"))
}

async fn collect(api: &Api, name: &str, planned: Fields<'_>, metrics: &[String]) -> Result<()> {
    if metrics.is_empty() {
        return Ok(());
    }
    let granularity = planned.str("metrics_granularity").unwrap_or("1Minute");
    let make = || {
        let call = api.autoscaling().enable_metrics_collection().auto_scaling_group_name(name);
        call.granularity(granularity).set_metrics(Some(metrics.to_vec())).send()
    };
    let enabled = api.call("autoscaling", "EnableMetricsCollection", make).await;
    enabled.map(|_| ()).map_err(|error| error.at("enabled_metrics"))
}

async fn discard(api: &Api, name: &str, metrics: &[String]) -> Result<()> {
    if metrics.is_empty() {
        return Ok(());
    }
    let make = || {
        let call = api.autoscaling().disable_metrics_collection().auto_scaling_group_name(name);
        call.set_metrics(Some(metrics.to_vec())).send()
    };
    let disabled = api.call("autoscaling", "DisableMetricsCollection", make).await;
    disabled.map(|_| ()).map_err(|error| error.at("enabled_metrics"))
}
