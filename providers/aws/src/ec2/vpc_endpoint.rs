//! `aws_vpc_endpoint`: gateways (of which routes are added to tables) and interfaces to services.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    DnsOptionsSpecification, DnsRecordIpType, IpAddressType, PrefixList, State,
    SubnetConfiguration, VpcEndpoint as Endpoint, VpcEndpointType,
};
use serde_json::json;

use super::{arn, filter, interfaces, pairs, tag_specification};
use crate::api::{Api, AwsError, Progress};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;

type Found<T> = std::collections::HashMap<String, T>;

const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Arguments of which only some kinds of endpoint know.
const ONLY: [(&str, &[&str]); 4] = [
    ("route_table_ids", &["Gateway"]),
    ("private_dns_enabled", &["Interface", "Resource", "ServiceNetwork"]),
    ("security_group_ids", &["Interface", "Resource", "ServiceNetwork"]),
    ("subnet_ids", &["Interface", "GatewayLoadBalancer", "Resource", "ServiceNetwork"]),
];

#[derive(Debug)]
pub(crate) struct VpcEndpoint;

#[async_trait]
impl AwsResource for VpcEndpoint {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("vpc-endpoint")
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        let kinds = ["Gateway", "GatewayLoadBalancer", "Interface", "Resource", "ServiceNetwork"];
        problems.one_of(config, "vpc_endpoint_type", &kinds);
        problems.one_of(config, "ip_address_type", &["ipv4", "ipv6", "dualstack"]);
        let services = ["service_name", "resource_configuration_arn", "service_network_arn"];
        problems.needs_one(config, &services);
        problems.conflicts(config, &services);
        if let Some(text) = config.str("policy")
            && let Err(error) = serde_json::from_str::<serde_json::Value>(text)
        {
            problems.add("policy", "Invalid JSON", format!("The policy is no JSON: {error}."));
        }
        if config.is_unknown("vpc_endpoint_type") {
            return;
        }
        let kind = config.str("vpc_endpoint_type").unwrap_or("Gateway");
        for (name, kinds) in ONLY {
            let used = !config.items(name).is_empty() || config.bool(name) == Some(true);
            if used && !kinds.contains(&kind) {
                let message = format!(
                    "An endpoint of type {kind:?} has none; set \"vpc_endpoint_type\" to one of: {}.",
                    kinds.join(", ")
                );
                problems.add(name, "Conflicting configuration arguments", message);
            }
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        plan.keep_same_document("policy");
        if plan.changes("subnet_ids") || plan.changes("subnet_configuration") {
            plan.unknown("network_interface_ids");
            plan.unknown("dns_entry");
        }
        if plan.changes("private_dns_enabled") || plan.changes("ip_address_type") {
            plan.unknown("dns_entry");
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let id = prior.id();
        let found = api.load("vpc endpoint", id, endpoints).await?;
        let Some(endpoint) = found.filter(|endpoint| !is_over(endpoint)) else { return Ok(None) };
        let mut row = row(api, id, &endpoint);
        if endpoint.vpc_endpoint_type() == Some(&VpcEndpointType::Gateway)
            && let Some(service) = endpoint.service_name()
        {
            let list = api.load("prefix list of service", service, prefix_lists).await?;
            row.set("prefix_list_id", list.as_ref().and_then(|list| list.prefix_list_id()))
                .strings("cidr_blocks", list.iter().flat_map(|list| list.cidrs()));
        }
        // Computed where the configuration has no block, which a block cannot be.
        if !prior.items("dns_options").is_empty() {
            dns_options(&endpoint, &mut row);
        }
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let tags = tag_specification("vpc-endpoint", &create.tags_with_token());
        let make = || {
            api.ec2()
                .create_vpc_endpoint()
                .client_token(create.token)
                .set_vpc_id(planned.string("vpc_id"))
                .set_vpc_endpoint_type(planned.str("vpc_endpoint_type").map(Into::into))
                .set_service_name(planned.string("service_name"))
                .set_service_region(planned.string("service_region"))
                .set_service_network_arn(planned.string("service_network_arn"))
                .set_resource_configuration_arn(planned.string("resource_configuration_arn"))
                .set_policy_document(planned.string("policy"))
                .set_route_table_ids(planned.some_strings("route_table_ids"))
                .set_subnet_ids(planned.some_strings("subnet_ids"))
                .set_security_group_ids(planned.some_strings("security_group_ids"))
                .set_private_dns_enabled(planned.bool("private_dns_enabled").filter(|on| *on))
                .set_ip_address_type(planned.str("ip_address_type").map(IpAddressType::from))
                .set_dns_options(wanted_dns(planned))
                .set_subnet_configurations(wanted_subnets(planned))
                .tag_specifications(tags.clone())
                .send()
        };
        let answer = api.call("ec2", "CreateVpcEndpoint", make).await.map_err(at_fault)?;
        let id = answer.vpc_endpoint.and_then(|endpoint| endpoint.vpc_endpoint_id);
        Ok(Made::id(id.unwrap_or_default()))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let patience = create.planned.timeout("create", PATIENCE);
        let pending = api.wait("vpc endpoint", id, patience, endpoints, usable).await?;
        accept(api, id, create.planned, pending, patience).await
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let (id, planned) = (changes.id(), changes.planned);
        let patience = planned.timeout("update", PATIENCE);
        if changes.has("auto_accept") {
            let now = api.load("vpc endpoint", id, endpoints).await?;
            let pending = now.is_some_and(|now| state(&now) == "pendingacceptance");
            accept(api, id, planned, pending, patience).await?;
        }
        if changes.any(&[
            "dns_options",
            "ip_address_type",
            "policy",
            "private_dns_enabled",
            "route_table_ids",
            "security_group_ids",
            "subnet_configuration",
            "subnet_ids",
        ]) {
            modify(api, changes).await?;
            api.wait("vpc endpoint", id, patience, endpoints, usable).await?;
        }
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let id = prior.id();
        let delete = || api.ec2().delete_vpc_endpoints().vpc_endpoint_ids(id).send();
        let answer = api.call("ec2", "DeleteVpcEndpoints", delete).await?;
        if let Some(error) = answer.unsuccessful().iter().find_map(|item| item.error()) {
            let (code, message) = (error.code(), error.message());
            return Err(AwsError::refused(code.unwrap_or_default(), message.unwrap_or_default()));
        }
        let gone = |endpoint: Option<&Endpoint>| match endpoint.map(state).unwrap_or_default() {
            state if state.is_empty() || state == "deleted" => Progress::Done(()),
            state => Progress::Pending(state),
        };
        let patience = prior.timeout("delete", PATIENCE);
        api.wait("vpc endpoint", id, patience, endpoints, gone).await
    }

    async fn holders(&self, api: &Api, prior: Fields<'_>) -> Result<Vec<String>> {
        match prior.some_strings("network_interface_ids") {
            Some(ids) => interfaces(api, filter("network-interface-id", ids)).await,
            None => Ok(Vec::new()),
        }
    }
}

/// Which argument AWS complains about, where its code tells.
fn at_fault(error: AwsError) -> AwsError {
    match error.code.as_str() {
        "InvalidServiceName" => error.at("service_name"),
        "RouteAlreadyExists" | "InvalidRouteTableId.NotFound" => error.at("route_table_ids"),
        "InvalidSubnetId.NotFound" | "DuplicateSubnetsInSameZone" => error.at("subnet_ids"),
        "InvalidSecurityGroupId.NotFound" | "InvalidGroup.NotFound" => {
            error.at("security_group_ids")
        }
        "InvalidPolicyDocument" | "MalformedPolicyDocument" => error.at("policy"),
        _ => error,
    }
}

/// The state in lower case: the API's model has it otherwise than its answers.
fn state(endpoint: &Endpoint) -> String {
    endpoint.state().map_or("", State::as_str).to_ascii_lowercase()
}

fn is_over(endpoint: &Endpoint) -> bool {
    ["deleted", "deleting", "failed"].contains(&state(endpoint).as_str())
}

/// Usable, if only once it is accepted; is it pending acceptance?
fn usable(endpoint: Option<&Endpoint>) -> Progress<bool> {
    let Some(endpoint) = endpoint else { return Progress::Pending("not visible".to_owned()) };
    let state = state(endpoint);
    match state.as_str() {
        "" | "available" => Progress::Done(false),
        "pendingacceptance" => Progress::Done(true),
        "failed" | "rejected" | "expired" | "deleted" => {
            let id = endpoint.vpc_endpoint_id().unwrap_or_default();
            let why = endpoint.last_error().and_then(|error| error.message());
            let why = why.or(endpoint.failure_reason()).unwrap_or("AWS does not say why");
            let message = format!("VPC endpoint {id} is {state}: {why}.");
            Progress::Failed(AwsError::refused("Failed", message))
        }
        _ => Progress::Pending(state),
    }
}

/// Accepts the connection where the service belongs to the same account.
async fn accept(
    api: &Api,
    id: &str,
    planned: Fields<'_>,
    pending: bool,
    patience: Duration,
) -> Result<()> {
    let Some(service) = planned.str("service_name") else { return Ok(()) };
    if planned.bool("auto_accept") != Some(true) || !pending {
        return Ok(());
    }
    let ask = || api.ec2().describe_vpc_endpoint_services().service_names(service).send();
    let answer = api.call("ec2", "DescribeVpcEndpointServices", ask).await?;
    let service = answer.service_details().first().and_then(|it| it.service_id());
    let service = service.unwrap_or_default();
    let call = || {
        let call = api.ec2().accept_vpc_endpoint_connections().service_id(service);
        call.vpc_endpoint_ids(id).send()
    };
    let result = api.call("ec2", "AcceptVpcEndpointConnections", call).await;
    result.map_err(|error| error.at("auto_accept"))?;
    let accepted = |endpoint: Option<&Endpoint>| match usable(endpoint) {
        Progress::Done(true) => Progress::Pending("pendingAcceptance".to_owned()),
        progress => progress,
    };
    api.wait("vpc endpoint", id, patience, endpoints, accepted).await.map(|_| ())
}

fn wanted_dns(planned: Fields<'_>) -> Option<DnsOptionsSpecification> {
    let block = planned.block("dns_options")?;
    let only = "private_dns_only_for_inbound_resolver_endpoint";
    let options = DnsOptionsSpecification::builder()
        .set_dns_record_ip_type(block.str("dns_record_ip_type").map(DnsRecordIpType::from))
        .set_private_dns_only_for_inbound_resolver_endpoint(block.bool(only))
        .set_private_dns_preference(block.string("private_dns_preference"))
        .set_private_dns_specified_domains(block.some_strings("private_dns_specified_domains"));
    Some(options.build())
}

fn wanted_subnets(planned: Fields<'_>) -> Option<Vec<SubnetConfiguration>> {
    let blocks = planned.blocks("subnet_configuration").map(|block| {
        SubnetConfiguration::builder()
            .set_subnet_id(block.string("subnet_id"))
            .set_ipv4(block.string("ipv4"))
            .set_ipv6(block.string("ipv6"))
            .build()
    });
    Some(blocks.collect::<Vec<_>>()).filter(|blocks| !blocks.is_empty())
}

async fn modify(api: &Api, changes: Changes<'_>) -> Result<()> {
    let planned = changes.planned;
    let Some(now) = api.load("vpc endpoint", changes.id(), endpoints).await? else {
        let message =
            format!("The endpoint {:?} does not exist any more; plan again.", changes.id());
        return Err(AwsError::refused("InvalidVpcEndpointId.NotFound", message));
    };
    let set = |ids: &[String]| ids.iter().cloned().collect::<BTreeSet<String>>();
    let groups: Vec<String> = now.groups().iter().filter_map(|it| it.group_id.clone()).collect();
    let difference = |name: &str, now: &[String]| {
        let (now, wanted) = match changes.has(name) {
            true => (set(now), set(&planned.strings(name))),
            false => Default::default(),
        };
        let rest = |a: &BTreeSet<String>, b: &BTreeSet<String>| {
            Some(a.difference(b).cloned().collect::<Vec<_>>()).filter(|rest| !rest.is_empty())
        };
        (rest(&wanted, &now), rest(&now, &wanted))
    };
    let (add_tables, remove_tables) = difference("route_table_ids", now.route_table_ids());
    let (add_subnets, remove_subnets) = difference("subnet_ids", now.subnet_ids());
    let (add_groups, remove_groups) = difference("security_group_ids", &groups);
    let policy = planned.string("policy").filter(|_| changes.has("policy"));
    let private =
        planned.bool("private_dns_enabled").filter(|_| changes.has("private_dns_enabled"));
    let family = planned.str("ip_address_type").filter(|_| changes.has("ip_address_type"));
    let dns = wanted_dns(planned).filter(|_| changes.any(&["dns_options", "private_dns_enabled"]));
    let subnets = wanted_subnets(planned).filter(|_| changes.has("subnet_configuration"));
    let call = || {
        api.ec2()
            .modify_vpc_endpoint()
            .vpc_endpoint_id(changes.id())
            .set_add_route_table_ids(add_tables.clone())
            .set_remove_route_table_ids(remove_tables.clone())
            .set_add_subnet_ids(add_subnets.clone())
            .set_remove_subnet_ids(remove_subnets.clone())
            .set_add_security_group_ids(add_groups.clone())
            .set_remove_security_group_ids(remove_groups.clone())
            .set_policy_document(policy.clone())
            // An emptied policy is AWS's own, which allows everything.
            .set_reset_policy((changes.has("policy") && policy.is_none()).then_some(true))
            .set_private_dns_enabled(private)
            .set_ip_address_type(family.map(IpAddressType::from))
            .set_dns_options(dns.clone())
            .set_subnet_configurations(subnets.clone())
            .send()
    };
    api.call("ec2", "ModifyVpcEndpoint", call).await.map(|_| ()).map_err(at_fault)
}

fn row(api: &Api, id: &str, endpoint: &Endpoint) -> Row {
    let owner = endpoint.owner_id().unwrap_or_default();
    let entries = endpoint.dns_entries().iter().map(
        |entry| json!({"dns_name": entry.dns_name(), "hosted_zone_id": entry.hosted_zone_id()}),
    );
    let mut row = Row::new();
    row.set("id", id)
        .set("arn", arn(api, owner, "vpc-endpoint", id))
        .set("owner_id", owner)
        .set("vpc_id", endpoint.vpc_id())
        .set("service_name", endpoint.service_name())
        .set("service_region", endpoint.service_region().unwrap_or(api.region()))
        .set("service_network_arn", endpoint.service_network_arn())
        .set("resource_configuration_arn", endpoint.resource_configuration_arn())
        .set("state", endpoint.state().map(State::as_str))
        .set("vpc_endpoint_type", endpoint.vpc_endpoint_type().map(VpcEndpointType::as_str))
        .set("ip_address_type", endpoint.ip_address_type().map(IpAddressType::as_str))
        .set("private_dns_enabled", endpoint.private_dns_enabled())
        .set("requester_managed", endpoint.requester_managed())
        .set("dns_entry", entries.collect::<Vec<_>>())
        .set("prefix_list_id", "")
        .strings("cidr_blocks", Vec::<String>::new())
        .strings("network_interface_ids", endpoint.network_interface_ids())
        .strings("route_table_ids", endpoint.route_table_ids())
        .strings("security_group_ids", endpoint.groups().iter().filter_map(|it| it.group_id()))
        .strings("subnet_ids", endpoint.subnet_ids())
        .document("policy", endpoint.policy_document())
        .tags(pairs(endpoint.tags()));
    row
}

fn dns_options(endpoint: &Endpoint, row: &mut Row) {
    let Some(options) = endpoint.dns_options() else { return };
    let only = options.private_dns_only_for_inbound_resolver_endpoint();
    row.set(
        "dns_options",
        json!([{
            "dns_record_ip_type": options.dns_record_ip_type().map(DnsRecordIpType::as_str),
            "private_dns_only_for_inbound_resolver_endpoint": only,
            "private_dns_preference": options.private_dns_preference(),
            "private_dns_specified_domains": options.private_dns_specified_domains(),
        }]),
    );
}

/// Endpoints by id.
async fn endpoints(api: Api, ids: Vec<String>) -> Result<Found<Endpoint>> {
    let by = filter("vpc-endpoint-id", ids);
    let ask = |token| {
        let call = api.ec2().describe_vpc_endpoints().filters(by.clone());
        call.set_next_token(token).send()
    };
    let all = api.pages("ec2", "DescribeVpcEndpoints", ask, |answer| {
        (answer.vpc_endpoints, answer.next_token)
    });
    let all = all.await?.into_iter();
    Ok(all.filter_map(|it| Some((it.vpc_endpoint_id.clone()?, it))).collect())
}

/// AWS's prefix lists by service name.
async fn prefix_lists(api: Api, names: Vec<String>) -> Result<Found<PrefixList>> {
    let by = filter("prefix-list-name", names);
    let ask = |token| {
        let call = api.ec2().describe_prefix_lists().filters(by.clone());
        call.set_next_token(token).send()
    };
    let all = api.pages("ec2", "DescribePrefixLists", ask, |answer| {
        (answer.prefix_lists, answer.next_token)
    });
    let all = all.await?.into_iter();
    Ok(all.filter_map(|it| Some((it.prefix_list_name.clone()?, it))).collect())
}
