//! Which call carries out which step. Steps of the cloud are none of ours.

use std::time::UNIX_EPOCH;

use http::Method;
use kprov_provider::ProviderError;
use kprov_provider::rotation::{EtcdId, MachineId, Seconds, Step, StepCall};
use serde_json::json;

use super::ask::{Task, ask, removers};
use super::{Connection, leases, node};
use crate::cluster::Call;

pub(super) async fn carry_out(
    connection: &Connection,
    call: &StepCall<'_>,
) -> Result<(), ProviderError> {
    let cluster = &connection.cluster;
    match call.step {
        Step::Cordon { member } => connection.cordon(member, call.rotation).await,
        Step::Exclude { member } => node::change(cluster, member, node::excluding).await,
        Step::Return { member } => node::change(cluster, member, node::returning).await,
        Step::Drain { member } => connection.drain(member).await?.result(member),
        Step::DeleteNode { member } => delete(connection, member).await,
        Step::Snapshot => of(connection, call, call.masters, &Task::Snapshot).await,
        Step::MoveLeader { member, to } => {
            of(connection, call, std::slice::from_ref(member), &Task::MoveLeader { to }).await
        }
        Step::StopApi { member } => {
            of(connection, call, std::slice::from_ref(member), &Task::StopApi).await
        }
        Step::RemoveEtcdMember { id, member } => {
            remove_member(connection, call, *id, member.as_ref()).await
        }
        other => Err(ProviderError::rejected(
            format!("Cannot {}", other.name()),
            format!("This is no step of a cluster: {other}. It is a bug in kprov."),
        )),
    }
}

fn now(connection: &Connection) -> Seconds {
    let now = connection.cluster.host.now();
    now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

async fn of(
    connection: &Connection,
    call: &StepCall<'_>,
    candidates: &[MachineId],
    task: &Task<'_>,
) -> Result<(), ProviderError> {
    let leases = connection.leases().await?;
    ask(connection, &leases, candidates, task, call.token, now(connection)).await
}

async fn remove_member(
    connection: &Connection,
    call: &StepCall<'_>,
    id: EtcdId,
    own: Option<&MachineId>,
) -> Result<(), ProviderError> {
    let (leases, now) = (connection.leases().await?, now(connection));
    // A machine that is dead is not asked, though its lease is yet to run out.
    let alive = own.filter(|_| call.member.is_none_or(|member| member.alive && !member.going()));
    let candidates = removers(&leases, id, alive, call.masters, now);
    ask(connection, &leases, &candidates, &Task::RemoveMember { id }, call.token, now).await
}

/// The lease goes first: when the Node is gone, nobody calls again.
async fn delete(connection: &Connection, machine: &MachineId) -> Result<(), ProviderError> {
    let lease = format!("{}/{}", leases::PATH, leases::name(machine));
    for path in [lease, node::path(machine)] {
        let options = json!({"kind": "DeleteOptions", "apiVersion": "v1"});
        let call = Call::with(Method::DELETE, path, "application/json", options);
        match connection.cluster.call(&call).await {
            Ok(_) => {}
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.plain(format!("Cannot delete node {machine}"))),
        }
    }
    Ok(())
}
