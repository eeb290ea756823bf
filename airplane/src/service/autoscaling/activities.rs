//! Scaling activities: what was done for a group, why, and how far it is.
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::Outcome;
use crate::world::Millis;
use crate::world::scope::Scope;

pub(crate) const ACTIONS: &[Action] = &[("DescribeScalingActivities", describe)];

/// An activity.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Activity {
    group: String,
    description: String,
    cause: String,
    start: Millis,
    end: Option<Millis>,
    status: String,
    message: Option<String>,
}

/// Begins one; gives its id.
pub(super) fn begin(scope: &mut Scope<'_>, group: &str, description: &str, cause: &str) -> String {
    let (id, now) = (scope.world.ids.uuid(), scope.now());
    let activity = Activity {
        group: group.to_owned(),
        description: description.to_owned(),
        cause: cause.to_owned(),
        start: now,
        end: None,
        status: "InProgress".to_owned(),
        message: None,
    };
    // History, which nobody has to clean up.
    scope.realm().autoscaling.activities.insert_implicit(&id, activity, now);
    id
}

fn edit(scope: &mut Scope<'_>, id: &str, change: impl FnOnce(&mut Activity)) {
    if let Some(activity) = scope.realm().autoscaling.activities.get_mut(id) {
        change(activity);
    }
}

/// Says how it ended.
pub(super) fn finish(scope: &mut Scope<'_>, id: &str, outcome: Result<(), String>) {
    let now = scope.now();
    edit(scope, id, |activity| {
        if activity.end.is_some() {
            return;
        }
        activity.end = Some(now);
        match outcome {
            Ok(()) => activity.status = "Successful".to_owned(),
            Err(message) => {
                activity.status = "Failed".to_owned();
                activity.message = Some(message);
            }
        }
    });
}

/// Says what it waits for.
pub(super) fn set_status(scope: &mut Scope<'_>, id: &str, status: &str) {
    edit(scope, id, |activity| {
        if activity.end.is_none() {
            activity.status = status.to_owned();
        }
    });
}

impl Activity {
    fn render(&self, id: &str, arn: Option<&str>) -> Value {
        let mut out = json!({
            "ActivityId": id, "AutoScalingGroupName": self.group, "Description": self.description, "Cause": self.cause,
            "StartTime": self.start, "StatusCode": self.status, "Progress": if self.end.is_some() { 100 } else { 50 },
            "Details": "{}",
        });
        if let Some(end) = self.end {
            out["EndTime"] = json!(end);
        }
        if let Some(message) = &self.message {
            out["StatusMessage"] = json!(message);
        }
        match arn {
            Some(arn) => out["AutoScalingGroupARN"] = json!(arn),
            None => out["AutoScalingGroupState"] = json!("Deleted"),
        }
        out
    }
}

/// As answers show it.
pub(super) fn shown(scope: &mut Scope<'_>, id: &str) -> Value {
    let state = &scope.realm().autoscaling;
    let Some(activity) = state.activities.get(id) else { return Value::Null };
    activity.render(id, state.groups.get(&activity.group).map(|group| group.arn.as_str()))
}

/// Has the group anything under way? Whatever takes time is under way with a member; history is long and not searched.
pub(super) fn in_progress(scope: &mut Scope<'_>, group: &str) -> bool {
    let state = &scope.realm().autoscaling;
    let mut members = state.members.values().filter(|member| member.group == group);
    members.any(|member| {
        state.activities.get(&member.activity).is_some_and(|activity| activity.end.is_none())
    })
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let (group, ids) = (call.opt_str("AutoScalingGroupName"), call.strings("ActivityIds"));
    let deleted = call.opt_bool("IncludeDeletedGroups").unwrap_or(false);
    if let Some(name) = &group
        && !deleted
        && !call.realm().autoscaling.groups.contains(name)
    {
        return Err(super::group::missing(name));
    }
    let state = &call.realm().autoscaling;
    let mut found = Vec::new();
    // Newest first.
    for (id, activity) in state.activities.iter().rev() {
        let known = state.groups.get(&activity.group);
        let wanted = group.as_ref().is_none_or(|name| *name == activity.group)
            && (ids.is_empty() || ids.iter().any(|wanted| wanted == id))
            && (known.is_some() || deleted);
        if wanted {
            found.push(activity.render(id, known.map(|group| group.arn.as_str())));
        }
    }
    Ok(json!({"Activities": found}))
}
