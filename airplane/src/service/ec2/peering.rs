//! VPC peering connections. The record stands in the realms of both sides and is the same there; tags are each side's own.
use super::filters::{Spec, View, describe, view};
use super::vpc::Vpc;
use super::{cidr, ec2, find, tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use crate::world::{Millis, timing};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateVpcPeeringConnection", create),
    ("AcceptVpcPeeringConnection", accept),
    ("RejectVpcPeeringConnection", reject),
    ("DeleteVpcPeeringConnection", delete),
    ("DescribeVpcPeeringConnections", describe_all),
    ("ModifyVpcPeeringConnectionOptions", modify_options),
];

const EXPIRY: Millis = 7 * 24 * 3_600_000;

/// One side of a peering connection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Side {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) vpc: String,
    pub(crate) blocks: Vec<String>,
    pub(crate) ipv6_blocks: Vec<String>,
    /// Do names of the other side's instances resolve to private addresses here?
    pub(crate) dns: bool,
}

/// A peering connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Peering {
    pub(crate) requester: Side,
    pub(crate) accepter: Side,
    pub(crate) status: String,
    pub(crate) message: String,
    pub(crate) expires: Millis,
}

impl Peering {
    /// Does traffic flow?
    pub(crate) fn is_active(&self) -> bool {
        self.status == "active"
    }

    /// Is the VPC one of the sides?
    pub(crate) fn touches(&self, vpc: &str) -> bool {
        self.requester.vpc == vpc || self.accepter.vpc == vpc
    }

    /// Is it active, or may it become so?
    pub(crate) fn is_open(&self) -> bool {
        matches!(
            self.status.as_str(),
            "initiating-request" | "pending-acceptance" | "provisioning" | "active"
        )
    }
}

/// What happens later to a peering connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) then: Then,
}

/// The next state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Then {
    Pending,
    Failed,
    Active,
    Expired,
    Deleted,
    Forgotten,
}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, scope: &mut Scope<'_>) {
        let Some(peering) = ec2(scope).peerings.get(&self.id).cloned() else { return };
        let accepter = peering.accepter.account.clone();
        match (self.then, peering.status.as_str()) {
            (Then::Pending, "initiating-request") => {
                set(
                    scope,
                    &self.id,
                    "pending-acceptance",
                    &format!("Pending Acceptance by {accepter}"),
                );
            }
            (Then::Failed, "initiating-request") => {
                let message =
                    "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range";
                set(scope, &self.id, "failed", message);
                ghost(scope, &self.id);
            }
            (Then::Active, "provisioning") => set(scope, &self.id, "active", "Active"),
            (Then::Expired, "pending-acceptance") => {
                set(scope, &self.id, "expired", "Expired without being accepted");
                ghost(scope, &self.id);
            }
            (Then::Deleted, "deleting") => {
                set(scope, &self.id, "deleted", &peering.message);
                ghost(scope, &self.id);
            }
            (Then::Forgotten, _) => {
                each_side(scope, &self.id, |scope, id| {
                    ec2(scope).peerings.remove(id);
                    tags::forget(scope, id);
                });
            }
            _ => {}
        }
    }
}

// Does the same in the realms of both sides.
fn each_side(scope: &mut Scope<'_>, id: &str, f: impl Fn(&mut Scope<'_>, &str)) {
    let Some(peering) = ec2(scope).peerings.get(id).cloned() else { return };
    let (a, b) = (&peering.requester, &peering.accepter);
    let mut places = vec![(&a.account, &a.region)];
    if places[0] != (&b.account, &b.region) {
        places.push((&b.account, &b.region));
    }
    for (account, region) in places {
        let (account, region) = (account.clone(), region.clone());
        f(&mut Scope { world: scope.world, account, region }, id);
    }
}

fn change(scope: &mut Scope<'_>, id: &str, f: impl Fn(&mut Peering)) {
    each_side(scope, id, |scope, id| {
        if let Some(peering) = ec2(scope).peerings.get_mut(id) {
            f(peering);
        }
    });
}

fn set(scope: &mut Scope<'_>, id: &str, status: &str, message: &str) {
    change(scope, id, |p| {
        p.status = status.to_owned();
        p.message = message.to_owned();
    });
}

