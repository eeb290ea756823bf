//! Hosted zones, public and private, and the VPCs that private ones answer in.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::records::{self, Record};
use super::{bare, begin, no_zone};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateHostedZone", create),
    ("GetHostedZone", get),
    ("DeleteHostedZone", delete),
    ("ListHostedZones", list),
    ("ListHostedZonesByName", list_by_name),
    ("ListHostedZonesByVPC", list_by_vpc),
    ("UpdateHostedZoneComment", update_comment),
    ("GetHostedZoneCount", count),
    ("AssociateVPCWithHostedZone", associate),
    ("DisassociateVPCFromHostedZone", disassociate),
    ("CreateVPCAssociationAuthorization", authorize),
    ("DeleteVPCAssociationAuthorization", deauthorize),
    ("ListVPCAssociationAuthorizations", list_authorizations),
    ("GetDNSSEC", dnssec),
];

/// A VPC that a private zone answers in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Vpc {
    region: String,
    id: String,
}

impl Vpc {
    fn of(call: &Call<'_>) -> Option<Vpc> {
        let given = call.get("VPC")?;
        let part = |name: &str| given[name].as_str().map(str::to_owned);
        Some(Vpc {
            region: part("VPCRegion").unwrap_or_else(|| call.region.clone()),
            id: part("VPCId")?,
        })
    }

    fn answer(&self) -> Value {
        json!({"VPCRegion": self.region, "VPCId": self.id})
    }
}

/// A zone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Zone {
    id: String,
    /// With the final dot.
    pub(super) name: String,
    reference: String,
    comment: Option<String>,
    private: bool,
    servers: Vec<String>,
    vpcs: Vec<Vpc>,
    authorized: Vec<Vpc>,
    pub(super) tags: Vec<(String, String)>,
}

impl Zone {
    fn answer(&self, records: usize) -> Value {
        json!({
            "Id": format!("/hostedzone/{}", self.id),
            "Name": self.name,
            "CallerReference": self.reference,
            "Config": {"Comment": self.comment.clone().unwrap_or_default(), "PrivateZone": self.private},
            "ResourceRecordSetCount": records,
        })
    }
}

fn zone_answer(call: &mut Call<'_>, id: &str) -> Result<Value, Fault> {
    let records = records::of_zone(&call.global().route53, id).count();
    let zone = call.global().route53.zones.get(id).ok_or_else(|| no_zone(id))?;
    Ok(zone.answer(records))
}

/// Lower case, with the final dot; refused where it is no domain name.
pub(super) fn domain(name: &str) -> Result<String, Fault> {
    let name = name.to_ascii_lowercase();
    let bare = name.strip_suffix('.').unwrap_or(&name);
    let label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && label.bytes().all(|b| (33..=126).contains(&b))
    };
    if bare.is_empty() || bare.len() > 255 || !bare.split('.').all(label) {
        return Err(Fault::new("InvalidDomainName", format!("{name} is not a valid domain name")));
    }
    Ok(format!("{bare}."))
}

/// Refuses a VPC that is not there.
fn check_vpc(call: &mut Call<'_>, vpc: &Vpc) -> Result<(), Fault> {
    let account = call.account.clone();
    if call.world.realm(&account, &vpc.region).ec2.vpcs.contains(&vpc.id) {
        return Ok(());
    }
    let message = format!(
        "The VPC ID {} in region {} does not exist or the account is not authorized to use it.",
        vpc.id, vpc.region
    );
    Err(Fault::new("InvalidVPCId", message))
}

