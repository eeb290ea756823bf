//! `aws_route53_zone_association`: another VPC that sees a private zone.

use async_trait::async_trait;
use aws_sdk_route53::types::{Vpc, VpcRegion};
use kprov_core::Value;

use super::zone::{associate, disassociate};
use super::{PATIENCE, zones};
use crate::api::{Api, AwsError};
use crate::fields::Fields;
use crate::resource::{AwsResource, Changes, Create, Made, Result};
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct ZoneAssociation;

fn vpc(api: &Api, object: Fields<'_>) -> Vpc {
    let region = object.str("vpc_region").unwrap_or(api.region());
    Vpc::builder()
        .vpc_id(object.str("vpc_id").unwrap_or_default())
        .vpc_region(VpcRegion::from(region))
        .build()
}

/// `ZONE:VPC`, or `ZONE:VPC:REGION` where the VPC is elsewhere.
fn id(api: &Api, object: Fields<'_>) -> String {
    let part = |name| object.str(name).unwrap_or_default();
    let id = format!("{}:{}", part("zone_id"), part("vpc_id"));
    match object.str("vpc_region") {
        Some(region) if region != api.region() => format!("{id}:{region}"),
        _ => id,
    }
}

#[async_trait]
impl AwsResource for ZoneAssociation {
    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let part = |name| prior.str(name).unwrap_or_default();
        let Some(zone) = api.load("hosted zone", part("zone_id"), zones).await? else {
            return Ok(None);
        };
        let found = zone.vpcs().iter().find(|it| it.vpc_id() == Some(part("vpc_id")));
        let Some(found) = found else { return Ok(None) };
        let account = prior.string("owning_account").filter(|account| !account.is_empty());
        let account = match account {
            Some(account) => account,
            None => api.identity().await?.account.clone(),
        };
        let known = prior.string("id").unwrap_or_else(|| id(api, prior));
        let mut row = Row::new();
        row.set("id", known)
            .set("zone_id", part("zone_id"))
            .set("vpc_id", part("vpc_id"))
            .set("vpc_region", found.vpc_region().map(VpcRegion::as_str))
            .set("owning_account", account);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let zone = create.planned.str("zone_id").unwrap_or_default();
        let patience = create.planned.timeout("create", PATIENCE);
        associate(api, zone, vpc(api, create.planned), patience).await.map_err(|error| {
            match &*error.code {
                "NoSuchHostedZone" | "PublicZoneVPCAssociation" => error.at("zone_id"),
                "InvalidVPCId" | "ConflictingDomainExists" => error.at("vpc_id"),
                _ => error,
            }
        })?;
        let mut known = Row::new();
        known.set("vpc_region", create.planned.str("vpc_region").unwrap_or(api.region()));
        let account = create.planned.string("owning_account").filter(|account| !account.is_empty());
        let account = match account {
            Some(account) => account,
            None => api.identity().await.map_err(AwsError::after_effect)?.account.clone(),
        };
        known.set("owning_account", account);
        Ok(Made::knowing(id(api, create.planned), known))
    }

    async fn update(&self, _api: &Api, _changes: Changes<'_>) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let zone = prior.str("zone_id").unwrap_or_default();
        let patience = prior.timeout("delete", PATIENCE);
        match disassociate(api, zone, vpc(api, prior), patience).await {
            Err(error) if error.is(&["VPCAssociationNotFound"]) => Ok(()),
            // Said of another VPC as well, where ours has gone before.
            Err(error) if error.is(&["LastVPCAssociation"]) => {
                if self.read(api, prior).await?.is_none() { Ok(()) } else { Err(error) }
            }
            result => result,
        }
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let there = self.read(api, create.planned).await?.is_some();
        Ok(there.then(|| Made::id(id(api, create.planned))))
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        let parts: Vec<&str> = id.split(':').collect();
        let [zone, vpc, rest @ ..] = &parts[..] else {
            return Err(format!("Expected ZONE:VPC[:REGION], not {id:?}."));
        };
        let mut known = vec![
            ("id", Value::string(id)),
            ("zone_id", Value::string(*zone)),
            ("vpc_id", Value::string(*vpc)),
        ];
        known.extend(rest.first().map(|region| ("vpc_region", Value::string(*region))));
        Ok(known)
    }
}