// Describes still show it for a while, but it is no object any more that someone could count.
fn ghost(scope: &mut Scope<'_>, id: &str) {
    each_side(scope, id, |scope, id| {
        let now = scope.now();
        if let Some(peering) = ec2(scope).peerings.get(id).cloned() {
            ec2(scope).peerings.insert_implicit(id, peering, now);
        }
    });
    later(scope, id, timing::GHOST, Then::Forgotten);
}

/// Ends the requests that a VPC which goes away has, on both sides.
pub(crate) fn drop_of(scope: &mut Scope<'_>, vpc: &str) {
    let open = ec2(scope).peerings.iter().filter(|(_, p)| p.is_open() && p.touches(vpc));
    let ids: Vec<String> = open.map(|(id, _)| id.to_owned()).collect();
    for id in ids {
        let message = format!("Deleted with {vpc}");
        set(scope, &id, "deleted", &message);
        ghost(scope, &id);
    }
}

fn later(scope: &mut Scope<'_>, id: &str, after: Millis, then: Then) {
    scope.schedule(after, super::Event::Peering(Event { id: id.to_owned(), then }));
}

fn render(view: &View<'_>, id: &str, p: &Peering) -> Value {
    let accepted = matches!(p.status.as_str(), "provisioning" | "active" | "deleting" | "deleted");
    let mut out = json!({
        "VpcPeeringConnectionId": id, "RequesterVpcInfo": side(&p.requester, true),
        "AccepterVpcInfo": side(&p.accepter, accepted),
        "Status": {"Code": p.status, "Message": p.message}, "Tags": tags::of(view, id),
    });
    if matches!(p.status.as_str(), "initiating-request" | "pending-acceptance") {
        out["ExpirationTime"] = json!(p.expires);
    }
    out
}

// What the other side is like shows when it has accepted.
fn side(side: &Side, known: bool) -> Value {
    let mut out = json!({"OwnerId": side.account, "VpcId": side.vpc, "Region": side.region});
    if known {
        let blocks: Vec<Value> = side.blocks.iter().map(|b| json!({"CidrBlock": b})).collect();
        let ipv6: Vec<Value> =
            side.ipv6_blocks.iter().map(|b| json!({"Ipv6CidrBlock": b})).collect();
        out["CidrBlock"] = json!(side.blocks.first());
        out["CidrBlockSet"] = json!(blocks);
        out["Ipv6CidrBlockSet"] = json!(ipv6);
        out["PeeringOptions"] = options(side);
    }
    out
}

fn options(side: &Side) -> Value {
    json!({"AllowDnsResolutionFromRemoteVpc": side.dns, "AllowEgressFromLocalClassicLinkToRemoteVpc": false,
        "AllowEgressFromLocalVpcToRemoteClassicLink": false})
}

fn side_of(account: &str, region: &str, id: &str, vpc: Option<&Vpc>) -> Side {
    let held = |blocks: &[super::vpc_cidr::Block]| {
        blocks.iter().filter(|b| b.holds()).map(|b| b.cidr.clone()).collect::<Vec<_>>()
    };
    Side {
        account: account.to_owned(),
        region: region.to_owned(),
        vpc: id.to_owned(),
        blocks: vpc.map(|v| held(&v.blocks)).unwrap_or_default(),
        ipv6_blocks: vpc.map(|v| held(&v.ipv6_blocks)).unwrap_or_default(),
        dns: false,
    }
}

