//! [`RecordSet`]: a record set between a configuration, the API and the text by which changes of one
//! zone are gathered.

use aws_sdk_route53::types::{
    AliasTarget, CidrRoutingConfig, Coordinates, GeoLocation, GeoProximityLocation, ResourceRecord,
    ResourceRecordSet, ResourceRecordSetFailover as Failover, ResourceRecordSetRegion as Region,
    RrType,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::normal;
use crate::fields::Fields;

/// A record set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RecordSet {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) set: Option<String>,
    pub(super) ttl: Option<i64>,
    pub(super) records: Vec<String>,
    pub(super) health_check: Option<String>,
    pub(super) multivalue: Option<bool>,
    pub(super) weight: Option<i64>,
    pub(super) region: Option<String>,
    pub(super) failover: Option<String>,
    /// Name, zone, whether the target's health counts.
    pub(super) alias: Option<(String, String, bool)>,
    /// Continent, country, subdivision.
    pub(super) geolocation: Option<(Option<String>, Option<String>, Option<String>)>,
    /// Collection and location.
    pub(super) cidr: Option<(String, String)>,
    pub(super) proximity: Option<Proximity>,
}

/// Where a record is near to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Proximity {
    region: Option<String>,
    bias: Option<i32>,
    zone_group: Option<String>,
    /// Latitude and longitude.
    coordinates: Option<(String, String)>,
}

/// `www` in the zone `example.com` is `www.example.com`.
pub(super) fn full_name(name: &str, zone: &str) -> String {
    let (name, zone) = (normal(name), normal(zone));
    if name.is_empty() || name == zone {
        zone
    } else if name.ends_with(&format!(".{zone}")) {
        name
    } else {
        format!("{name}.{zone}")
    }
}

/// Values of TXT records are in quotes in the API, and without in configurations.
fn is_quoted(kind: &str) -> bool {
    matches!(kind, "TXT" | "SPF")
}

impl RecordSet {
    /// Of a configuration.
    pub(super) fn wanted(object: Fields<'_>, zone: &str) -> RecordSet {
        let kind = object.str("type").unwrap_or_default().to_owned();
        let mut records = object.strings("records");
        if is_quoted(&kind) {
            records.iter_mut().for_each(|text| *text = format!("\"{text}\""));
        }
        records.sort();
        let proximity = object.block("geoproximity_routing_policy").map(|it| Proximity {
            region: it.string("aws_region"),
            bias: it.i32("bias"),
            zone_group: it.string("local_zone_group"),
            coordinates: it
                .block("coordinates")
                .and_then(|it| Some((it.string("latitude")?, it.string("longitude")?))),
        });
        RecordSet {
            name: full_name(object.str("name").unwrap_or_default(), zone),
            set: object.string("set_identifier"),
            ttl: object.i64("ttl").filter(|_| object.block("alias").is_none()),
            health_check: object.string("health_check_id"),
            multivalue: object.bool("multivalue_answer_routing_policy").filter(|it| *it),
            weight: object.block("weighted_routing_policy").and_then(|it| it.i64("weight")),
            region: object.block("latency_routing_policy").and_then(|it| it.string("region")),
            failover: object.block("failover_routing_policy").and_then(|it| it.string("type")),
            alias: object.block("alias").map(|it| {
                let text = |name| it.string(name).unwrap_or_default();
                let health = it.bool("evaluate_target_health").unwrap_or(false);
                (normal(&text("name")), text("zone_id"), health)
            }),
            geolocation: object
                .block("geolocation_routing_policy")
                .map(|it| (it.string("continent"), it.string("country"), it.string("subdivision"))),
            cidr: object
                .block("cidr_routing_policy")
                .and_then(|it| Some((it.string("collection_id")?, it.string("location_name")?))),
            proximity,
            records,
            kind,
        }
    }

    /// Of the API.
    pub(super) fn actual(it: &ResourceRecordSet) -> RecordSet {
        let mut records: Vec<String> =
            it.resource_records().iter().map(|record| record.value().to_owned()).collect();
        records.sort();
        let text = |text: Option<&str>| text.map(str::to_owned);
        RecordSet {
            name: normal(it.name()),
            kind: it.r#type().as_str().to_owned(),
            set: text(it.set_identifier()),
            ttl: it.ttl(),
            health_check: text(it.health_check_id()),
            multivalue: it.multi_value_answer().filter(|it| *it),
            weight: it.weight(),
            region: text(it.region().map(Region::as_str)),
            failover: text(it.failover().map(Failover::as_str)),
            alias: it.alias_target().map(|it| {
                let zone = it.hosted_zone_id().to_owned();
                (normal(it.dns_name()), zone, it.evaluate_target_health())
            }),
            geolocation: it.geo_location().map(|it| {
                (text(it.continent_code()), text(it.country_code()), text(it.subdivision_code()))
            }),
            cidr: it
                .cidr_routing_config()
                .map(|it| (it.collection_id().to_owned(), it.location_name().to_owned())),
            proximity: it.geo_proximity_location().map(|it| Proximity {
                region: text(it.aws_region()),
                bias: it.bias(),
                zone_group: text(it.local_zone_group()),
                coordinates: it
                    .coordinates()
                    .map(|it| (it.latitude().to_owned(), it.longitude().to_owned())),
            }),
            records,
        }
    }

