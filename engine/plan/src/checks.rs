//! Conditions: validations, preconditions, postconditions and asserts.

use std::collections::BTreeMap;

use kprov_core::value::convert;
use kprov_core::{
    Diagnostic, Diagnostics, InstanceKey, Marks, ModuleAddr, ModulePath, ResourceName, SourceRange,
    Str, Type, Value,
};
use kprov_lang::SourceMap;
use kprov_lang::config::CheckRule;

use crate::evaluation::BlockScope;
use crate::{CheckKind, CheckObject, CheckReport, CheckStatus};

/// What a condition's failure is called, and whether it is fatal.
#[derive(Clone, Debug)]
pub(crate) enum RuleKind {
    /// `lifecycle { precondition {} }`
    Precondition,
    /// `lifecycle { postcondition {} }`
    Postcondition,
    /// A precondition of an output.
    Output,
    /// `assert` of a `check` block: a warning.
    Assert,
    /// `validation` of a variable; where the value was given.
    Validation(Option<SourceRange>),
}

impl RuleKind {
    fn summary(&self) -> &'static str {
        match self {
            RuleKind::Precondition => "Resource precondition failed",
            RuleKind::Postcondition => "Resource postcondition failed",
            RuleKind::Output => "Module output value precondition failed",
            RuleKind::Assert => "Check block assertion failed",
            RuleKind::Validation(_) => "Invalid value for variable",
        }
    }
}

/// What became of some conditions.
#[derive(Clone, Debug)]
pub(crate) struct RuleResult {
    pub(crate) status: CheckStatus,
    pub(crate) problems: Vec<String>,
    pub(crate) found: Diagnostics,
}

/// Evaluates conditions; `Pass` if there are none.
pub(crate) fn evaluate_rules(
    rules: &[CheckRule],
    kind: &RuleKind,
    scope: &BlockScope<'_, '_>,
    sources: &SourceMap,
) -> RuleResult {
    let mut result =
        RuleResult { status: CheckStatus::Pass, problems: Vec::new(), found: Diagnostics::new() };
    for rule in rules {
        let status = match condition(rule, scope, sources) {
            Ok(Some(true)) => CheckStatus::Pass,
            Ok(None) => CheckStatus::Unknown,
            Ok(Some(false)) => {
                fail(rule, kind, scope, sources, &mut result);
                CheckStatus::Fail
            }
            Err(problems) => {
                result.found.extend(problems);
                CheckStatus::Error
            }
        };
        result.status = worse(result.status, status);
    }
    result
}

fn condition(
    rule: &CheckRule,
    scope: &BlockScope<'_, '_>,
    sources: &SourceMap,
) -> Result<Option<bool>, Diagnostics> {
    let value = scope.evaluate(&rule.condition)?.unmark_deep().0;
    let invalid = |why: String| {
        let range = sources.range(rule.condition.span);
        Diagnostics::from(Diagnostic::error("Invalid condition result", why).at(range))
    };
    if value.is_null() {
        let why = "Condition expression must return either true or false, not null.";
        return Err(invalid(why.to_owned()));
    }
    match convert(&value, &Type::Bool) {
        Ok(Value::Bool(truth)) => Ok(Some(truth)),
        Ok(_) => Ok(None),
        Err(error) => Err(invalid(format!("Invalid condition result value: {}.", error.message))),
    }
}

fn fail(
    rule: &CheckRule,
    kind: &RuleKind,
    scope: &BlockScope<'_, '_>,
    sources: &SourceMap,
    result: &mut RuleResult,
) {
    let message = message(rule, scope, sources, &mut result.found);
    result.problems.push(message.clone());
    let condition = sources.range(rule.condition.span);
    let diagnostic = match kind {
        RuleKind::Assert => Diagnostic::warning(kind.summary(), message).at(condition),
        RuleKind::Validation(given) => {
            let at = sources.range(rule.span);
            let detail = format!(
                "{message}\n\nThis was checked by the validation rule at {}:{},{}-{}.",
                at.filename, at.start.line, at.start.column, at.end.column
            );
            let problem = Diagnostic::error(kind.summary(), detail);
            match given {
                Some(given) => problem.at(given.clone()),
                None => problem.at(at),
            }
        }
        _ => Diagnostic::error(kind.summary(), message).at(condition),
    };
    result.found.push(diagnostic);
}

