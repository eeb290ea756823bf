//! Interruptions of Spot Instances, on order of the control API: a rebalance recommendation and a warning two minutes before
//! the end, as "Spot Instance interruption notices" has them.
use super::instance::{Event, terminate};
use crate::service;
use crate::service::events::publish;
use crate::world::World;
use crate::world::scope::Scope;
use crate::world::{Millis, timing};
use serde_json::json;

/// Warns of the end of a Spot Instance, and ends it two minutes later. Says in words what is wrong with the order.
pub(crate) fn interrupt(world: &mut World, id: &str) -> Result<(), String> {
    let has = |(account, region): &(String, String)| {
        let kept = world.accounts.get(account).and_then(|kept| kept.realms.get(region));
        kept.is_some_and(|realm| realm.ec2.instances.contains(id))
    };
    let places = world.accounts.iter().flat_map(|(account, kept)| {
        kept.realms.keys().map(move |region| (account.clone(), region.clone()))
    });
    let (account, region) =
        places.into_iter().find(has).ok_or_else(|| format!("there is no instance {id}"))?;
    let mut scope = Scope { world, account, region };
    let instance = scope.realm().ec2.instances.get(id).cloned().unwrap_or_default();
    if !instance.spot || instance.state != "running" {
        return Err(format!(
            "{id} is no running Spot Instance: EC2 interrupts only instances that were launched with a MarketType of \
             spot"
        ));
    }
    let arns = [scope.arn("ec2", &format!("instance/{id}"))];
    let detail = json!({"instance-id": id});
    publish(&mut scope, "aws.ec2", "EC2 Instance Rebalance Recommendation", &arns, detail);
    let detail = json!({"instance-id": id, "instance-action": "terminate"});
    publish(&mut scope, "aws.ec2", "EC2 Spot Instance Interruption Warning", &arns, detail);
    let event = super::Event::Instance(Event::Interrupted { id: id.to_owned() });
    scope.schedule(timing::SPOT_WARNING, event);
    Ok(())
}

/// When an instance that was warned ends.
pub(crate) fn interrupted_at(world: &World, id: &str) -> Option<Millis> {
    let is_meant = |event: &service::Event| match event {
        service::Event::Ec2(super::Event::Instance(Event::Interrupted { id: warned })) => {
            warned == id
        }
        _ => false,
    };
    world.root.queue.values().find(|scheduled| is_meant(&scheduled.event)).map(|found| found.at)
}

/// The two minutes are over.
pub(super) fn end(scope: &mut Scope<'_>, id: &str) {
    let reason = "Server.SpotInstanceTermination";
    terminate(scope, id, (reason, "Server.SpotInstanceTermination: Spot instance termination"));
}
