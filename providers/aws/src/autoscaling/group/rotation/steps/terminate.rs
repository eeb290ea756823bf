//! `Terminate`: ends a machine. Where AWS has begun that by itself, it is let go from the hooks that hold it.
//!
//! Protection from scale-in does not keep a machine from this call (AWS: "Use instance scale-in protection"), so it stays
//! on.

use aws_sdk_autoscaling::types::LifecycleState as State;

use super::super::find;
use super::{TERMINATING, go_on, hooks_of, state_of};
use crate::api::Api;
use crate::autoscaling::is_gone;
use crate::resource::Result;

/// Ends a machine; `decrement`: it is not replaced.
pub(super) async fn terminate(
    api: &Api,
    group: &str,
    machine: &str,
    decrement: bool,
) -> Result<()> {
    let seen = find(api, group).await?;
    match state_of(&seen, machine) {
        Some(State::TerminatingWait) => {
            for hook in hooks_of(api, group, TERMINATING).await? {
                go_on(api, group, &hook, machine).await?;
            }
            Ok(())
        }
        state if has_left(state) => Ok(()),
        _ => end(api, group, machine, decrement).await,
    }
}

/// It is in no group any more, or on its way out.
fn has_left(state: Option<&State>) -> bool {
    state.is_none_or(|state| state.as_str().starts_with("Terminat"))
}

async fn end(api: &Api, group: &str, machine: &str, decrement: bool) -> Result<()> {
    let make = || {
        let call = api.autoscaling().terminate_instance_in_auto_scaling_group();
        call.instance_id(machine).should_decrement_desired_capacity(decrement).send()
    };
    match api.call("autoscaling", "TerminateInstanceInAutoScalingGroup", make).await {
        Err(error) if is_gone(&error) => Ok(()),
        // Another call was faster: perhaps this one, whose first answer was lost.
        Err(error) if error.is(&["ScalingActivityInProgress"]) => {
            if has_left(state_of(&find(api, group).await?, machine)) { Ok(()) } else { Err(error) }
        }
        answer => answer.map(|_| ()),
    }
}
