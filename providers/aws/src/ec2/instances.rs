//! Instances: reading them in bulk, waiting for their states, stopping and starting.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_ec2::types::{Filter, Instance, InstanceStateName};

use super::filter;
use crate::api::{Api, AwsError, Progress};
use crate::resource::Result;

/// Instances by id.
pub(crate) async fn instances(api: Api, ids: Vec<String>) -> Result<HashMap<String, Instance>> {
    let all = instances_where(&api, vec![filter("instance-id", ids)]).await?.into_iter();
    Ok(all.filter_map(|it| Some((it.instance_id.clone()?, it))).collect())
}

/// Instances that match.
pub(crate) async fn instances_where(api: &Api, by: Vec<Filter>) -> Result<Vec<Instance>> {
    let by = Some(by).filter(|by| !by.is_empty());
    let ask =
        |token| api.ec2().describe_instances().set_filters(by.clone()).set_next_token(token).send();
    let all = api
        .pages("ec2", "DescribeInstances", ask, |answer| (answer.reservations, answer.next_token));
    Ok(all.await?.into_iter().flat_map(|it| it.instances.unwrap_or_default()).collect())
}

/// The instance's state.
pub(crate) fn state(instance: &Instance) -> Option<&InstanceStateName> {
    instance.state().and_then(|state| state.name())
}

/// Is it as it will stay: running or stopped?
pub(crate) fn settled(id: &str, instance: Option<&Instance>) -> Progress<()> {
    use InstanceStateName::{Pending, Running, Stopped, Stopping};
    match instance.map(state) {
        Some(Some(Running | Stopped)) => Progress::Done(()),
        None => Progress::Pending("not visible".to_owned()),
        Some(Some(state @ (Pending | Stopping))) => Progress::Pending(state.as_str().to_owned()),
        Some(_) => Progress::Failed(ended(id, instance)),
    }
}

/// Does it run?
pub(crate) fn running(id: &str, instance: Option<&Instance>) -> Progress<()> {
    match instance.map(state) {
        None => Progress::Pending("not visible".to_owned()),
        Some(Some(InstanceStateName::Running)) => Progress::Done(()),
        Some(Some(state @ (InstanceStateName::Pending | InstanceStateName::Stopped))) => {
            Progress::Pending(state.as_str().to_owned())
        }
        Some(_) => Progress::Failed(ended(id, instance)),
    }
}

fn ended(id: &str, instance: Option<&Instance>) -> AwsError {
    let reason = instance.and_then(Instance::state_reason).and_then(|reason| reason.message());
    let message = format!("Instance {id} ended by itself: {}", reason.unwrap_or("no reason given"));
    AwsError::lost("InstanceEnded", message)
}

async fn until(api: &Api, id: &str, patience: Duration, wanted: InstanceStateName) -> Result<()> {
    let judge = |instance: Option<&Instance>| match instance.map(state) {
        None => Progress::Done(()),
        Some(Some(now)) if *now == wanted || *now == InstanceStateName::Terminated => {
            Progress::Done(())
        }
        Some(now) => Progress::Pending(now.map_or("", InstanceStateName::as_str).to_owned()),
    };
    api.wait("instance", id, patience, instances, judge).await
}

/// Stops an instance, and waits for it.
pub(crate) async fn stop(api: &Api, id: &str, patience: Duration) -> Result<()> {
    let make = || api.ec2().stop_instances().instance_ids(id).send();
    api.call("ec2", "StopInstances", make).await?;
    until(api, id, patience, InstanceStateName::Stopped).await
}

/// Starts an instance, and waits for it.
pub(crate) async fn start(api: &Api, id: &str, patience: Duration) -> Result<()> {
    let make = || api.ec2().start_instances().instance_ids(id).send();
    api.call("ec2", "StartInstances", make).await?;
    api.wait("instance", id, patience, instances, |found| running(id, found)).await
}

/// Ends an instance, and waits for it.
pub(crate) async fn terminate(api: &Api, id: &str, patience: Duration) -> Result<()> {
    let make = || api.ec2().terminate_instances().instance_ids(id).send();
    api.call("ec2", "TerminateInstances", make).await?;
    until(api, id, patience, InstanceStateName::Terminated).await
}
