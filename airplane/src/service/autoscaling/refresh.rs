//! Instance refreshes: started, cancelled, rolled back, shown. What they do is in `refresh_step`.
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::config::Config;
use super::group::{self, named, staying};
use super::members::of_group;
use super::{invalid, reconcile};
use crate::around::call::Call;
use crate::service::Action;
use crate::service::ec2::launch::BY_PARAMETER;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;
use crate::world::scope::Scope;

pub(crate) const ACTIONS: &[Action] = &[
    ("StartInstanceRefresh", start),
    ("CancelInstanceRefresh", cancel),
    ("RollbackInstanceRefresh", roll_back),
    ("DescribeInstanceRefreshes", describe),
];

/// A refresh.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Refresh {
    pub(super) group: String,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    pub(super) started: Millis,
    pub(super) ended: Option<Millis>,
    pub(super) preferences: Map<String, Value>,
    pub(super) wanted: Option<Value>,
    /// What the group had before.
    pub(super) before: Config,
    /// Instances that are still to be replaced.
    pub(super) left: Vec<String>,
    pub(super) total: usize,
    /// How many shall be replaced: all, unless the last checkpoint is below 100 percent.
    #[serde(default)]
    pub(super) goal: Option<usize>,
    /// How many have a successor that is in service and warm.
    #[serde(default)]
    pub(super) updated: usize,
    /// Members that were none of its business when it began: they match already.
    #[serde(default)]
    pub(super) kept: usize,
    /// Since when only members that it must wait for are left.
    #[serde(default)]
    pub(super) blocked: Option<Millis>,
    /// Percentages at which it waits yet.
    pub(super) checkpoints: Vec<i64>,
    pub(super) wait_until: Millis,
    pub(super) failures: u32,
    pub(super) rolling_back: bool,
}

impl Refresh {
    pub(super) fn number(&self, name: &str, default: i64) -> i64 {
        self.preferences.get(name).and_then(Value::as_i64).unwrap_or(default)
    }