fn create(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "vpc-peering-connection")?;
    let id = call.str("VpcId");
    let vpc = find(call, |s| &s.vpcs, "vpc", &id)?;
    let Some(peer_id) = call.opt_str("PeerVpcId") else {
        return Err(Fault::new(
            "MissingParameter",
            "The request must contain the parameter peerVpcId",
        ));
    };
    let (account, region) = (call.account.clone(), call.region.clone());
    let peer_account = call.opt_str("PeerOwnerId").unwrap_or_else(|| account.clone());
    let peer_region = call.opt_str("PeerRegion").unwrap_or_else(|| region.clone());
    if peer_id == id {
        let message = format!("The VPC {id} cannot be peered with itself");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if (&peer_account, &peer_region) == (&account, &region) {
        find(call, |s| &s.vpcs, "vpc", &peer_id)?;
    }
    let peer = call.world.realm(&peer_account, &peer_region).ec2.vpcs.get(&peer_id).cloned();
    let twice = |p: &&Peering| p.is_open() && p.touches(&id) && p.touches(&peer_id);
    if ec2(call).peerings.values().any(|p| twice(&p)) {
        let message = format!("A VPC peering connection between {id} and {peer_id} already exists");
        return Err(Fault::new("VpcPeeringConnectionAlreadyExists", message));
    }
    refuse_too_many(call, &id)?;
    let (now, visible, pcx) = (call.now(), call.visible_at(), call.id("pcx"));
    let peering = Peering {
        requester: side_of(&account, &region, &id, Some(&vpc)),
        accepter: side_of(&peer_account, &peer_region, &peer_id, peer.as_ref()),
        status: "initiating-request".to_owned(),
        message: format!("Initiating Request to {peer_account}"),
        expires: now + EXPIRY,
    };
    let overlap =
        |a: &Side, b: &Side| a.blocks.iter().any(|x| b.blocks.iter().any(|y| cidr::overlap(x, y)));
    let fails = peer.is_none() || overlap(&peering.requester, &peering.accepter);
    ec2(call).peerings.insert(&pcx, peering.clone(), now, visible);
    if (&peer_account, &peer_region) != (&account, &region) {
        let there = &mut call.world.realm(&peer_account, &peer_region).ec2.peerings;
        // It is one side's object, so the other's copy does not count.
        there.insert_implicit(&pcx, peering.clone(), now);
    }
    tags::put(call, &pcx, tags);
    later(call, &pcx, timing::PEERING / 5, if fails { Then::Failed } else { Then::Pending });
    later(call, &pcx, EXPIRY, Then::Expired);
    Ok(json!({ "VpcPeeringConnection": render(&view(call), &pcx, &peering) }))
}

fn refuse_too_many(call: &mut Call<'_>, vpc: &str) -> Result<(), Fault> {
    let count = ec2(call).peerings.values().filter(|p| p.is_open() && p.touches(vpc)).count();
    if count >= call.quota("peerings-per-vpc") {
        let message = format!(
            "The maximum number of active VPC peering connections has been reached for {vpc}"
        );
        return Err(Fault::new("ActiveVpcPeeringConnectionPerVpcLimitExceeded", message));
    }
    Ok(())
}

fn refused(id: &str, from: &str, to: &str) -> Fault {
    let message =
        format!("Invalid state transition for {id}, attempted to transition from {from} to {to}");
    Fault::new("InvalidStateTransition", message)
}

// The connection, if the caller is its accepter.
fn as_accepter(call: &mut Call<'_>, verb: &str) -> Result<(String, Peering), Fault> {
    let id = call.str("VpcPeeringConnectionId");
    let peering = find(call, |s| &s.peerings, "pcx", &id)?;
    if peering.accepter.account != call.account || peering.accepter.region != call.region {
        let message = format!("User {} cannot {verb} peering {id}", call.account);
        return Err(Fault::new("OperationNotPermitted", message));
    }
    Ok((id, peering))
}

fn accept(call: &mut Call<'_>) -> Outcome {
    let (id, peering) = as_accepter(call, "accept")?;
    if peering.status != "pending-acceptance" {
        return Err(refused(&id, &peering.status, "provisioning"));
    }
    let vpc = find(call, |s| &s.vpcs, "vpc", &peering.accepter.vpc)?;
    let (account, region) = (call.account.clone(), call.region.clone());
    let accepter = side_of(&account, &region, &peering.accepter.vpc, Some(&vpc));
    change(call, &id, |p| p.accepter = accepter.clone());
    set(call, &id, "provisioning", "Provisioning");
    later(call, &id, timing::PEERING, Then::Active);
    shown(call, &id)
}