fn create(call: &mut Call<'_>) -> Outcome {
    let name = domain(&call.str("Name"))?;
    let reference = call.str("CallerReference");
    if call.global().route53.zones.values().any(|zone| zone.reference == reference) {
        let message = format!(
            "A hosted zone has already been created with the specified caller reference {reference}."
        );
        return Err(Fault::new("HostedZoneAlreadyExists", message).status(409));
    }
    if call.global().route53.zones.len() >= call.quota("hosted-zones") {
        return Err(Fault::new("TooManyHostedZones", "Limits Exceeded: MAX_HOSTED_ZONES_BY_OWNER"));
    }
    let vpc = Vpc::of(call);
    if let Some(vpc) = &vpc {
        check_vpc(call, vpc)?;
        conflicting(call, &name, vpc)?;
    }
    let private = vpc.is_some();
    let config = call.get("HostedZoneConfig").cloned().unwrap_or_default();
    let id = format!("Z{}", call.world.ids.base32(20));
    let number = call.world.ids.between(0, 511);
    let servers: Vec<String> = [("com", 0), ("net", 512), ("org", 1024), ("co.uk", 1536)]
        .iter()
        .map(|(suffix, base)| format!("ns-{}.awsdns-{:02}.{suffix}", base + number, number % 64))
        .collect();
    let zone = Zone {
        id: id.clone(),
        name: name.clone(),
        reference,
        comment: config["Comment"].as_str().map(str::to_owned),
        private,
        servers: servers.clone(),
        vpcs: vpc.clone().into_iter().collect(),
        authorized: Vec::new(),
        tags: Vec::new(),
    };
    let (now, visible) = (call.now(), call.visible_at());
    call.global().route53.zones.insert(&id, zone, now, visible);
    for record in
        [Record::name_servers(&name, &servers), Record::start_of_authority(&name, &servers)]
    {
        let key = record.key(&id);
        call.global().route53.records.insert_implicit(&key, record, now);
    }
    let mut answer = json!({
        "HostedZone": zone_answer(call, &id)?,
        "ChangeInfo": begin(call, None),
        "DelegationSet": {"NameServers": servers},
        "Location": format!("https://route53.amazonaws.com/2013-04-01/hostedzone/{id}"),
    });
    if let Some(vpc) = vpc {
        answer["VPC"] = vpc.answer();
    }
    Ok(answer)
}

/// Two private zones of one name cannot answer in one VPC.
fn conflicting(call: &mut Call<'_>, name: &str, vpc: &Vpc) -> Result<(), Fault> {
    let mut others = call.global().route53.zones.values();
    if others.any(|zone| zone.private && zone.name == name && zone.vpcs.contains(vpc)) {
        let message = format!(
            "The VPC {} in region {} has already been associated with a hosted zone with the same \
                               domain name.",
            vpc.id, vpc.region
        );
        return Err(Fault::new("ConflictingDomainExists", message));
    }
    Ok(())
}

fn get(call: &mut Call<'_>) -> Outcome {
    let id = bare(&call.str("Id")).to_owned();
    let now = call.now();
    let zone = call.global().route53.zones.see(&id, now).cloned().ok_or_else(|| no_zone(&id))?;
    let mut answer = json!({"HostedZone": zone_answer(call, &id)?});
    if zone.private {
        answer["VPCs"] = zone.vpcs.iter().map(Vpc::answer).collect();
    } else {
        answer["DelegationSet"] = json!({"NameServers": zone.servers});
    }
    Ok(answer)
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let id = bare(&call.str("Id")).to_owned();
    let zone = call.global().route53.zones.get(&id).cloned().ok_or_else(|| no_zone(&id))?;
    let keys: Vec<(String, Record)> = records::of_zone(&call.global().route53, &id)
        .map(|(key, record)| (key.to_owned(), record.clone()))
        .collect();
    if keys.iter().any(|(_, record)| !record.belongs_to_zone(&zone.name)) {
        let message = "The specified hosted zone contains non-required resource record sets and so cannot be deleted.";
        return Err(Fault::new("HostedZoneNotEmpty", message));
    }
    for (key, _) in keys {
        call.global().route53.records.remove(&key);
    }
    call.global().route53.zones.remove(&id);
    Ok(json!({"ChangeInfo": begin(call, None)}))
}

