//! Rules about single values: what a schema, a plan and a result must look like.

use kprov_core::value::{conforms, convert};
use kprov_core::{Path, Type, Value};

use super::Run;
use crate::testing::proposed;
use crate::{Object, PlanRequest, PlannedObject};

impl Run<'_> {
    /// Every attribute says what it is, and is set by the user or by the provider.
    pub(super) fn check_schema(&mut self) {
        let schema = self.schema;
        for (name, attribute) in &schema.schema.block.attributes {
            let settable = attribute.required || attribute.optional;
            let sound = (settable || attribute.computed)
                && !(attribute.required && (attribute.optional || attribute.computed))
                && !(attribute.write_only && attribute.computed);
            self.expect(sound, "schema", || {
                format!(
                    "{name} must be one of required, optional and computed, and not required \
                         as well as another"
                )
            });
            self.expect(!attribute.description.is_empty(), "schema", || {
                format!("{name} has no description")
            });
            let fits = attribute.default.as_ref().is_none_or(|default| {
                !attribute.required && convert(default, &attribute.ty).as_ref() == Ok(default)
            });
            self.expect(fits, "schema", || format!("the default of {name} is not of its type"));
        }
    }

    /// Plans from `prior` to `config` as the engine does, holding the plan to its rules.
    pub(super) fn plan(&mut self, prior: Option<&Object>, config: &Value) -> Option<PlannedObject> {
        let private = prior.map_or(&[][..], |object| &object.private);
        let prior = prior.map(|object| &object.value);
        let config = self.config(config);
        let proposed = proposed(&self.schema.schema.block, prior, &config);
        let ask = || {
            let request = PlanRequest {
                prior,
                proposed: &proposed,
                config: &config,
                private,
                provider: &self.provider_config,
            };
            self.resource.plan(request)
        };
        let planned = match (ask(), ask()) {
            (Ok(planned), Ok(again)) => {
                let same = planned.value == again.value
                    && planned.requires_replace == again.requires_replace
                    && planned.private == again.private;
                self.expect(same, "plan is deterministic", || {
                    "two plans of one request differ".to_owned()
                });
                planned
            }
            (Err(error), _) | (_, Err(error)) => {
                self.fail("plan", error.to_string());
                return None;
            }
        };
        self.check_planned(&config, prior, &planned.value);
        Some(planned)
    }

    /// A plan keeps what is configured, and fills in only what is the provider's.
    fn check_planned(&mut self, config: &Value, prior: Option<&Value>, planned: &Value) {
        self.check_type("plan", planned);
        for (name, attribute) in &self.schema.schema.block.attributes {
            let part = |value: &Value| value.get(name).cloned().unwrap_or(Value::NULL);
            let (wanted, planned) = (part(config), part(planned));
            let kept = if attribute.write_only {
                planned.is_null()
            } else if wanted.is_null() {
                attribute.computed || attribute.default.is_some() || planned.is_null()
            } else {
                planned == wanted || prior.is_some_and(|prior| planned == part(prior))
            };
            self.expect(kept, "plan keeps the configuration", || {
                format!("{name} is planned differently")
            });
        }
    }

    /// Attributes whose change forces a replacement from `prior` to the plan.
    pub(super) fn forced(&self, prior: &Value, planned: &PlannedObject) -> Vec<Path> {
        let changed = |path: &Path| path.get(prior) != path.get(&planned.value);
        let by_schema = self.schema.schema.block.attributes.iter().filter(|(_, a)| a.force_new);
        let by_schema = by_schema.map(|(name, _)| Path::attribute(name.clone()));
        planned.requires_replace.iter().cloned().chain(by_schema).filter(changed).collect()
    }

    /// A result is wholly known, of the schema's type, and what was planned.
    pub(super) fn check_result(&mut self, rule: &'static str, planned: &Value, result: &Value) {
        self.check_known(rule, result);
        for (name, attribute) in &self.schema.schema.block.attributes {
            let part = |value: &Value| value.get(name).cloned().unwrap_or(Value::NULL);
            let (planned, result) = (part(planned), part(result));
            self.expect(agrees(&planned, &result), "results keep what was planned", || {
                format!("after {rule}, {name} is not what was planned")
            });
            self.expect(
                !attribute.write_only || result.is_null(),
                "write-only is not kept",
                || format!("after {rule}, {name} has a value"),
            );
        }
    }

    pub(super) fn check_known(&mut self, rule: &'static str, result: &Value) {
        self.expect(result.is_wholly_known(), "results are known", || {
            format!("after {rule}, parts are unknown")
        });
        self.check_type(rule, result);
    }

    fn check_type(&mut self, rule: &'static str, value: &Value) {
        let wanted = self.schema.schema.block.implied_type();
        self.expect(fits(&value.ty(), &wanted), "values have the schema's type", || {
            format!(
                "in {rule}: {} instead of {}",
                value.ty().constraint_name(),
                wanted.constraint_name()
            )
        });
    }
}

/// [`conforms`], but `Dynamic` in the schema takes any type.
fn fits(ty: &Type, wanted: &Type) -> bool {
    match (ty, wanted) {
        (_, Type::Dynamic) => true,
        (Type::Object(a), Type::Object(b)) => {
            let (a, b) = (a.attributes(), b.attributes());
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && fits(&a.1, &b.1))
        }
        (ty, wanted) => conforms(ty, wanted),
    }
}

/// Is `result` what `planned` may become?
fn agrees(planned: &Value, result: &Value) -> bool {
    match (planned, result) {
        (Value::Unknown(unknown), result) => {
            (result.is_null() && !unknown.refinements().not_null)
                || *unknown.ty() == Type::Dynamic
                || fits(&result.ty(), unknown.ty())
        }
        _ if planned.is_wholly_known() => planned == result,
        _ => match (planned.as_items(), result.as_items()) {
            (Some(planned), Some(result)) => {
                planned.len() == result.len()
                    && planned.iter().zip(result).all(|(a, b)| agrees(a, b))
            }
            _ => match (planned.as_entries(), result.as_entries()) {
                (Some(planned), Some(result)) => {
                    planned.len() == result.len()
                        && planned.iter().zip(result).all(|((a, x), (b, y))| a == b && agrees(x, y))
                }
                _ => false,
            },
        },
    }
}