fn shown(call: &mut Call<'_>, id: &str) -> Outcome {
    let peering = find(call, |s| &s.peerings, "pcx", id)?;
    Ok(json!({ "VpcPeeringConnection": render(&view(call), id, &peering) }))
}

fn reject(call: &mut Call<'_>) -> Outcome {
    let (id, peering) = as_accepter(call, "reject")?;
    if peering.status != "pending-acceptance" {
        return Err(refused(&id, &peering.status, "rejected"));
    }
    set(call, &id, "rejected", "Inactive");
    ghost(call, &id);
    Ok(json!({"Return": true}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let id = call.str("VpcPeeringConnectionId");
    let peering = find(call, |s| &s.peerings, "pcx", &id)?;
    let requester =
        peering.requester.account == call.account && peering.requester.region == call.region;
    match peering.status.as_str() {
        "active" | "provisioning" => {}
        "initiating-request" | "pending-acceptance" if requester => {}
        "deleting" | "deleted" | "failed" | "rejected" | "expired" => {
            return Err(refused(&id, &peering.status, "deleting"));
        }
        _ => {
            let message =
                format!("User {} cannot delete peering {id} before it is accepted", call.account);
            return Err(Fault::new("OperationNotPermitted", message));
        }
    }
    let message = format!("Deleted by {}", call.account);
    set(call, &id, "deleting", &message);
    later(call, &id, timing::PEERING, Then::Deleted);
    Ok(json!({"Return": true}))
}

const SPEC: Spec = Spec {
    ids: "VpcPeeringConnectionIds",
    prefix: "pcx",
    filters: &[
        ("accepter-vpc-info.cidr-block", "AccepterVpcInfo.CidrBlock"),
        ("accepter-vpc-info.owner-id", "AccepterVpcInfo.OwnerId"),
        ("accepter-vpc-info.vpc-id", "AccepterVpcInfo.VpcId"),
        ("expiration-time", "ExpirationTime"),
        ("requester-vpc-info.cidr-block", "RequesterVpcInfo.CidrBlock"),
        ("requester-vpc-info.owner-id", "RequesterVpcInfo.OwnerId"),
        ("requester-vpc-info.vpc-id", "RequesterVpcInfo.VpcId"),
        ("status-code", "Status.Code"),
        ("status-message", "Status.Message"),
        ("vpc-peering-connection-id", "VpcPeeringConnectionId"),
    ],
};

fn describe_all(call: &mut Call<'_>) -> Outcome {
    Ok(json!({ "VpcPeeringConnections": describe(call, &SPEC, |s| &s.peerings, render)? }))
}

fn modify_options(call: &mut Call<'_>) -> Outcome {
    let id = call.str("VpcPeeringConnectionId");
    let peering = find(call, |s| &s.peerings, "pcx", &id)?;
    if !peering.is_active() {
        let message = format!(
            "Peering {id} is not active. Peering options can be added only to active peerings."
        );
        return Err(Fault::new("OperationNotPermitted", message));
    }
    let mut out = json!({});
    for (member, is_requester) in
        [("RequesterPeeringConnectionOptions", true), ("AccepterPeeringConnectionOptions", false)]
    {
        let Some(wanted) = call.get(member).cloned() else { continue };
        let side = if is_requester { &peering.requester } else { &peering.accepter };
        if side.account != call.account || side.region != call.region {
            let message = format!(
                "User {} cannot modify peering options of the other side of {id}",
                call.account
            );
            return Err(Fault::new("OperationNotPermitted", message));
        }
        let classic = [
            "AllowEgressFromLocalClassicLinkToRemoteVpc",
            "AllowEgressFromLocalVpcToRemoteClassicLink",
        ];
        if classic.iter().any(|m| wanted[m] == true) {
            let message = "ClassicLink is retired and cannot be allowed";
            return Err(Fault::new("UnsupportedOperation", message));
        }
        let dns = wanted["AllowDnsResolutionFromRemoteVpc"].as_bool().unwrap_or(side.dns);
        change(call, &id, |p| {
            let side = if is_requester { &mut p.requester } else { &mut p.accepter };
            side.dns = dns;
        });
        out[member] = options(&Side { dns, ..side.clone() });
    }
    Ok(out)
}
