//! What a group launches: a launch template, or a mixed instances policy over one.
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::invalid;
use crate::service::ec2::launch_template;
use crate::wire::fault::Fault;
use crate::world::scope::Scope;

/// Either of the two, as it was given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Config {
    pub(super) template: Option<Value>,
    pub(super) mixed: Option<Value>,
}

/// What one instance is launched from.
#[derive(Debug, Clone)]
pub(super) struct Recipe {
    /// Id, name and version: what a member shows.
    pub(super) template: Value,
    pub(super) data: Value,
    pub(super) spot: bool,
}

impl Config {
    /// From members of a call or of a desired configuration.
    pub(super) fn of(given: &Value) -> Config {
        let part = |name: &str| given.get(name).filter(|value| value.is_object()).cloned();
        Config { template: part("LaunchTemplate"), mixed: part("MixedInstancesPolicy") }
    }

    /// Says something at all.
    pub(super) fn is_some(&self) -> bool {
        self.template.is_some() || self.mixed.is_some()
    }

    fn specification(&self) -> Value {
        match (&self.template, &self.mixed) {
            (Some(template), _) => template.clone(),
            (None, Some(mixed)) => mixed["LaunchTemplate"]["LaunchTemplateSpecification"].clone(),
            (None, None) => Value::Null,
        }
    }

    /// Does its launch template's version move by itself?
    pub(super) fn floats(&self) -> bool {
        let version = self.specification()["Version"].as_str().unwrap_or("$Default").to_owned();
        version.starts_with('$')
    }

    /// Checks it, and writes down id and name of the template, as describes show both.
    pub(super) fn checked(mut self, scope: &mut Scope<'_>) -> Result<Config, Fault> {
        if self.template.is_some() && self.mixed.is_some() {
            return Err(invalid(
                "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.",
            ));
        }
        let mut spec = self.specification();
        let resolved = launch_template::resolve(scope, &spec);
        let (id, _, _) = resolved.map_err(|fault| {
            invalid(format!("You must use a valid fully-formed launch template. {}", fault.message))
        })?;
        let name =
            scope.realm().ec2.launch_templates.get(&id).map(|template| template.name.clone());
        spec["LaunchTemplateId"] = json!(id);
        spec["LaunchTemplateName"] = json!(name);
        match (&mut self.template, &mut self.mixed) {
            (Some(template), _) => *template = spec,
            (None, Some(mixed)) => {
                mixed["LaunchTemplate"]["LaunchTemplateSpecification"] = spec;
                fill_distribution(&mut mixed["InstancesDistribution"]);
            }
            (None, None) => {}
        }
        Ok(self)
    }

    /// What the next instance is launched from. `running` are on-demand and spot members.
    pub(super) fn recipe(
        &self,
        scope: &mut Scope<'_>,
        running: (usize, usize),
    ) -> Result<Recipe, Fault> {
        let spec = self.specification();
        // Both are written down; the id is the one that stays.
        let by_id =
            json!({"LaunchTemplateId": spec["LaunchTemplateId"], "Version": spec["Version"]});
        let (id, number, mut data) = launch_template::resolve(scope, &by_id)?;
        let name = spec["LaunchTemplateName"].clone();
        let template = json!({"LaunchTemplateId": id, "LaunchTemplateName": name, "Version": number.to_string()});
        let mut spot = data["InstanceMarketOptions"]["MarketType"] == "spot";
        if let Some(mixed) = &self.mixed {
            let overrides = mixed["LaunchTemplate"]["Overrides"].as_array();
            if let Some(first) = overrides.and_then(|list| list.first()) {
                if first["InstanceType"].is_string() {
                    data["InstanceType"] = first["InstanceType"].clone();
                } else if first["InstanceRequirements"].is_object() {
                    data["InstanceType"] = json!("m5.large");
                }
            }
            spot = wants_spot(&mixed["InstancesDistribution"], running);
        }
        if data["InstanceRequirements"].is_object() && !data["InstanceType"].is_string() {
            data["InstanceType"] = json!("m5.large");
        }
        Ok(Recipe { template, data, spot })
    }
}

fn fill_distribution(given: &mut Value) {
    for (name, default) in [
        ("OnDemandAllocationStrategy", json!("prioritized")),
        ("OnDemandBaseCapacity", json!(0)),
        ("OnDemandPercentageAboveBaseCapacity", json!(100)),
        ("SpotAllocationStrategy", json!("lowest-price")),
    ] {
        if given.get(name).is_none_or(Value::is_null) {
            given[name] = default;
        }
    }
}

fn wants_spot(distribution: &Value, (on_demand, spot): (usize, usize)) -> bool {
    let number = |name: &str, default: u64| distribution[name].as_u64().unwrap_or(default) as usize;
    let base = number("OnDemandBaseCapacity", 0);
    let percent = number("OnDemandPercentageAboveBaseCapacity", 100);
    if on_demand < base {
        return false;
    }
    // The share of on-demand among what is above the base, the new one included, rounded up.
    let above = on_demand - base + spot + 1;
    on_demand - base >= (above * percent).div_ceil(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_demand_comes_first_and_keeps_its_share() {
        let half = json!({"OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 50});
        let mut counts = (0, 0);
        let mut order = String::new();
        for _ in 0..5 {
            if wants_spot(&half, counts) {
                counts.1 += 1;
                order.push('s');
            } else {
                counts.0 += 1;
                order.push('o');
            }
        }
        assert_eq!(order, "oosos");
        assert!(!wants_spot(&json!({}), (3, 0)), "on demand alone is the default");
        assert!(wants_spot(&json!({"OnDemandPercentageAboveBaseCapacity": 0}), (0, 0)));
    }
}