    pub(super) fn truth(&self, name: &str) -> bool {
        self.preferences.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Has it not ended yet?
    pub(super) fn is_open(&self) -> bool {
        matches!(
            self.status.as_str(),
            "Pending" | "InProgress" | "Cancelling" | "RollbackInProgress" | "Baking"
        )
    }

    /// How many shall be replaced.
    pub(super) fn goal(&self) -> usize {
        self.goal.unwrap_or(self.total)
    }

    /// How much is done.
    pub(super) fn percentage(&self) -> i64 {
        let percentage = (self.updated * 100).checked_div(self.total).unwrap_or(100);
        i64::try_from(percentage).unwrap_or(100)
    }
}

/// The open refresh of a group.
pub(super) fn open_of(scope: &mut Scope<'_>, name: &str) -> Option<(String, Refresh)> {
    let all = scope.realm().autoscaling.refreshes.iter();
    let mut open = all.filter(|(_, refresh)| refresh.group == name && refresh.is_open());
    open.next().map(|(id, refresh)| (id.to_owned(), refresh.clone()))
}

fn checked(call: &mut Call<'_>, config: &Config) -> Result<Map<String, Value>, Fault> {
    let given = call.get("Preferences").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut all = Map::new();
    let name = call.str("AutoScalingGroupName");
    let group = call.realm().autoscaling.groups.get(&name);
    let policy = group.and_then(|group| group.others.get("InstanceMaintenancePolicy"));
    let of_policy = |name: &str, default: i64| {
        let value = policy.and_then(|policy| policy[name].as_i64()).filter(|value| *value >= 0);
        json!(value.unwrap_or(default))
    };
    for (name, default) in [
        ("MinHealthyPercentage", of_policy("MinHealthyPercentage", 90)),
        ("MaxHealthyPercentage", of_policy("MaxHealthyPercentage", 100)),
        ("SkipMatching", json!(false)),
        ("AutoRollback", json!(false)),
        ("ScaleInProtectedInstances", json!("Wait")),
        ("StandbyInstances", json!("Wait")),
    ] {
        all.insert(name.to_owned(), default);
    }
    all.extend(given.into_iter().filter(|(_, value)| !value.is_null()));
    let number = |name: &str| all.get(name).and_then(Value::as_i64).unwrap_or(0);
    let (min, max) = (number("MinHealthyPercentage"), number("MaxHealthyPercentage"));
    if !(0..=100).contains(&min) || !(100..=200).contains(&max) {
        return Err(invalid(
            "MinHealthyPercentage must be between 0 and 100, MaxHealthyPercentage between 100 and 200",
        ));
    }
    if max - min > 100 {
        return Err(invalid(
            "The difference between MaxHealthyPercentage and MinHealthyPercentage cannot be greater than 100.",
        ));
    }
    let steps: Vec<i64> = all
        .get("CheckpointPercentages")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_i64)
        .collect();
    if steps.windows(2).any(|pair| pair[0] >= pair[1])
        || steps.iter().any(|step| !(1..=100).contains(step))
    {
        return Err(invalid(
            "CheckpointPercentages must be unique, ascending, and between 1 and 100",
        ));
    }
    if steps.is_empty() && all.contains_key("CheckpointDelay") {
        return Err(invalid(
            "CheckpointDelay must be specified together with CheckpointPercentages",
        ));
    }
    if all.get("AutoRollback").and_then(Value::as_bool) == Some(true) {
        if !config.is_some() {
            return Err(invalid(
                "A desired configuration must be specified when auto rollback is enabled.",
            ));
        }
        let now = call.str("AutoScalingGroupName");
        let current = call.realm().autoscaling.groups.get(&now).map(|group| group.config.floats());
        if config.floats() || current == Some(true) {
            return Err(invalid(
                "Auto rollback is not supported with the $Latest or $Default version of a launch template.",
            ));
        }
    }
    Ok(all)
}

fn start(call: &mut Call<'_>) -> Outcome {
    let (name, group) = staying(call)?;
    if open_of(call, &name).is_some() {
        let message = "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.";
        return Err(Fault::new("InstanceRefreshInProgress", message));
    }
    if call
        .opt_str("Strategy")
        .is_some_and(|strategy| strategy != "Rolling" && strategy != "ReplaceRootVolume")
    {
        return Err(invalid("Strategy must be Rolling"));
    }
    let wanted = call.get("DesiredConfiguration").cloned();
    let mut config = wanted.as_ref().map(Config::of).unwrap_or_default();
    let preferences = checked(call, &config)?;
    if config.is_some() {
        config = config.checked(call)?;
        group::edit(call, &name, |group| group.refreshing = Some(config.clone()));
    }
    let target = if config.is_some() { config } else { group.config.clone() };
    let recipe = target.recipe(call, (0, 0))?;
    let by_parameter =
        recipe.data["ImageId"].as_str().is_some_and(|id| id.starts_with(BY_PARAMETER));
    if by_parameter && preferences.get("AutoRollback").and_then(Value::as_bool) == Some(true) {
        return Err(invalid(
            "Auto rollback is not supported with a launch template whose ImageId is a parameter.",
        ));
    }
    let matching = preferences.get("SkipMatching").and_then(Value::as_bool) == Some(true);
    let members: Vec<_> = of_group(call, &name)
        .into_iter()
        .filter(|(_, member)| !member.is_leaving() && !member.is_warm())
        .collect();
    let count = members.len();
    let left: Vec<String> = members
        .into_iter()
        .filter(|(_, member)| {
            !matching
                || member.template != recipe.template
                || member.kind != recipe.data["InstanceType"].as_str().unwrap_or(&member.kind)
        })
        .map(|(id, _)| id)
        .collect();
    let checkpoints = preferences.get("CheckpointPercentages").and_then(Value::as_array);
    let mut checkpoints: Vec<i64> =
        checkpoints.into_iter().flatten().filter_map(Value::as_i64).collect();
    // "To replace all instances in the Auto Scaling group, the last number in the array must be 100."
    let last = usize::try_from(checkpoints.pop().unwrap_or(100)).unwrap_or(100);
    let refresh = Refresh {
        group: name.clone(),
        status: "Pending".to_owned(),
        started: call.now(),
        total: left.len(),
        kept: count - left.len(),
        goal: Some((left.len() * last).div_ceil(100)),
        left,
        checkpoints,
        preferences,
        wanted,
        before: group.config,
        ..Refresh::default()
    };
    let (now, id) = (call.now(), call.world.ids.uuid());
    // History of the group, which goes with it.
    call.realm().autoscaling.refreshes.insert_implicit(&id, refresh, now);
    reconcile::soon(call, &name);
    Ok(json!({"InstanceRefreshId": id}))
}