    /// As the API takes it; `None` where it has no name or type.
    pub(super) fn api(&self) -> Option<ResourceRecordSet> {
        let records = self
            .records
            .iter()
            .filter_map(|value| ResourceRecord::builder().value(value).build().ok());
        let records: Vec<_> = records.collect();
        let alias = self.alias.as_ref().and_then(|(name, zone, health)| {
            let alias = AliasTarget::builder().dns_name(name).hosted_zone_id(zone);
            alias.evaluate_target_health(*health).build().ok()
        });
        let place = self.geolocation.as_ref().map(|(continent, country, subdivision)| {
            GeoLocation::builder()
                .set_continent_code(continent.clone())
                .set_country_code(country.clone())
                .set_subdivision_code(subdivision.clone())
                .build()
        });
        let cidr = self.cidr.as_ref().and_then(|(collection, location)| {
            let cidr = CidrRoutingConfig::builder().collection_id(collection);
            cidr.location_name(location).build().ok()
        });
        ResourceRecordSet::builder()
            .name(&self.name)
            .r#type(RrType::from(self.kind.as_str()))
            .set_set_identifier(self.set.clone())
            .set_ttl(self.ttl)
            .set_resource_records(Some(records).filter(|records| !records.is_empty()))
            .set_health_check_id(self.health_check.clone())
            .set_multi_value_answer(self.multivalue)
            .set_weight(self.weight)
            .set_region(self.region.as_deref().map(Region::from))
            .set_failover(self.failover.as_deref().map(Failover::from))
            .set_alias_target(alias)
            .set_geo_location(place)
            .set_cidr_routing_config(cidr)
            .set_geo_proximity_location(self.proximity.as_ref().map(Proximity::api))
            .build()
            .ok()
    }

    /// Values as a configuration has them.
    pub(super) fn values(&self) -> Vec<String> {
        let quoted = is_quoted(&self.kind);
        let bare = |text: &String| match quoted {
            true => {
                let text = text.strip_prefix('"').unwrap_or(text);
                text.strip_suffix('"').unwrap_or(text).to_owned()
            }
            false => text.clone(),
        };
        self.records.iter().map(bare).collect()
    }

    /// Blocks as a configuration has them, by name. An alias target that is only spelt otherwise is
    /// as before.
    pub(super) fn blocks(&self, before: Fields<'_>) -> Vec<(&'static str, Option<Json>)> {
        let alias = self.alias.as_ref().map(|(name, zone, health)| {
            let old = before.block("alias").and_then(|it| it.str("name"));
            // The console writes "dualstack." before names of load balancers.
            let plain = |name: &str| normal(name).trim_start_matches("dualstack.").to_owned();
            let old = old.filter(|old| plain(old) == plain(name));
            json!({"name": old.unwrap_or(name), "zone_id": zone, "evaluate_target_health": health})
        });
        let proximity = self.proximity.as_ref().map(|it| {
            let point = it.coordinates.as_ref();
            let point = point.map(|(lat, long)| json!({"latitude": lat, "longitude": long}));
            json!({
                "aws_region": it.region,
                "bias": it.bias,
                "local_zone_group": it.zone_group,
                "coordinates": Vec::from_iter(point),
            })
        });
        vec![
            ("alias", alias),
            ("weighted_routing_policy", self.weight.map(|it| json!({"weight": it}))),
            ("latency_routing_policy", self.region.as_ref().map(|it| json!({"region": it}))),
            ("failover_routing_policy", self.failover.as_ref().map(|it| json!({"type": it}))),
            (
                "geolocation_routing_policy",
                self.geolocation.as_ref().map(|(continent, country, subdivision)| {
                    json!({"continent": continent, "country": country, "subdivision": subdivision})
                }),
            ),
            (
                "cidr_routing_policy",
                self.cidr.as_ref().map(|(collection, location)| {
                    json!({"collection_id": collection, "location_name": location})
                }),
            ),
            ("geoproximity_routing_policy", proximity),
        ]
    }
}

impl Proximity {
    fn api(&self) -> GeoProximityLocation {
        let point = self.coordinates.as_ref().and_then(|(latitude, longitude)| {
            Coordinates::builder().latitude(latitude).longitude(longitude).build().ok()
        });
        GeoProximityLocation::builder()
            .set_aws_region(self.region.clone())
            .set_bias(self.bias)
            .set_local_zone_group(self.zone_group.clone())
            .set_coordinates(point)
            .build()
    }
}

#[cfg(test)]
mod tests {
    use kprov_core::{Type, Value};

    use super::*;

    #[test]
    fn a_name_is_within_its_zone() {
        assert_eq!(full_name("www", "example.com."), "www.example.com");
        assert_eq!(full_name("WWW.example.com.", "example.com"), "www.example.com");
        assert_eq!(full_name("", "example.com"), "example.com");
        assert_eq!(full_name("notexample.com", "example.com"), "notexample.com.example.com");
    }

    #[test]
    fn a_record_survives_the_api_and_the_text() {
        let records = vec![Value::string("v=spf1 -all"), Value::string("a")];
        let object = Value::object([
            ("name", Value::string("www")),
            ("type", Value::string("TXT")),
            ("ttl", Value::int(60)),
            ("records", Value::list(Type::String, records)),
        ]);
        let wanted = RecordSet::wanted(Fields(&object), "example.com");
        assert_eq!(wanted.records, ["\"a\"", "\"v=spf1 -all\""]);
        assert_eq!(wanted.values(), ["a", "v=spf1 -all"]);
        assert_eq!(RecordSet::actual(&wanted.api().unwrap()), wanted);
        let text = serde_json::to_string(&wanted).unwrap();
        assert_eq!(serde_json::from_str::<RecordSet>(&text).unwrap(), wanted);
    }
}
