//! `data.aws_route53_zone`: by id, or by name, kind, VPC and tags.

use async_trait::async_trait;
use aws_sdk_route53::types::HostedZone;

use super::AwsData;
use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::resource::Result;
use crate::route53::{bare, normal, zone::zone_tags, zones};
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct Route53Zone;

#[async_trait]
impl AwsData for Route53Zone {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.conflicts(config, &["zone_id", "name"]);
        let other = ["zone_id", "name", "tags", "vpc_id"];
        problems.needs_one(config, &other);
    }

    async fn read(&self, api: &Api, config: Fields<'_>) -> Result<Row> {
        let id = match config.str("zone_id") {
            Some(id) => bare(id).to_owned(),
            None => search(api, config).await?,
        };
        let answer = api.load("hosted zone", &id, zones).await?;
        let Some((zone, answer)) =
            answer.and_then(|answer| Some((answer.hosted_zone.clone()?, answer)))
        else {
            let message = format!("There is no hosted zone {id:?} in this account");
            return Err(AwsError::refused("NoSuchHostedZone", message).at("zone_id"));
        };
        let tags = api.load("hosted zone tags", &id, zone_tags).await?.unwrap_or_default();
        let private = zone.config().is_some_and(|config| config.private_zone());
        let (servers, primary) = match private {
            true => crate::route53::zone::private_servers(api, &id, zone.name()).await?,
            false => {
                let set = answer.delegation_set().map(|set| set.name_servers());
                let servers = set.unwrap_or_default().to_vec();
                let first = servers.first().cloned();
                (servers, first)
            }
        };
        let linked = zone.linked_service();
        let mut row = Row::new();
        row.set("id", id.as_str())
            .set("zone_id", id.as_str())
            .set("arn", format!("arn:{}:route53:::hostedzone/{id}", api.partition()))
            .set("name", normal(zone.name()))
            .set("private_zone", private)
            .set("comment", zone.config().and_then(|it| it.comment()).unwrap_or_default())
            .set("caller_reference", zone.caller_reference())
            .set("resource_record_set_count", zone.resource_record_set_count())
            .set("linked_service_principal", linked.and_then(|it| it.service_principal()))
            .set("linked_service_description", linked.and_then(|it| it.description()))
            .set("primary_name_server", primary)
            .strings("name_servers", servers)
            .tags(tags);
        Ok(row)
    }
}

/// The one zone that the arguments tell.
async fn search(api: &Api, config: Fields<'_>) -> Result<String> {
    let private = config.bool("private_zone") == Some(true) || config.str("vpc_id").is_some();
    let name = config.str("name").map(normal);
    let mut found = Vec::new();
    for zone in candidates(api, name.as_deref()).await? {
        let kind = zone.config().is_some_and(|config| config.private_zone());
        if kind != private || name.as_ref().is_some_and(|name| *name != normal(zone.name())) {
            continue;
        }
        let id = bare(zone.id()).to_owned();
        if let Some(vpc) = config.str("vpc_id") {
            let zone = api.load("hosted zone", &id, zones).await?;
            if !zone.is_some_and(|zone| zone.vpcs().iter().any(|it| it.vpc_id() == Some(vpc))) {
                continue;
            }
        }
        let wanted = config.map("tags");
        if !wanted.is_empty() {
            let tags = api.load("hosted zone tags", &id, zone_tags).await?.unwrap_or_default();
            if wanted.iter().any(|(key, value)| tags.get(key) != Some(value)) {
                continue;
            }
        }
        found.push(id);
    }
    let fail = |message: String| Err(AwsError::refused("NoSuchHostedZone", message).at("name"));
    match &found[..] {
        [id] => Ok(id.clone()),
        [] => fail("No hosted zone is as the arguments say; is it private?".to_owned()),
        ids => fail(format!(
            "{} hosted zones are as the arguments say ({}): say more, or give \"zone_id\".",
            ids.len(),
            ids.join(", ")
        )),
    }
}

/// Zones of that name and those after it, or all.
async fn candidates(api: &Api, name: Option<&str>) -> Result<Vec<HostedZone>> {
    if let Some(name) = name {
        let ask = || api.route53().list_hosted_zones_by_name().dns_name(name).send();
        return Ok(api.call("route53", "ListHostedZonesByName", ask).await?.hosted_zones);
    }
    let ask = |marker| api.route53().list_hosted_zones().set_marker(marker).send();
    api.pages("route53", "ListHostedZones", ask, |answer| {
        (Some(answer.hosted_zones), answer.next_marker)
    })
    .await
}