fn no_refresh() -> Fault {
    let message = "No in progress or pending Instance Refresh found for the Auto Scaling group.";
    Fault::new("ActiveInstanceRefreshNotFound", message)
}

fn cancel(call: &mut Call<'_>) -> Outcome {
    let (name, _) = named(call)?;
    let (id, refresh) = open_of(call, &name).ok_or_else(no_refresh)?;
    if refresh.status == "Cancelling" {
        return Err(no_refresh());
    }
    edit(call, &id, |refresh| refresh.status = "Cancelling".to_owned());
    Ok(json!({"InstanceRefreshId": id}))
}

/// Changes a refresh that is there.
pub(super) fn edit(scope: &mut Scope<'_>, id: &str, change: impl FnOnce(&mut Refresh)) {
    if let Some(refresh) = scope.realm().autoscaling.refreshes.get_mut(id) {
        change(refresh);
    }
}

fn roll_back(call: &mut Call<'_>) -> Outcome {
    let (name, _) = staying(call)?;
    let (id, refresh) = open_of(call, &name).ok_or_else(no_refresh)?;
    if refresh.wanted.is_none() || refresh.before.floats() {
        let message = "The instance refresh cannot be rolled back: it has no desired configuration, or the group used $Latest or $Default before.";
        return Err(Fault::new("IrreversibleInstanceRefresh", message));
    }
    super::refresh_step::turn_back(call, &id, "A rollback was asked for.");
    reconcile::soon(call, &name);
    Ok(json!({"InstanceRefreshId": id}))
}

fn render(id: &str, refresh: &Refresh) -> Value {
    let mut out = json!({
        "InstanceRefreshId": id, "AutoScalingGroupName": refresh.group, "Status": refresh.status,
        "StartTime": refresh.started, "PercentageComplete": refresh.percentage(), "InstancesToUpdate": refresh.total.saturating_sub(refresh.updated),
        "Preferences": refresh.preferences, "Strategy": "Rolling",
    });
    if let Some(reason) = &refresh.reason {
        out["StatusReason"] = json!(reason);
    }
    if let Some(ended) = refresh.ended {
        out["EndTime"] = json!(ended);
    }
    if let Some(wanted) = &refresh.wanted {
        out["DesiredConfiguration"] = wanted.clone();
    }
    if refresh.rolling_back {
        out["RollbackDetails"] =
            json!({"RollbackReason": refresh.reason.clone().unwrap_or_default()});
    }
    out
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let (name, _) = named(call)?;
    let ids = call.strings("InstanceRefreshIds");
    let all = call.realm().autoscaling.refreshes.iter().rev();
    let found: Vec<Value> = all
        .filter(|(id, refresh)| {
            refresh.group == name && (ids.is_empty() || ids.iter().any(|wanted| wanted == id))
        })
        .map(|(id, refresh)| render(id, refresh))
        .collect();
    Ok(json!({"InstanceRefreshes": found}))
}