fn message(
    rule: &CheckRule,
    scope: &BlockScope<'_, '_>,
    sources: &SourceMap,
    found: &mut Diagnostics,
) -> String {
    let Some(value) = found.collect(scope.evaluate(&rule.error_message)) else {
        return "This check failed, but its error message cannot be evaluated.".to_owned();
    };
    let (value, marks) = value.unmark_deep();
    let range = || sources.range(rule.error_message.span);
    if marks.contains(Marks::SENSITIVE) {
        let detail = "The error expression used to explain this condition refers to sensitive \
                      values, so the message will not be displayed. You can correct this by \
                      removing references to sensitive values, or by carefully using the \
                      nonsensitive() function if the expression will not reveal the sensitive data.";
        let problem = Diagnostic::warning("Error message refers to sensitive values", detail);
        found.push(problem.at(range()));
        return "The error message included a sensitive value, so it will not be displayed."
            .to_owned();
    }
    match convert(&value, &Type::String) {
        Ok(Value::String(text)) => text.trim().to_owned(),
        _ => {
            let detail = "The error_message must be a string that is known when the check is made.";
            found.push(Diagnostic::error("Invalid error message", detail).at(range()));
            "This check failed, but its error message is not a known string.".to_owned()
        }
    }
}

/// Of two results the one that says more against the configuration.
fn worse(a: CheckStatus, b: CheckStatus) -> CheckStatus {
    let rank = |status: CheckStatus| match status {
        CheckStatus::Pass => 0,
        CheckStatus::Unknown => 1,
        CheckStatus::Fail => 2,
        CheckStatus::Error => 3,
    };
    if rank(b) > rank(a) { b } else { a }
}

/// Which block a result is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CheckedBlock {
    pub(crate) kind: CheckKind,
    pub(crate) module: ModulePath,
    pub(crate) name: Str,
    pub(crate) resource: Option<ResourceName>,
}

/// Collects results by block and instance.
#[derive(Clone, Debug, Default)]
pub(crate) struct CheckResults {
    blocks: BTreeMap<CheckedBlock, BTreeMap<(ModuleAddr, InstanceKey), CheckObject>>,
}

impl CheckResults {
    /// Adds a result to what is known of an instance.
    pub(crate) fn add(
        &mut self,
        block: &CheckedBlock,
        module: &ModuleAddr,
        key: &InstanceKey,
        status: CheckStatus,
        problems: Vec<String>,
    ) {
        let objects = match self.blocks.get_mut(block) {
            Some(objects) => objects,
            None => self.blocks.entry(block.clone()).or_default(),
        };
        let object = objects.entry((module.clone(), key.clone())).or_insert_with(|| CheckObject {
            module: module.clone(),
            key: key.clone(),
            status: CheckStatus::Pass,
            problems: Vec::new(),
        });
        object.status = worse(object.status, status);
        object.problems.extend(problems);
    }

    /// The block has conditions, whether any instance is checked or not.
    pub(crate) fn declare(&mut self, block: CheckedBlock) {
        self.blocks.entry(block).or_default();
    }

    /// Forgets what is known of an instance, before it is checked anew.
    pub(crate) fn reset(&mut self, block: &CheckedBlock, module: &ModuleAddr, key: &InstanceKey) {
        if let Some(objects) = self.blocks.get_mut(block) {
            objects.remove(&(module.clone(), key.clone()));
        }
    }

    /// What was found before.
    pub(crate) fn from_reports(reports: &[CheckReport]) -> CheckResults {
        let blocks = reports.iter().map(|report| {
            let block = CheckedBlock {
                kind: report.kind,
                module: report.module.clone(),
                name: report.name.clone(),
                resource: report.resource.clone(),
            };
            let objects = report
                .objects
                .iter()
                .map(|object| ((object.module.clone(), object.key.clone()), object.clone()))
                .collect();
            (block, objects)
        });
        CheckResults { blocks: blocks.collect() }
    }

    /// Everything, in order.
    pub(crate) fn reports(&self) -> Vec<CheckReport> {
        self.blocks
            .iter()
            .map(|(block, objects)| CheckReport {
                kind: block.kind,
                module: block.module.clone(),
                name: block.name.clone(),
                resource: block.resource.clone(),
                status: match objects.is_empty() {
                    true => CheckStatus::Unknown,
                    false => objects
                        .values()
                        .fold(CheckStatus::Pass, |status, object| worse(status, object.status)),
                },
                objects: objects.values().cloned().collect(),
            })
            .collect()
    }
}