fn answers(call: &mut Call<'_>, wanted: impl Fn(&Zone) -> bool) -> Result<Vec<Value>, Fault> {
    let now = call.now();
    let seen = call.global().route53.zones.seen(now).filter(|(_, zone)| wanted(zone));
    let ids: Vec<String> = seen.map(|(id, _)| id.to_owned()).collect();
    ids.iter().map(|id| zone_answer(call, id)).collect()
}

fn most(call: &Call<'_>) -> usize {
    call.opt_str("MaxItems").and_then(|text| text.parse().ok()).unwrap_or(100).clamp(1, 100)
}

fn list(call: &mut Call<'_>) -> Outcome {
    let only_private = call.opt_str("HostedZoneType").as_deref() == Some("PrivateHostedZone");
    let mut zones = answers(call, |zone| zone.private || !only_private)?;
    let (marker, most) = (call.str("Marker"), most(call));
    if !marker.is_empty() {
        let at = zones.iter().position(|zone| zone["Id"].as_str().map(bare) == Some(bare(&marker)));
        let fault = Fault::new("InvalidInput", "The specified marker does not exist.");
        zones.drain(..at.ok_or(fault)?);
    }
    let rest = zones.split_off(most.min(zones.len()));
    let mut answer = json!({
        "HostedZones": zones,
        "Marker": marker,
        "IsTruncated": !rest.is_empty(),
        "MaxItems": most.to_string(),
    });
    if let Some(next) = rest.first() {
        answer["NextMarker"] = json!(next["Id"].as_str().map(bare));
    }
    Ok(answer)
}

/// `www.example.com.` as `com.example.www`: how AWS orders names.
pub(super) fn reversed(name: &str) -> String {
    let mut labels: Vec<&str> = name.trim_end_matches('.').split('.').collect();
    labels.reverse();
    labels.join(".")
}

fn list_by_name(call: &mut Call<'_>) -> Outcome {
    let mut zones = answers(call, |_| true)?;
    let key = |zone: &Value| {
        (reversed(zone["Name"].as_str().unwrap_or_default()), zone["Id"].to_string())
    };
    zones.sort_by_key(key);
    let most = most(call);
    let mut answer = json!({"MaxItems": most.to_string()});
    if let Some(name) = call.opt_str("DNSName") {
        let start = reversed(&domain(&name)?);
        let id = call.opt_str("HostedZoneId").map(|id| bare(&id).to_owned()).unwrap_or_default();
        zones.retain(|zone| {
            let (name, zone_id) =
                (key(zone).0, zone["Id"].as_str().map(bare).unwrap_or_default().to_owned());
            name > start || name == start && zone_id >= id
        });
        answer["DNSName"] = json!(name);
    }
    let rest = zones.split_off(most.min(zones.len()));
    answer["IsTruncated"] = json!(!rest.is_empty());
    if let Some(next) = rest.first() {
        answer["NextDNSName"] = next["Name"].clone();
        answer["NextHostedZoneId"] = json!(next["Id"].as_str().map(bare));
    }
    answer["HostedZones"] = Value::Array(zones);
    Ok(answer)
}

fn list_by_vpc(call: &mut Call<'_>) -> Outcome {
    let vpc = Vpc { region: call.str("VPCRegion"), id: call.str("VPCId") };
    let account = call.account.clone();
    let zones = call.global().route53.zones.values().filter(|zone| zone.vpcs.contains(&vpc));
    let found: Vec<Value> = zones
        .map(|zone| json!({"HostedZoneId": zone.id, "Name": zone.name, "Owner": {"OwningAccount": account}}))
        .collect();
    Ok(json!({"HostedZoneSummaries": found, "MaxItems": "100"}))
}

fn update_comment(call: &mut Call<'_>) -> Outcome {
    let id = bare(&call.str("Id")).to_owned();
    let comment = call.opt_str("Comment");
    let zone = call.global().route53.zones.get_mut(&id).ok_or_else(|| no_zone(&id))?;
    zone.comment = comment;
    Ok(json!({"HostedZone": zone_answer(call, &id)?}))
}

