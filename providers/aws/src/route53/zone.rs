//! `aws_route53_zone`: public, or private with the VPCs that see it.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, HostedZoneConfig, ResourceRecordSet, RrType, Tag,
    TagResourceType, Vpc, VpcRegion,
};
use serde_json::json;

use super::{PATIENCE, Zone, bare, insync, normal, zones};
use crate::api::{Api, AwsError};
use crate::bulk::Found;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;
use crate::tags::Tags;

/// How many zones ListTagsForResources takes, and tags ChangeTagsForResource.
const GROUP: usize = 10;

#[derive(Debug)]
pub(crate) struct HostedZone;

#[async_trait]
impl AwsResource for HostedZone {
    fn tagging(&self) -> Tagging {
        Tagging::Own
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        if let Some(name) = config.text("name") {
            let labels = name.trim_end_matches('.').split('.');
            if name.len() > 255
                || labels.into_iter().any(|label| label.is_empty() || label.len() > 63)
            {
                let message = format!("{name:?} is not a domain name such as \"example.com\".");
                problems.add("name", "Invalid domain name", message);
            }
        }
        if config.text("comment").is_some_and(|text| text.chars().count() > 256) {
            let message = "A comment has at most 256 characters.";
            problems.add("comment", "Value too long", message);
        }
        if config.is_set("delegation_set_id") && config.blocks("vpc").next().is_some() {
            let message = "A private zone has no \"delegation_set_id\"; remove it or \"vpc\".";
            problems.add("delegation_set_id", "Conflicting configuration arguments", message);
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        let Some(prior) = plan.prior else { return };
        if prior.str("name").map(normal) == plan.get("name").as_str().map(normal) {
            plan.keep("name");
        }
        // A zone is private for good, or not.
        let was = prior.blocks("vpc").next().is_some();
        let will = !plan.config.get("vpc").is_known() || !plan.config.items("vpc").is_empty();
        if was != will {
            plan.replace("vpc");
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let id = prior.id();
        let (zone, tags) = futures::try_join!(
            api.load("hosted zone", id, zones),
            api.load("hosted zone tags", id, zone_tags),
        )?;
        let Some(answer) = zone else { return Ok(None) };
        let Some(zone) = answer.hosted_zone() else { return Ok(None) };
        let servers = answer.delegation_set().map(|set| set.name_servers()).unwrap_or_default();
        let private = zone.config().is_some_and(|config| config.private_zone());
        let (servers, primary) = match private {
            false => (sorted(servers), servers.first().cloned()),
            true => private_servers(api, id, zone.name()).await?,
        };
        let before = prior.str("name").filter(|name| normal(name) == normal(zone.name()));
        let vpcs = answer.vpcs().iter().map(|vpc| {
            json!({
                "vpc_id": vpc.vpc_id(),
                "vpc_region": vpc.vpc_region().map(VpcRegion::as_str),
            })
        });
        let mut row = Row::new();
        row.set("id", id)
            .set("zone_id", id)
            .set("arn", format!("arn:{}:route53:::hostedzone/{id}", api.partition()))
            .set("name", before.unwrap_or(&normal(zone.name())))
            .set("comment", zone.config().and_then(|config| config.comment()))
            .set("delegation_set_id", answer.delegation_set().and_then(|set| set.id()).map(bare))
            .strings("name_servers", servers)
            .set("primary_name_server", primary)
            .set("vpc", vpcs.collect::<Vec<_>>())
            .tags(tags.unwrap_or_default());
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let vpcs = vpcs(api, planned);
        let config = HostedZoneConfig::builder()
            .set_comment(planned.string("comment"))
            .private_zone(!vpcs.is_empty())
            .build();
        let make = || {
            api.route53()
                .create_hosted_zone()
                .set_name(planned.string("name"))
                .caller_reference(create.token)
                .hosted_zone_config(config.clone())
                .set_delegation_set_id(planned.string("delegation_set_id"))
                .set_vpc(vpcs.first().cloned())
                .send()
        };
        let answer = api.call("route53", "CreateHostedZone", make).await.map_err(|error| {
            match &*error.code {
                "InvalidDomainName" | "DelegationSetNotAvailable" => error.at("name"),
                "InvalidVPCId" | "ConflictingDomainExists" => error.at("vpc"),
                _ => error,
            }
        })?;
        let id = answer.hosted_zone().map(|zone| bare(zone.id()).to_owned()).unwrap_or_default();
        if let Some(change) = answer.change_info() {
            let patience = planned.timeout("create", PATIENCE);
            insync(api, change.id(), patience).await.map_err(AwsError::after_effect)?;
        }
        let zone = Zone::builder()
            .set_hosted_zone(answer.hosted_zone)
            .set_delegation_set(answer.delegation_set)
            .set_vpcs(answer.vpc.map(|vpc| vec![vpc]));
        api.tell("hosted zone", &id, Some(zone.build()));
        Ok(Made::id(id))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let zone = api.told::<Zone>("hosted zone", id);
        write_tags(api, id, Vec::new(), create.tags.clone()).await?;
        let wanted = vpcs(api, create.planned);
        if wanted.len() < 2 {
            // The first one went with the create.
            if zone.is_some() {
                api.tell("hosted zone", id, zone);
                api.tell("hosted zone tags", id, Some(create.tags.clone()));
            }
            return Ok(());
        }
        let now = associated(api, id).await?;
        for vpc in wanted.into_iter().filter(|vpc| !now.contains(&key(vpc))) {
            associate(api, id, vpc, create.planned.timeout("create", PATIENCE)).await?;
        }
        Ok(())
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let (id, planned) = (changes.id(), changes.planned);
        if changes.has("comment") {
            let call = || {
                let call = api.route53().update_hosted_zone_comment().id(id);
                call.comment(planned.text("comment").unwrap_or_default()).send()
            };
            api.call("route53", "UpdateHostedZoneComment", call).await?;
        }
        if changes.has("vpc") {
            let patience = planned.timeout("update", PATIENCE);
            let (new, now) = (vpcs(api, planned), associated(api, id).await?);
            for vpc in new.iter().filter(|vpc| !now.contains(&key(vpc))) {
                associate(api, id, vpc.clone(), patience).await?;
            }
            let old = vpcs(api, changes.prior).into_iter();
            for vpc in old.filter(|vpc| !new.contains(vpc) && now.contains(&key(vpc))) {
                disassociate(api, id, vpc, patience).await?;
            }
        }
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let id = prior.id();
        if prior.bool("force_destroy") == Some(true) {
            empty(api, id, prior).await?;
        }
        let delete = || api.route53().delete_hosted_zone().id(id).send();
        match api.call("route53", "DeleteHostedZone", delete).await {
            Err(mut error) if error.is(&["HostedZoneNotEmpty"]) => {
                error.message +=
                    " Others made records in it: remove them, or set \"force_destroy\".";
                Err(error)
            }
            result => result.map(|_| ()),
        }
    }

    /// The caller reference is the token, so a zone that has it is ours.
    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = create.planned.str("name").unwrap_or_default();
        let ask = || api.route53().list_hosted_zones_by_name().dns_name(name).send();
        let answer = api.call("route53", "ListHostedZonesByName", ask).await?;
        let found = answer.hosted_zones().iter().find(|it| it.caller_reference() == create.token);
        Ok(found.map(|zone| Made::id(bare(zone.id()))))
    }

    async fn retag(
        &self,
        api: &Api,
        object: Fields<'_>,
        removed: Vec<String>,
        written: Tags,
    ) -> Result<()> {
        write_tags(api, object.id(), removed, written).await
    }
}

fn sorted(servers: &[String]) -> Vec<String> {
    let mut servers = servers.to_vec();
    servers.sort();
    servers
}

/// A private zone has no delegation set; its own NS record tells.
pub(crate) async fn private_servers(
    api: &Api,
    id: &str,
    name: &str,
) -> Result<(Vec<String>, Option<String>)> {
    let records = super::changes::find(api, id, name, "NS", None).await?;
    let values = records.iter().flat_map(|record| record.resource_records());
    let servers: Vec<String> =
        values.map(|record| record.value().trim_end_matches('.').to_owned()).collect();
    let first = servers.first().cloned();
    Ok((sorted(&servers), first))
}

/// VPCs of the blocks; their region is the provider's where they name none.
fn vpcs(api: &Api, object: Fields<'_>) -> Vec<Vpc> {
    let vpc = |block: Fields<'_>| {
        let region = block.str("vpc_region").unwrap_or(api.region());
        Vpc::builder()
            .vpc_id(block.str("vpc_id").unwrap_or_default())
            .vpc_region(region.into())
            .build()
    };
    object.blocks("vpc").map(vpc).collect()
}

