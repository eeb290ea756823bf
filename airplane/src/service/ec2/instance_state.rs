//! The actions that change instances' states: start, stop, reboot, terminate.
use super::find;
use super::instance::{Event, Instance, edit, state, stop, terminate};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::{machines, timing};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("TerminateInstances", terminate_all),
    ("StopInstances", stop_all),
    ("StartInstances", start_all),
    ("RebootInstances", reboot_all),
];

fn change(id: &str, before: &str, after: &str) -> Value {
    json!({"InstanceId": id, "PreviousState": state(before), "CurrentState": state(after)})
}

fn named(call: &mut Call<'_>) -> Result<Vec<(String, Instance)>, Fault> {
    let ids = call.strings("InstanceIds");
    ids.into_iter().map(|id| Ok((id.clone(), find(call, |s| &s.instances, "i", &id)?))).collect()
}

fn terminate_all(call: &mut Call<'_>) -> Outcome {
    let instances = named(call)?;
    if let Some((id, _)) =
        instances.iter().find(|(_, i)| i.no_termination && i.state != "terminated")
    {
        let message = format!(
            "The instance '{id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again."
        );
        return Err(Fault::new("OperationNotPermitted", message));
    }
    let mut changes = Vec::new();
    for (id, i) in instances {
        terminate(
            call,
            &id,
            (
                "Client.UserInitiatedShutdown",
                "Client.UserInitiatedShutdown: User initiated shutdown",
            ),
        );
        let after = if i.state == "terminated" { "terminated" } else { "shutting-down" };
        changes.push(change(&id, &i.state, after));
    }
    Ok(json!({"TerminatingInstances": changes}))
}

fn wrong_state(id: &str, wanted: &str) -> Fault {
    let message = format!("The instance '{id}' is not in a state from which it can be {wanted}.");
    Fault::new("IncorrectInstanceState", message)
}

fn stop_all(call: &mut Call<'_>) -> Outcome {
    let mut changes = Vec::new();
    for (id, i) in named(call)? {
        match i.state.as_str() {
            "running" if i.spot => {
                let message = format!(
                    "You can't stop the Spot Instance '{id}' because it is associated with a one-time Spot Instance request."
                );
                return Err(Fault::new("UnsupportedOperation", message));
            }
            "running" if i.no_stop => {
                let message = format!(
                    "The instance '{id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again."
                );
                return Err(Fault::new("OperationNotPermitted", message));
            }
            "running" => {
                stop(call, &id);
                changes.push(change(&id, "running", "stopping"));
            }
            "stopping" | "stopped" => changes.push(change(&id, &i.state, &i.state)),
            _ => return Err(wrong_state(&id, "stopped")),
        }
    }
    Ok(json!({"StoppingInstances": changes}))
}

fn start_all(call: &mut Call<'_>) -> Outcome {
    let mut changes = Vec::new();
    for (id, i) in named(call)? {
        match i.state.as_str() {
            "stopped" => {
                let now = call.now();
                edit(call, &id, |i| {
                    i.state = "pending".to_owned();
                    i.launched = now;
                    i.reason = None;
                });
                call.schedule(
                    timing::INSTANCE_START,
                    super::Event::Instance(Event::Running { id: id.clone() }),
                );
                changes.push(change(&id, "stopped", "pending"));
            }
            "pending" | "running" => changes.push(change(&id, &i.state, &i.state)),
            _ => return Err(wrong_state(&id, "started")),
        }
    }
    Ok(json!({"StartingInstances": changes}))
}

fn reboot_all(call: &mut Call<'_>) -> Outcome {
    let instances = named(call)?;
    let now = call.now();
    for (id, i) in instances {
        if i.state != "running" {
            return Err(wrong_state(&id, "rebooted"));
        }
        edit(call, &id, |i| i.started = now);
        machines::reboot(call, &id);
    }
    Ok(json!({}))
}
