//! Warm pools: instances that were launched in advance and wait beside the group.
use serde_json::{Value, json};

use super::group::{edit, named, staying};
use super::members::{edit as edit_member, of_group};
use super::{activities, launching, reconcile};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;

pub(crate) const ACTIONS: &[Action] =
    &[("PutWarmPool", put), ("DeleteWarmPool", delete), ("DescribeWarmPool", describe)];

fn put(call: &mut Call<'_>) -> Outcome {
    let (name, _) = staying(call)?;
    let mut pool = json!({
        "MinSize": call.opt_int("MinSize").unwrap_or(0),
        "PoolState": call.opt_str("PoolState").unwrap_or_else(|| "Stopped".to_owned()),
    });
    for member in ["MaxGroupPreparedCapacity", "InstanceReusePolicy"] {
        if let Some(value) = call.get(member).filter(|value| value.as_i64() != Some(-1)) {
            pool[member] = value.clone();
        }
    }
    edit(call, &name, |group| group.warm_pool = Some(pool));
    reconcile::soon(call, &name);
    Ok(json!({}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let (name, _) = named(call)?;
    let force = call.opt_bool("ForceDelete").unwrap_or(false);
    let warm: Vec<String> = of_group(call, &name)
        .into_iter()
        .filter(|(_, member)| member.is_warm())
        .map(|(id, _)| id)
        .collect();
    if !warm.is_empty() && !force {
        let message = "The warm pool still has instances; delete it with ForceDelete.";
        return Err(Fault::new("ResourceInUse", message));
    }
    for id in warm {
        launching::end(call, &id, "The warm pool was deleted.");
    }
    edit(call, &name, |group| group.warm_pool = None);
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let (name, group) = named(call)?;
    let warm = of_group(call, &name);
    let instances: Vec<Value> = warm
        .iter()
        .filter(|(_, member)| member.is_warm())
        .map(|(id, member)| member.render(id, false))
        .collect();
    let mut out = json!({"Instances": instances});
    if let Some(pool) = group.warm_pool {
        out["WarmPoolConfiguration"] = pool;
    }
    Ok(out)
}

/// Fills the pool up to what the group may have in advance.
pub(super) fn fit(scope: &mut Scope<'_>, name: &str) {
    let Some(group) = scope.realm().autoscaling.groups.get(name).cloned() else { return };
    let Some(pool) = &group.warm_pool else { return };
    if group.is_suspended("Launch") || scope.now() < group.retry_at {
        return;
    }
    let prepared = pool["MaxGroupPreparedCapacity"].as_i64().unwrap_or(group.max);
    let wanted = (prepared - group.desired).max(pool["MinSize"].as_i64().unwrap_or(0)).max(0);
    let members = of_group(scope, name);
    let there = members.iter().filter(|(_, member)| member.is_warm()).count();
    let state = pool["PoolState"].as_str().unwrap_or("Stopped").to_owned();
    for _ in i64::try_from(there).unwrap_or(0)..wanted {
        if !launching::start(scope, name, false) {
            return;
        }
        let newest = of_group(scope, name).into_iter().next_back();
        if let Some((id, member)) = newest {
            activities::finish(scope, &member.activity, Ok(()));
            edit_member(scope, &id, |member| {
                member.state = format!("Warmed:{state}");
                member.activity.clear();
            });
        }
    }
}