fn key(vpc: &Vpc) -> String {
    vpc.vpc_id().unwrap_or_default().to_owned()
}

async fn associated(api: &Api, id: &str) -> Result<BTreeSet<String>> {
    let zone = api.load("hosted zone", id, zones).await?;
    Ok(zone.iter().flat_map(|zone: &Zone| zone.vpcs()).map(key).collect())
}

/// Lets a VPC see a zone, and waits until it does.
pub(super) async fn associate(api: &Api, id: &str, vpc: Vpc, patience: Duration) -> Result<()> {
    let call = || {
        let call = api.route53().associate_vpc_with_hosted_zone().hosted_zone_id(id);
        call.vpc(vpc.clone()).send()
    };
    let answer = api.call("route53", "AssociateVPCWithHostedZone", call).await?;
    match answer.change_info() {
        Some(change) => insync(api, change.id(), patience).await,
        None => Ok(()),
    }
}

/// Ends that.
pub(super) async fn disassociate(api: &Api, id: &str, vpc: Vpc, patience: Duration) -> Result<()> {
    let call = || {
        let call = api.route53().disassociate_vpc_from_hosted_zone().hosted_zone_id(id);
        call.vpc(vpc.clone()).send()
    };
    let answer = api.call("route53", "DisassociateVPCFromHostedZone", call).await?;
    match answer.change_info() {
        Some(change) => insync(api, change.id(), patience).await,
        None => Ok(()),
    }
}

