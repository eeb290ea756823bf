//! Peering connections as the three types that deal with them see them: reading, accepting, options.

use std::time::Duration;

use aws_sdk_ec2::types::{
    PeeringConnectionOptionsRequest, VpcPeeringConnection as Peering,
    VpcPeeringConnectionStateReasonCode as Code, VpcPeeringConnectionVpcInfo as Side,
};
use serde_json::json;

use super::{filter, pairs};
use crate::api::{Api, AwsError, Progress};
use crate::fields::Fields;
use crate::resource::Result;
use crate::row::Row;

type Found<T> = std::collections::HashMap<String, T>;

pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// How long AWS may take to let options be set after it says that a connection is active.
const SETTLING: Duration = Duration::from_secs(60);

/// The blocks of options.
pub(super) const SIDES: [&str; 2] = ["accepter", "requester"];

pub(super) fn state(peering: &Peering) -> Option<&Code> {
    peering.status().and_then(|status| status.code())
}

/// The connection unless it is over: deleted ones stay visible for hours.
pub(super) async fn load(api: &Api, id: &str) -> Result<Option<Peering>> {
    let found = api.load("peering connection", id, connections).await?;
    let over = [Code::Deleted, Code::Deleting, Code::Expired, Code::Failed, Code::Rejected];
    Ok(found.filter(|it| !state(it).is_some_and(|state| over.contains(state))))
}

/// For changes of what was deleted by hand between plan and apply.
pub(super) fn gone(id: &str) -> AwsError {
    let message = format!(
        "The peering connection {id:?} does not exist, or is rejected, expired or deleted; plan again."
    );
    AwsError::refused("InvalidVpcPeeringConnectionID.NotFound", message)
}

/// A connection as AWS has it, from the side of this account.
pub(super) async fn row(api: &Api, peering: &Peering, prior: Fields<'_>) -> Result<Row> {
    let account = api.identity().await?.account.as_str();
    let (accepter, requester) = (peering.accepter_vpc_info(), peering.requester_vpc_info());
    let owner = |side: Option<&Side>| side.and_then(|side| side.owner_id.clone());
    let vpc = |side: Option<&Side>| side.and_then(|side| side.vpc_id.clone());
    let accepting =
        owner(accepter).as_deref() == Some(account) && owner(requester).as_deref() != Some(account);
    let (own, peer) = if accepting { (accepter, requester) } else { (requester, accepter) };
    let mut row = Row::new();
    row.set("id", peering.vpc_peering_connection_id())
        .set("accept_status", state(peering).map(Code::as_str))
        .set("vpc_id", vpc(own))
        .set("peer_vpc_id", vpc(peer))
        .set("peer_owner_id", owner(peer))
        .set("peer_region", accepter.and_then(|side| side.region()))
        .tags(pairs(peering.tags()));
    options(peering, prior, &mut row);
    Ok(row)
}

/// The options, of the sides whose blocks are in `prior`: what nobody asks for is not ours.
pub(super) fn options(peering: &Peering, prior: Fields<'_>, row: &mut Row) {
    let sides = [peering.accepter_vpc_info(), peering.requester_vpc_info()];
    for (name, side) in SIDES.into_iter().zip(sides) {
        if prior.block(name).is_some() {
            row.set(name, json!([{"allow_remote_vpc_dns_resolution": allows(side)}]));
        }
    }
}

/// Does that side's VPC resolve names for the other?
pub(super) fn allows(side: Option<&Side>) -> bool {
    let options = side.and_then(|side| side.peering_options());
    options.and_then(|it| it.allow_dns_resolution_from_remote_vpc()).unwrap_or(false)
}

/// Waits for the answer to the request; accepts it where that is wanted.
pub(super) async fn settle(api: &Api, id: &str, accept: bool, patience: Duration) -> Result<Code> {
    let settled =
        |peering: Option<&Peering>| judge(peering, &[Code::Active, Code::PendingAcceptance]);
    let now = api.wait("peering connection", id, patience, connections, settled).await?;
    if !accept || now == Code::Active {
        return Ok(now);
    }
    let call = || api.ec2().accept_vpc_peering_connection().vpc_peering_connection_id(id).send();
    let accepted = api.call("ec2", "AcceptVpcPeeringConnection", call).await;
    accepted.map_err(|error| {
        let mut error = error.at("auto_accept");
        error.message.push_str(
            " Only the owner of the peer VPC can accept, in its region: use \
             aws_vpc_peering_connection_accepter with a provider of that account and region.",
        );
        error
    })?;
    let active = |peering: Option<&Peering>| judge(peering, &[Code::Active]);
    api.wait("peering connection", id, patience, connections, active).await
}

