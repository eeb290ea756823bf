//! [`check_plan`]: a provider may fill in what the configuration leaves open, and nothing else.

use kprov_core::value::raw_equal;
use kprov_core::{Diagnostic, Diagnostics, InstanceAddr, Path, PathStep, Value};
use kprov_provider::{Attribute, Block, Nesting};

/// A planned value that contradicts the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenPlan {
    /// Where.
    pub path: Path,
    /// What is wrong there; never a value.
    pub what: &'static str,
}

impl BrokenPlan {
    /// For people: it is the provider's fault, not theirs.
    pub fn diagnostic(&self, addr: &InstanceAddr) -> Diagnostics {
        let detail = format!(
            "The provider planned an invalid value for {addr}{}: {}. This is a bug in the \
             provider, not in the configuration; please report it to the provider's authors.",
            self.path, self.what
        );
        Diagnostic::error("Provider produced invalid plan", detail).of(addr).into()
    }
}

/// Checks that `planned` keeps what `config` says.
///
/// # Errors
/// The first part that does not.
pub fn check_plan(
    block: &Block,
    prior: Option<&Value>,
    config: &Value,
    planned: &Value,
) -> Result<(), BrokenPlan> {
    check_block(block, prior.unwrap_or(&Value::NULL), config, planned, &Path::root())
}

fn broken(path: &Path, what: &'static str) -> Result<(), BrokenPlan> {
    Err(BrokenPlan { path: path.clone(), what })
}

fn check_block(
    block: &Block,
    prior: &Value,
    config: &Value,
    planned: &Value,
    at: &Path,
) -> Result<(), BrokenPlan> {
    if !config.is_known() || config.is_null() {
        return Ok(());
    }
    if planned.as_entries().is_none() {
        return broken(at, "the block is configured, but not in the plan");
    }
    let part = |value: &Value, name: &str| value.get(name).cloned().unwrap_or(Value::NULL);
    for (name, attribute) in &block.attributes {
        let at = at.then(PathStep::Attribute(name.clone()));
        let Some(planned) = planned.get(name) else {
            return broken(&at, "the attribute is missing");
        };
        check_attribute(attribute, &part(prior, name), &part(config, name), planned, &at)?;
    }
    for (name, nested) in &block.blocks {
        let at = at.then(PathStep::Attribute(name.clone()));
        let Some(planned) = planned.get(name) else {
            return broken(&at, "the block is missing");
        };
        let (prior, config) = (part(prior, name), part(config, name));
        check_nested(&nested.block, nested.nesting, &prior, &config, planned, &at)?;
    }
    Ok(())
}

fn check_attribute(
    attribute: &Attribute,
    prior: &Value,
    config: &Value,
    planned: &Value,
    at: &Path,
) -> Result<(), BrokenPlan> {
    if attribute.write_only {
        return match planned.is_null() {
            true => Ok(()),
            false => broken(at, "a write-only attribute must be null"),
        };
    }
    if config.is_null() {
        let open = attribute.computed || attribute.default.is_some() || planned.is_null();
        return if open { Ok(()) } else { broken(at, "it is neither configured nor computed") };
    }
    // The provider may find that the prior value means the same as the configured one.
    let kept = raw_equal(planned, config) || (!prior.is_null() && raw_equal(planned, prior));
    if kept || !config.is_wholly_known() {
        return Ok(());
    }
    broken(at, "it differs from the configured value and from the prior one")
}

fn check_nested(
    block: &Block,
    nesting: Nesting,
    prior: &Value,
    config: &Value,
    planned: &Value,
    at: &Path,
) -> Result<(), BrokenPlan> {
    if !config.is_known() || config.is_null() {
        return Ok(());
    }
    match nesting {
        Nesting::Single | Nesting::Group => check_block(block, prior, config, planned, at),
        Nesting::List => {
            let (items, planned) = (config.as_items(), planned.as_items());
            let (items, planned) = (items.unwrap_or_default(), planned.unwrap_or_default());
            if items.len() != planned.len() {
                return broken(at, "the number of blocks differs from the configured one");
            }
            for (index, (item, planned)) in items.iter().zip(planned).enumerate() {
                let prior = prior.as_items().and_then(|items| items.get(index));
                let at = at.then(PathStep::Index(index as u64));
                check_block(block, prior.unwrap_or(&Value::NULL), item, planned, &at)?;
            }
            Ok(())
        }
        Nesting::Map => {
            for (key, item) in config.as_entries().into_iter().flatten() {
                let at = at.then(PathStep::Key(key.clone()));
                let Some(planned) = planned.get(key) else {
                    return broken(&at, "the block is configured, but not in the plan");
                };
                let prior = prior.get(key).cloned().unwrap_or(Value::NULL);
                check_block(block, &prior, item, planned, &at)?;
            }
            Ok(())
        }
        // Planned items cannot be told apart; only their number can be checked.
        Nesting::Set => match (config.as_items(), planned.as_items()) {
            (Some(items), Some(planned))
                if config.is_wholly_known() && planned.len() > items.len() =>
            {
                broken(at, "there are more blocks than configured")
            }
            _ => Ok(()),
        },
    }
}