fn count(call: &mut Call<'_>) -> Outcome {
    Ok(json!({"HostedZoneCount": call.global().route53.zones.len()}))
}

fn named(call: &mut Call<'_>) -> Result<(String, Zone), Fault> {
    let id = bare(&call.str("HostedZoneId")).to_owned();
    let zone = call.global().route53.zones.get(&id).cloned().ok_or_else(|| no_zone(&id))?;
    Ok((id, zone))
}

fn given_vpc(call: &Call<'_>) -> Result<Vpc, Fault> {
    Vpc::of(call)
        .ok_or_else(|| Fault::new("InvalidInput", "The VPC that you specified is not valid."))
}

fn change_zone(call: &mut Call<'_>, id: &str, change: impl FnOnce(&mut Zone)) {
    if let Some(zone) = call.global().route53.zones.get_mut(id) {
        change(zone);
    }
}

fn associate(call: &mut Call<'_>) -> Outcome {
    let (id, zone) = named(call)?;
    let vpc = given_vpc(call)?;
    if !zone.private {
        let message = "You can't associate a VPC with a public hosted zone.";
        return Err(Fault::new("PublicZoneVPCAssociation", message));
    }
    if !zone.authorized.contains(&vpc) {
        check_vpc(call, &vpc)?;
    }
    if !zone.vpcs.contains(&vpc) {
        conflicting(call, &zone.name, &vpc)?;
        change_zone(call, &id, |zone| zone.vpcs.push(vpc));
    }
    let comment = call.opt_str("Comment");
    Ok(json!({"ChangeInfo": begin(call, comment)}))
}

fn disassociate(call: &mut Call<'_>) -> Outcome {
    let (id, zone) = named(call)?;
    let vpc = given_vpc(call)?;
    if !zone.vpcs.contains(&vpc) {
        let message =
            format!("The VPC {} and hosted zone {id} are not currently associated.", vpc.id);
        return Err(Fault::new("VPCAssociationNotFound", message).status(404));
    }
    if zone.vpcs.len() == 1 {
        let message = "Cannot remove last VPC association for the private zone";
        return Err(Fault::new("LastVPCAssociation", message));
    }
    change_zone(call, &id, |zone| zone.vpcs.retain(|known| *known != vpc));
    let comment = call.opt_str("Comment");
    Ok(json!({"ChangeInfo": begin(call, comment)}))
}

fn authorize(call: &mut Call<'_>) -> Outcome {
    let (id, zone) = named(call)?;
    let vpc = given_vpc(call)?;
    let answer = json!({"HostedZoneId": id, "VPC": vpc.answer()});
    if !zone.authorized.contains(&vpc) {
        change_zone(call, &id, |zone| zone.authorized.push(vpc));
    }
    Ok(answer)
}

fn deauthorize(call: &mut Call<'_>) -> Outcome {
    let (id, zone) = named(call)?;
    let vpc = given_vpc(call)?;
    if !zone.authorized.contains(&vpc) {
        let message =
            "The VPC that you specified is not authorized to be associated with the hosted zone.";
        return Err(Fault::new("VPCAssociationAuthorizationNotFound", message).status(404));
    }
    change_zone(call, &id, |zone| zone.authorized.retain(|known| *known != vpc));
    Ok(json!({}))
}

fn list_authorizations(call: &mut Call<'_>) -> Outcome {
    let (id, zone) = named(call)?;
    let vpcs: Vec<Value> = zone.authorized.iter().map(Vpc::answer).collect();
    Ok(json!({"HostedZoneId": id, "VPCs": vpcs}))
}

fn dnssec(call: &mut Call<'_>) -> Outcome {
    named(call)?;
    Ok(json!({"Status": {"ServeSignature": "NOT_SIGNING"}, "KeySigningKeys": []}))
}