fn judge(peering: Option<&Peering>, good: &[Code]) -> Progress<Code> {
    let Some(peering) = peering else { return Progress::Pending("not visible".to_owned()) };
    match state(peering) {
        Some(state) if good.contains(state) => Progress::Done(state.clone()),
        Some(Code::Deleted | Code::Expired | Code::Failed | Code::Rejected) => {
            let why = peering.status().and_then(|status| status.message()).unwrap_or_default();
            let id = peering.vpc_peering_connection_id().unwrap_or_default();
            let message = format!(
                "Peering connection {id} came to nothing: {why}. Do the CIDR blocks of both VPCs \
                 overlap, or is the peer's account or region wrong?"
            );
            Progress::Failed(AwsError::refused("Failed", message).at("peer_vpc_id"))
        }
        state => Progress::Pending(state.map_or("", Code::as_str).to_owned()),
    }
}

/// Sets the options of the sides whose blocks are planned; only what differs.
pub(super) async fn set_options(api: &Api, id: &str, planned: Fields<'_>) -> Result<()> {
    if SIDES.iter().all(|name| planned.block(name).is_none()) {
        return Ok(());
    }
    let Some(now) = load(api, id).await? else { return Err(gone(id)) };
    let request = |name: &str, side: Option<&Side>| {
        let wanted = planned.block(name)?.bool("allow_remote_vpc_dns_resolution")?;
        let request = PeeringConnectionOptionsRequest::builder();
        (wanted != allows(side))
            .then(|| request.allow_dns_resolution_from_remote_vpc(wanted).build())
    };
    let accepter = request(SIDES[0], now.accepter_vpc_info());
    let requester = request(SIDES[1], now.requester_vpc_info());
    if accepter.is_none() && requester.is_none() {
        return Ok(());
    }
    let at = if accepter.is_some() { SIDES[0] } else { SIDES[1] };
    if state(&now) != Some(&Code::Active) {
        let message = format!(
            "The options of peering connection {id} cannot be set: it is {}, not active. It must be \
             accepted first (\"auto_accept\", or aws_vpc_peering_connection_accepter).",
            state(&now).map_or("unknown", Code::as_str)
        );
        return Err(AwsError::refused("InvalidStateTransition", message).at(at));
    }
    let work = || async {
        let call = || {
            api.ec2()
                .modify_vpc_peering_connection_options()
                .vpc_peering_connection_id(id)
                .set_accepter_peering_connection_options(accepter.clone())
                .set_requester_peering_connection_options(requester.clone())
                .send()
        };
        api.call("ec2", "ModifyVpcPeeringConnectionOptions", call).await
    };
    let again = |error: &AwsError| {
        error.is(&["OperationNotPermitted"]) && error.message.contains("not active")
    };
    api.insist(SETTLING, again, work).await.map(|_| ()).map_err(|error| error.at(at))
}

/// Waits until the connection is gone.
pub(super) async fn wait_gone(api: &Api, id: &str, patience: Duration) -> Result<()> {
    let gone = |peering: Option<&Peering>| match peering.and_then(state) {
        None | Some(Code::Deleted | Code::Expired | Code::Failed | Code::Rejected) => {
            Progress::Done(())
        }
        Some(state) => Progress::Pending(state.as_str().to_owned()),
    };
    api.wait("peering connection", id, patience, connections, gone).await
}

/// Connections by id.
async fn connections(api: Api, ids: Vec<String>) -> Result<Found<Peering>> {
    let by = filter("vpc-peering-connection-id", ids);
    let ask = |token| {
        let call = api.ec2().describe_vpc_peering_connections().filters(by.clone());
        call.set_next_token(token).send()
    };
    let all = api.pages("ec2", "DescribeVpcPeeringConnections", ask, |answer| {
        (answer.vpc_peering_connections, answer.next_token)
    });
    let all = all.await?.into_iter();
    Ok(all.filter_map(|it| Some((it.vpc_peering_connection_id.clone()?, it))).collect())
}
