//! `aws_lb`: network load balancers first; application and gateway ones by the same calls.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    EnforceSecurityGroupInboundRulesOnPrivateLinkTrafficEnum as Enforce, IpAddressType,
    LoadBalancer as Balancer, LoadBalancerSchemeEnum as Scheme, LoadBalancerStateEnum as State,
    LoadBalancerTypeEnum as Kind, SubnetMapping,
};
use kprov_core::Value;
use serde_json::json;

use super::load_balancer_attributes::{attributes, fresh, modify, names as attribute_names, tell};
use super::{GROUP, check_name, is_ours, retag, suffix, tags, tags_of};
use crate::api::{Api, AwsError, Progress};
use crate::bulk::{Found, groups};
use crate::fields::{Fields, Problems};
use crate::names;
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;
use crate::tags::Tags;

const PATIENCE: Duration = Duration::from_secs(10 * 60);

#[derive(Debug)]
pub(crate) struct LoadBalancer;

#[async_trait]
impl AwsResource for LoadBalancer {
    fn tagging(&self) -> Tagging {
        Tagging::Own
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        check_name(problems, config);
        problems.one_of(config, "load_balancer_type", &["application", "gateway", "network"]);
        let types = ["ipv4", "dualstack", "dualstack-without-public-ipv4"];
        problems.one_of(config, "ip_address_type", &types);
        if config.blocks("subnet_mapping").next().is_some() && !config.strings("subnets").is_empty()
        {
            let message = "\"subnets\" and \"subnet_mapping\" cannot both be set; remove one.";
            problems.add("subnets", "Conflicting configuration arguments", message);
        }
        if config.get("subnets").is_null()
            && config.items("subnet_mapping").is_empty()
            && config.get("subnet_mapping").is_known()
        {
            let message = "One of these must be set: subnets, subnet_mapping.";
            problems.add("subnets", "Missing required argument", message);
        }
        problems.in_range(config, "idle_timeout", 1, 4000);
        problems.in_range(config, "client_keep_alive", 60, 604_800);
        problems.one_of(config, "desync_mitigation_mode", &["monitor", "defensive", "strictest"]);
        problems.one_of(config, "xff_header_processing_mode", &["append", "preserve", "remove"]);
        problems.one_of(
            config,
            "dns_record_client_routing_policy",
            &[
                "any_availability_zone",
                "availability_zone_affinity",
                "partial_availability_zone_affinity",
            ],
        );
        let enforce = "enforce_security_group_inbound_rules_on_private_link_traffic";
        problems.one_of(config, enforce, &["on", "off"]);
        for name in ["ipam_pools", "minimum_load_balancer_capacity"] {
            if config.block(name).is_some() {
                let message = format!("{name:?} is not supported here yet: remove it.");
                problems.add(name, "Not supported", message);
            }
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        let Some(prior) = plan.prior else { return };
        if prior.str("load_balancer_type") != Some("network") {
            return;
        }
        // A network load balancer gives no subnet back, and has security groups always or never.
        let set = |value: &Value| -> Option<BTreeSet<String>> {
            let texts = value.as_items().unwrap_or_default().iter();
            value
                .is_wholly_known()
                .then(|| texts.filter_map(Value::as_str).map(str::to_owned).collect())
        };
        if let (Some(old), Some(new)) = (set(prior.get("subnets")), set(plan.get("subnets")))
            && plan.config.is_set("subnets")
            && !old.is_subset(&new)
        {
            plan.replace("subnets");
        }
        if let (Some(old), Some(new)) =
            (set(prior.get("security_groups")), set(plan.get("security_groups")))
            && old.is_empty() != new.is_empty()
        {
            plan.replace("security_groups");
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let arn = prior.id();
        let Some(balancer) = api.load("load balancer", arn, balancers).await? else {
            return Ok(None);
        };
        let (attributes, tags) = futures::try_join!(
            api.load("load balancer attributes", arn, attributes),
            api.load("elbv2 tags", arn, tags_of),
        )?;
        let name = balancer.load_balancer_name().unwrap_or_default();
        let kind = balancer.r#type().map_or("application", Kind::as_str);
        let enforce = "enforce_security_group_inbound_rules_on_private_link_traffic";
        let mut row = Row::new();
        row.set("id", arn)
            .set("arn", arn)
            .set("arn_suffix", suffix(arn))
            .set("name", name)
            .set("name_prefix", names::prefix(name))
            .set("load_balancer_type", kind)
            .set("internal", balancer.scheme() == Some(&Scheme::Internal))
            .set("ip_address_type", balancer.ip_address_type().map(IpAddressType::as_str))
            .set("customer_owned_ipv4_pool", balancer.customer_owned_ipv4_pool())
            .set("dns_name", balancer.dns_name())
            .set("zone_id", balancer.canonical_hosted_zone_id())
            .set("vpc_id", balancer.vpc_id())
            .set(enforce, balancer.enforce_security_group_inbound_rules_on_private_link_traffic())
            .strings("security_groups", balancer.security_groups())
            .strings(
                "subnets",
                balancer.availability_zones().iter().filter_map(|zone| zone.subnet_id()),
            )
            .tags(tags.unwrap_or_default());
        if prior.blocks("subnet_mapping").next().is_some() {
            row.set("subnet_mapping", mappings(&balancer));
        }
        tell(kind, &attributes.unwrap_or_default(), prior, &mut row);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let name = names::chosen(planned, create.token, "tf-lb-");
        let all = tags(&create.tags_with_token());
        let mapped = wanted_mappings(planned);
        let make = || {
            let call = api.elbv2().create_load_balancer().name(&name);
            let call = match &mapped {
                Some(mapped) => call.set_subnet_mappings(Some(mapped.clone())),
                None => call.set_subnets(planned.some_strings("subnets")),
            };
            call.set_type(planned.str("load_balancer_type").map(Kind::from))
                .set_scheme(planned.bool("internal").map(|internal| match internal {
                    true => Scheme::Internal,
                    false => Scheme::InternetFacing,
                }))
                .set_ip_address_type(planned.str("ip_address_type").map(IpAddressType::from))
                .set_security_groups(planned.some_strings("security_groups"))
                .set_customer_owned_ipv4_pool(planned.string("customer_owned_ipv4_pool"))
                .set_tags(Some(all.clone()))
                .send()
        };
        let answer = api.call("elbv2", "CreateLoadBalancer", make).await.map_err(at)?;
        let arn = answer.load_balancers().first().and_then(|it| it.load_balancer_arn());
        Ok(Made::id(arn.unwrap_or_default()))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let planned = create.planned;
        let patience = planned.timeout("create", PATIENCE);
        // Attributes may be set while the load balancer is being made.
        modify(api, id, planned, |name, text| !is_default(name, text)).await?;
        let enforce = "enforce_security_group_inbound_rules_on_private_link_traffic";
        if planned.str(enforce).is_some() && !planned.strings("security_groups").is_empty() {
            set_groups(api, id, planned).await?;
        }
        api.wait("load balancer", id, patience, balancers, active).await?;
        api.tell("load balancer attributes", id, Some(fresh(planned, is_default)));
        api.tell("elbv2 tags", id, Some(create.tags_with_token()));
        Ok(())
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let (id, planned) = (changes.id(), changes.planned);
        let names: Vec<&str> = attribute_names().filter(|name| changes.has(name)).collect();
        if !names.is_empty() {
            modify(api, id, planned, |name, _| names.contains(&name)).await?;
        }
        let enforce = "enforce_security_group_inbound_rules_on_private_link_traffic";
        if changes.any(&["security_groups", enforce]) {
            set_groups(api, id, planned).await?;
        }
        if changes.any(&["subnets", "subnet_mapping"]) {
            let mapped = wanted_mappings(planned);
            let call = || {
                let call = api.elbv2().set_subnets().load_balancer_arn(id);
                match &mapped {
                    Some(mapped) => call.set_subnet_mappings(Some(mapped.clone())),
                    None => call.set_subnets(planned.some_strings("subnets")),
                }
                .send()
            };
            api.call("elbv2", "SetSubnets", call).await.map_err(at)?;
        }
        if changes.has("ip_address_type") {
            let call = || {
                let call = api.elbv2().set_ip_address_type().load_balancer_arn(id);
                call.set_ip_address_type(planned.str("ip_address_type").map(IpAddressType::from))
                    .send()
            };
            let result = api.call("elbv2", "SetIpAddressType", call).await;
            result.map_err(|error| error.at("ip_address_type"))?;
        }
        let patience = planned.timeout("update", PATIENCE);
        api.wait("load balancer", id, patience, balancers, active).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let delete = || api.elbv2().delete_load_balancer().load_balancer_arn(prior.id()).send();
        api.call("elbv2", "DeleteLoadBalancer", delete).await.map(|_| ()).map_err(|mut error| {
            if error.is(&["OperationNotPermitted"]) {
                error.message += " Set \"enable_deletion_protection\" to false and apply first.";
            }
            error
        })
    }

    fn delete_patience(&self) -> Duration {
        PATIENCE
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = names::chosen(create.planned, create.token, "tf-lb-");
        let ask = || api.elbv2().describe_load_balancers().names(&name).send();
        let answer = match api.call("elbv2", "DescribeLoadBalancers", ask).await {
            Err(error) if error.is_not_found() => return Ok(None),
            answer => answer?,
        };
        let arn = answer.load_balancers().first().and_then(|it| it.load_balancer_arn());
        let Some(arn) = arn else { return Ok(None) };
        Ok(is_ours(api, arn, create.token).await?.then(|| Made::id(arn)))
    }

    async fn retag(
        &self,
        api: &Api,
        object: Fields<'_>,
        removed: Vec<String>,
        written: Tags,
    ) -> Result<()> {
        retag(api, object.id(), removed, written).await
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        match id.starts_with("arn:") && id.contains(":loadbalancer/") {
            true => Ok(vec![("id", Value::string(id))]),
            false => Err(format!("Expected the ARN of a load balancer, not {id:?}.")),
        }
    }
}

/// What AWS gives a new load balancer.
fn is_default(name: &str, text: &str) -> bool {
    match name {
        "idle_timeout" => text == "60",
        "client_keep_alive" => text == "3600",
        "enable_http2" => text == "true",
        "desync_mitigation_mode" => text == "defensive",
        "xff_header_processing_mode" => text == "append",
        "dns_record_client_routing_policy" => text == "any_availability_zone",
        _ => text == "false" || text == "0",
    }
}

fn at(error: AwsError) -> AwsError {
    match &*error.code {
        "DuplicateLoadBalancerName" => error.at("name"),
        "InvalidSubnet" | "SubnetNotFound" => error.at("subnets"),
        "InvalidSecurityGroup" => error.at("security_groups"),
        _ => error,
    }
}

/// Load balancers by ARN.
pub(crate) async fn balancers(api: Api, arns: Vec<String>) -> Result<Found<Balancer>> {
    let api = &api;
    groups(arns, GROUP, |group| async move {
        let ask = || {
            api.elbv2().describe_load_balancers().set_load_balancer_arns(Some(group.clone())).send()
        };
        let answer = api.call("elbv2", "DescribeLoadBalancers", ask).await?;
        let all = answer.load_balancers.unwrap_or_default().into_iter();
        Ok(all.filter_map(|it| Some((it.load_balancer_arn.clone()?, it))).collect())
    })
    .await
}

fn active(balancer: Option<&Balancer>) -> Progress<()> {
    let Some(balancer) = balancer else { return Progress::Pending("not visible".to_owned()) };
    let state = balancer.state();
    match state.and_then(|state| state.code()) {
        // Impaired is active with a zone that lacks something; it serves.
        Some(State::Active | State::ActiveImpaired) => Progress::Done(()),
        Some(State::Failed) => {
            let why = state.and_then(|state| state.reason()).unwrap_or_default();
            Progress::Failed(AwsError::lost("Failed", format!("It could not be made: {why}")))
        }
        code => Progress::Pending(code.map_or("provisioning", State::as_str).to_owned()),
    }
}

fn mappings(balancer: &Balancer) -> Vec<serde_json::Value> {
    let zones = balancer.availability_zones().iter();
    zones
        .map(|zone| {
            let address = zone.load_balancer_addresses().first();
            json!({
                "subnet_id": zone.subnet_id(),
                "outpost_id": zone.outpost_id().unwrap_or_default(),
                "allocation_id": address.and_then(|it| it.allocation_id()),
                "private_ipv4_address": address.and_then(|it| it.private_ipv4_address()),
                "ipv6_address": address.and_then(|it| it.ipv6_address()),
            })
        })
        .collect()
}

/// The mappings of a configuration that has them.
fn wanted_mappings(planned: Fields<'_>) -> Option<Vec<SubnetMapping>> {
    let mapping = |block: Fields<'_>| {
        SubnetMapping::builder()
            .set_subnet_id(block.string("subnet_id"))
            .set_allocation_id(block.string("allocation_id"))
            .set_private_ipv4_address(block.string("private_ipv4_address"))
            .set_ipv6_address(block.string("ipv6_address"))
            .build()
    };
    let all: Vec<_> = planned.blocks("subnet_mapping").map(mapping).collect();
    Some(all).filter(|all| !all.is_empty())
}

async fn set_groups(api: &Api, id: &str, planned: Fields<'_>) -> Result<()> {
    let enforce = "enforce_security_group_inbound_rules_on_private_link_traffic";
    let call = || {
        let call = api.elbv2().set_security_groups().load_balancer_arn(id);
        call.set_security_groups(Some(planned.strings("security_groups")))
            .set_enforce_security_group_inbound_rules_on_private_link_traffic(
                planned.str(enforce).map(Enforce::from),
            )
            .send()
    };
    api.call("elbv2", "SetSecurityGroups", call).await.map(|_| ()).map_err(at)
}
