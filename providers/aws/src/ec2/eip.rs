//! `aws_eip`: an address, and what it is associated with. Released only when nothing has it.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Address, AddressAttributeName, DomainType};

use super::{arn, filter, interfaces, nat_gateways, pairs, tag_specification};
use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;

type Found<T> = std::collections::HashMap<String, T>;

/// How long an instance that starts up refuses an address.
const STARTING: Duration = Duration::from_secs(5 * 60);

/// What an address is associated with.
const TARGET: [&str; 3] = ["instance", "network_interface", "associate_with_private_ip"];

#[derive(Debug)]
pub(crate) struct Eip;

#[async_trait]
impl AwsResource for Eip {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("elastic-ip")
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.one_of(config, "domain", &["vpc", "standard"]);
        problems.conflicts(config, &["domain", "vpc"]);
        problems.conflicts(config, &["instance", "network_interface"]);
        if let Some(text) = config.str("address")
            && text.parse::<std::net::Ipv4Addr>().is_err()
        {
            problems.add("address", "Invalid address", format!("{text:?} is no IPv4 address."));
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        if !TARGET.iter().any(|name| plan.changes(name)) {
            return;
        }
        for name in ["association_id", "instance", "network_interface", "private_ip", "private_dns"]
        {
            plan.unknown(name);
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let id = prior.id();
        let (address, pointer) = futures::try_join!(
            api.load("address", id, addresses),
            api.load("name of address", id, pointers),
        )?;
        let Some(address) = address else { return Ok(None) };
        let account = api.identity().await?.account.as_str();
        let (public, private) = (address.public_ip(), address.private_ip_address());
        let mut row = Row::new();
        row.set("id", id)
            .set("allocation_id", id)
            .set("arn", arn(api, account, "elastic-ip", id))
            .set("association_id", address.association_id())
            .set("carrier_ip", address.carrier_ip())
            .set("customer_owned_ip", address.customer_owned_ip())
            .set("customer_owned_ipv4_pool", address.customer_owned_ipv4_pool())
            .set("domain", address.domain().map(DomainType::as_str))
            .set("instance", address.instance_id())
            .set("network_border_group", address.network_border_group())
            .set("network_interface", address.network_interface_id())
            .set("private_dns", private.map(|ip| private_dns(api.region(), ip)))
            .set("private_ip", private)
            .set("ptr_record", pointer)
            .set("public_dns", public.map(|ip| public_dns(api, ip)))
            .set("public_ip", public)
            .set("public_ipv4_pool", address.public_ipv4_pool())
            .set("vpc", address.domain() == Some(&DomainType::Vpc))
            .tags(pairs(address.tags()));
        if let Some(wanted) = prior.str("associate_with_private_ip")
            && private.is_some_and(|private| private != wanted)
        {
            row.set("associate_with_private_ip", private);
        }
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let tags = tag_specification("elastic-ip", &create.tags_with_token());
        let make = || {
            api.ec2()
                .allocate_address()
                .domain(DomainType::Vpc)
                .set_address(planned.string("address"))
                .set_customer_owned_ipv4_pool(planned.string("customer_owned_ipv4_pool"))
                .set_ipam_pool_id(planned.string("ipam_pool_id"))
                .set_network_border_group(planned.string("network_border_group"))
                .set_public_ipv4_pool(planned.string("public_ipv4_pool"))
                .tag_specifications(tags.clone())
                .send()
        };
        let answer = api.call("ec2", "AllocateAddress", make).await?;
        let id = answer.allocation_id().unwrap_or_default().to_owned();
        let address = Address::builder()
            .allocation_id(&id)
            .set_carrier_ip(answer.carrier_ip)
            .set_customer_owned_ip(answer.customer_owned_ip)
            .set_customer_owned_ipv4_pool(answer.customer_owned_ipv4_pool)
            .set_domain(answer.domain)
            .set_network_border_group(answer.network_border_group)
            .set_public_ip(answer.public_ip)
            .set_public_ipv4_pool(answer.public_ipv4_pool)
            .set_tags(Some(super::tags(&create.tags_with_token())));
        api.tell("address", &id, Some(address.build()));
        // Nobody can have given it a name yet.
        api.tell("name of address", &id, None::<String>);
        Ok(Made::id(id))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        associate(api, id, create.planned).await
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let planned = changes.planned;
        let wanted = planned.str("instance").or(planned.str("network_interface"));
        match changes.prior.str("association_id") {
            Some(association) if wanted.is_none() && changes.any(&TARGET) => {
                disassociate(api, association).await
            }
            _ => associate(api, changes.id(), planned).await,
        }
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let id = prior.id();
        // Ask anew: a NAT gateway that had it may be gone since.
        let now = api.load("address", id, addresses).await?;
        let Some(now) = now else { return Ok(()) };
        if let Some(association) = now.association_id() {
            disassociate(api, association).await?;
        }
        let border = prior.string("network_border_group");
        let release = || {
            let call = api.ec2().release_address().allocation_id(id);
            call.set_network_border_group(border.clone()).send()
        };
        api.call("ec2", "ReleaseAddress", release).await.map(|_| ())
    }

    async fn holders(&self, api: &Api, prior: Fields<'_>) -> Result<Vec<String>> {
        let now = api.load("address", prior.id(), addresses).await?;
        let Some(interface) = now.and_then(|now| now.network_interface_id) else {
            return Ok(Vec::new());
        };
        let all = nat_gateways(api, filter("state", ["pending", "available", "deleting"])).await?;
        let has = |it: &aws_sdk_ec2::types::NatGateway| {
            it.nat_gateway_addresses().iter().any(|it| it.allocation_id() == Some(prior.id()))
        };
        let nats = all.iter().filter(|it| has(it)).filter_map(|it| it.nat_gateway_id());
        let mut names: Vec<String> = nats.map(|id| format!("NAT gateway {id}")).collect();
        names.extend(interfaces(api, filter("network-interface-id", [interface])).await?);
        Ok(names)
    }
}

/// `ec2-203-0-113-1.eu-central-1.compute.amazonaws.com`
fn public_dns(api: &Api, ip: &str) -> String {
    let (dashed, suffix) = (ip.replace('.', "-"), api.dns_suffix());
    match api.region() {
        "us-east-1" => format!("ec2-{dashed}.compute-1.{suffix}"),
        region => format!("ec2-{dashed}.{region}.compute.{suffix}"),
    }
}

/// `ip-10-0-0-1.eu-central-1.compute.internal`
fn private_dns(region: &str, ip: &str) -> String {
    let dashed = ip.replace('.', "-");
    match region {
        "us-east-1" => format!("ip-{dashed}.ec2.internal"),
        region => format!("ip-{dashed}.{region}.compute.internal"),
    }
}

/// Associates the address with what is planned, whatever has it now.
async fn associate(api: &Api, id: &str, planned: Fields<'_>) -> Result<()> {
    let (instance, interface) = (planned.string("instance"), planned.string("network_interface"));
    if instance.is_none() && interface.is_none() {
        return Ok(());
    }
    let attribute = if instance.is_some() { "instance" } else { "network_interface" };
    let work = || async {
        let call = || {
            api.ec2()
                .associate_address()
                .allocation_id(id)
                .allow_reassociation(true)
                .set_instance_id(instance.clone())
                .set_network_interface_id(interface.clone().filter(|_| instance.is_none()))
                .set_private_ip_address(planned.string("associate_with_private_ip"))
                .send()
        };
        api.call("ec2", "AssociateAddress", call).await
    };
    let patience = planned.timeout("update", STARTING);
    let result = api.insist(patience, is_starting, work).await;
    result.map(|_| ()).map_err(|error| error.at(attribute))
}

/// Does AWS refuse because the instance is not running yet?
pub(super) fn is_starting(error: &AwsError) -> bool {
    error.is(&["IncorrectInstanceState"])
        || (error.is(&["InvalidInstanceID"]) && error.message.contains("pending"))
}

/// Takes the address off what has it. A NAT gateway keeps it until it is deleted, which AWS tells as
/// a lack of permission: it is said here as what it is, so that deletes wait for it.
async fn disassociate(api: &Api, association: &str) -> Result<()> {
    let call = || api.ec2().disassociate_address().association_id(association).send();
    match api.call("ec2", "DisassociateAddress", call).await {
        Err(error) if error.is(&["InvalidAssociationID.NotFound"]) => Ok(()),
        Err(mut error) if error.is(&["AuthFailure", "OperationNotPermitted"]) => {
            error.code = "InvalidIPAddress.InUse".to_owned();
            Err(error)
        }
        result => result.map(|_| ()),
    }
}

/// Addresses by allocation.
pub(super) async fn addresses(api: Api, ids: Vec<String>) -> Result<Found<Address>> {
    let by = filter("allocation-id", ids);
    let ask = || api.ec2().describe_addresses().filters(by.clone()).send();
    let all = api.call("ec2", "DescribeAddresses", ask).await?.addresses.unwrap_or_default();
    Ok(all.into_iter().filter_map(|it| Some((it.allocation_id.clone()?, it))).collect())
}

/// Reverse DNS names by allocation. Addresses without one are not told.
async fn pointers(api: Api, ids: Vec<String>) -> Result<Found<String>> {
    let ask = |token| {
        let call = api.ec2().describe_addresses_attribute().set_next_token(token);
        call.attribute(AddressAttributeName::DomainName).send()
    };
    let all = api.pages("ec2", "DescribeAddressesAttribute", ask, |answer| {
        (answer.addresses, answer.next_token)
    });
    let all = all.await?.into_iter().filter(|it| {
        it.allocation_id().is_some_and(|allocation| ids.iter().any(|id| id == allocation))
    });
    Ok(all.filter_map(|it| Some((it.allocation_id?, it.ptr_record?))).collect())
}