/// Deletes all records but those that a zone always has.
async fn empty(api: &Api, id: &str, prior: Fields<'_>) -> Result<()> {
    let apex = normal(prior.str("name").unwrap_or_default());
    let own = |record: &ResourceRecordSet| {
        normal(record.name()) == apex && matches!(record.r#type(), RrType::Ns | RrType::Soa)
    };
    let records = super::changes::all(api, id).await?;
    let doomed: Vec<Change> = records
        .into_iter()
        .filter(|record| !own(record))
        .filter_map(|record| {
            let change = Change::builder().action(ChangeAction::Delete);
            change.resource_record_set(record).build().ok()
        })
        .collect();
    for changes in doomed.chunks(100) {
        let Ok(batch) = ChangeBatch::builder().set_changes(Some(changes.to_vec())).build() else {
            continue;
        };
        let call = || {
            let call = api.route53().change_resource_record_sets().hosted_zone_id(id);
            call.change_batch(batch.clone()).send()
        };
        api.call("route53", "ChangeResourceRecordSets", call).await?;
    }
    Ok(())
}

/// Tags of zones by bare id.
pub(crate) async fn zone_tags(api: Api, ids: Vec<String>) -> Result<Found<Tags>> {
    let api = &api;
    crate::bulk::groups(ids, GROUP, |group| async move {
        let ask = || {
            let call = api.route53().list_tags_for_resources();
            call.resource_type(TagResourceType::Hostedzone)
                .set_resource_ids(Some(group.clone()))
                .send()
        };
        let answer = api.call("route53", "ListTagsForResources", ask).await?;
        let sets = answer.resource_tag_sets.into_iter();
        let pair =
            |tag: &Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
        Ok(sets
            .filter_map(|set| {
                let tags = set.tags().iter().filter_map(pair).collect();
                Some((set.resource_id().map(|id| bare(id).to_owned())?, tags))
            })
            .collect())
    })
    .await
}

async fn write_tags(api: &Api, id: &str, removed: Vec<String>, written: Tags) -> Result<()> {
    let written: Vec<Tag> =
        written.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    let parts = removed.chunks(GROUP).map(|keys| (keys, [].as_slice()));
    let parts = parts.chain(written.chunks(GROUP).map(|tags| ([].as_slice(), tags)));
    for (keys, tags) in parts {
        let call = || {
            api.route53()
                .change_tags_for_resource()
                .resource_type(TagResourceType::Hostedzone)
                .resource_id(id)
                .set_remove_tag_keys(Some(keys.to_vec()).filter(|keys| !keys.is_empty()))
                .set_add_tags(Some(tags.to_vec()).filter(|tags| !tags.is_empty()))
                .send()
        };
        api.call("route53", "ChangeTagsForResource", call).await?;
    }
    Ok(())
}
