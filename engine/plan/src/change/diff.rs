//! [`plan_instance`]: one resource instance, as it is and as configured, to an action.
//!
//! What must hold: a plan keeps what the configuration says; an instance that is as configured
//! costs no more than comparing it; a tainted object is planned like a new one, and counts as
//! replaced.

use kprov_core::value::{paths_where, raw_equal, transform};
use kprov_core::{Diagnostic, Diagnostics, InstanceAddr, Marks, Path, SourceRange, Value};
use kprov_provider::{Block, PlanRequest, PlannedObject, Private, ProviderError, Resource};

use super::contract::check_plan;
use super::forced::replacing_paths;
use super::ignore::{Ignore, ignore_changes};
use super::proposed::proposed_new;
use crate::{Action, ActionReason, PriorObject, ReplaceOrder};

/// All that decides what becomes of an instance that is configured.
#[derive(Clone, Copy, Debug)]
pub struct InstancePlanRequest<'a> {
    /// Whose plan: for messages.
    pub addr: &'a InstanceAddr,
    /// The block's header: for messages.
    pub place: Option<&'a SourceRange>,
    /// The type's code.
    pub resource: &'a dyn Resource,
    /// Of the type.
    pub schema: &'a Block,
    /// Of its provider, without marks.
    pub provider_config: &'a Value,
    /// The object as it is; also one just imported.
    pub prior: Option<&'a PriorObject>,
    /// Of the schema's implied type, marked.
    pub config: &'a Value,
    /// `ignore_changes`
    pub ignore: &'a Ignore,
    /// `-replace` names it.
    pub replace_requested: bool,
    /// `replace_triggered_by` saw a change.
    pub replace_triggered: bool,
    /// Its own or a dependent's setting.
    pub create_before_destroy: bool,
    /// `prevent_destroy`
    pub prevent_destroy: bool,
}

/// What becomes of the instance.
#[derive(Clone, Debug)]
pub struct InstancePlan {
    /// What.
    pub action: Action,
    /// Why.
    pub reason: Option<ActionReason>,
    /// Marked; null for a new object.
    pub before: Value,
    /// Marked, with unknowns.
    pub after: Value,
    /// What forces the replacement.
    pub replace_paths: Vec<Path>,
    /// The provider's own, of the prior object.
    pub prior_private: Private,
    /// The provider's own, planned.
    pub planned_private: Private,
}

/// Plans one instance.
///
/// # Errors
/// What the provider refused, ephemeral values that would be stored, `prevent_destroy`.
pub fn plan_instance(request: &InstancePlanRequest<'_>) -> Result<InstancePlan, Diagnostics> {
    let (bare_config, marks) = request.config.clone().unmark_deep();
    if marks.contains(Marks::EPHEMERAL) {
        refuse_ephemeral(request)?;
    }
    let before = before(request);
    let prior = request.prior.map(|object| object.value.clone().unmark_deep().0);
    let tainted = request.prior.is_some_and(|object| object.tainted);
    // A tainted object is planned as if it were not there.
    let usable = prior.as_ref().filter(|_| !tainted);
    let config = match usable {
        Some(prior) => ignore_changes(request.ignore, request.schema, prior, &bare_config),
        None => std::borrow::Cow::Borrowed(&bare_config),
    };
    let subject = Subject { request, config: &config };
    let mut planned = subject.plan(usable)?;
    let mut replace_paths = Vec::new();
    let mut reason = None;
    let mut action = match (usable, &prior) {
        (None, None) => Action::Create,
        (None, Some(_)) => {
            reason = Some(ActionReason::ReplaceBecauseTainted);
            replacement(request)
        }
        (Some(prior), _) => {
            let (action, why, paths) = compare(request, prior, &planned);
            reason = why;
            replace_paths = paths;
            action
        }
    };
    if let (Some(_), Action::Replace(_)) = (usable, action) {
        // The new object has nothing of the old one's computed values.
        planned = subject.plan(None)?;
    }
    // What triggered is told before any other reason, also where there was nothing to replace.
    if request.replace_triggered {
        reason = Some(ActionReason::ReplaceByTriggers);
    }
    let anew = matches!(action, Action::Create | Action::Replace(_));
    let after = remark(request, &planned.value, marks, if anew { None } else { request.prior });
    // Only the marks can differ: Terraform updates an object to record new ones.
    if action == Action::NoOp && !raw_equal(&before, &after) {
        action = Action::Update;
    }
    if matches!(action, Action::Replace(_)) && request.prevent_destroy {
        return Err(destroy_prevented(request.addr, request.place).into());
    }
    Ok(InstancePlan {
        action,
        reason,
        before,
        after,
        replace_paths,
        prior_private: request.prior.map_or_else(Private::new, |object| object.private.clone()),
        planned_private: planned.private,
    })
}

/// An instance with the configuration to plan with.
struct Subject<'a> {
    request: &'a InstancePlanRequest<'a>,
    config: &'a Value,
}

impl Subject<'_> {
    fn plan(&self, prior: Option<&Value>) -> Result<PlannedObject, Diagnostics> {
        let request = self.request;
        let proposed = proposed_new(request.schema, prior, self.config);
        let private = request.prior.map_or(&[][..], |object| &object.private);
        let (config, provider) = (self.config, request.provider_config);
        let question = PlanRequest { prior, proposed: &proposed, config, private, provider };
        let planned =
            request.resource.plan(question).map_err(|error| provider_problem(request, error))?;
        if !raw_equal(&planned.value, &proposed) {
            check_plan(request.schema, prior, self.config, &planned.value)
                .map_err(|problem| problem.diagnostic(request.addr))?;
        }
        Ok(planned)
    }
}

/// The action for an object that is there and sound.
fn compare(
    request: &InstancePlanRequest<'_>,
    prior: &Value,
    planned: &PlannedObject,
) -> (Action, Option<ActionReason>, Vec<Path>) {
    let asked = request.replace_requested || request.replace_triggered;
    let equal = raw_equal(prior, &planned.value);
    if equal && !asked {
        return (Action::NoOp, None, Vec::new());
    }
    let paths = replacing_paths(request.schema, prior, &planned.value, &planned.requires_replace);
    let reason = if asked {
        ActionReason::ReplaceByRequest
    } else if !paths.is_empty() {
        ActionReason::ReplaceBecauseCannotUpdate
    } else {
        return (Action::Update, None, paths);
    };
    (replacement(request), Some(reason), paths)
}

fn replacement(request: &InstancePlanRequest<'_>) -> Action {
    Action::Replace(match request.create_before_destroy {
        true => ReplaceOrder::CreateFirst,
        false => ReplaceOrder::DeleteFirst,
    })
}

/// The prior object with the marks that the schema gives it.
fn before(request: &InstancePlanRequest<'_>) -> Value {
    request.prior.map_or(Value::NULL, |object| mark_by_schema(request.schema, &object.value))
}

/// The planned value with the configuration's marks and the schema's; what is ignored keeps those of
/// the object that is `kept`.
fn remark(
    request: &InstancePlanRequest<'_>,
    planned: &Value,
    marks: Marks,
    kept: Option<&PriorObject>,
) -> Value {
    let value = mark_by_schema(request.schema, planned);
    let ignores = kept.filter(|_| *request.ignore != Ignore::None);
    if !marks.contains(Marks::SENSITIVE) && ignores.is_none() {
        return value;
    }
    let sensitive = |value: &Value| value.marks().contains(Marks::SENSITIVE);
    let mut paths = paths_where(request.config, sensitive);
    if let Some(kept) = ignores {
        let ignored = |path: &Path| match request.ignore {
            Ignore::None => false,
            Ignore::All => true,
            Ignore::Paths(ignored) => ignored.iter().any(|it| it.is_prefix_of(path)),
        };
        paths.retain(|path| !ignored(path));
        paths.extend(paths_where(&kept.value, sensitive).into_iter().filter(ignored));
    }
    mark_paths(&value, &paths)
}

/// Marks the parts of `value` that the paths lead to. Where a path ends early, because something
/// on the way is unknown or null, what it ends at is marked.
pub fn mark_paths(value: &Value, paths: &[Path]) -> Value {
    paths.iter().fold(value.clone(), |value, path| mark_at(&value, path))
}

fn mark_at(value: &Value, path: &Path) -> Value {
    // What is below a sensitive part is so already; told twice, it would not be as it is stored.
    let above = (0..path.0.len()).map(|end| Path(path.0[..end].to_vec()));
    let is_marked = |part: &Value| part.marks().contains(Marks::SENSITIVE);
    if above.into_iter().any(|above| above.get(value).is_some_and(is_marked)) {
        return value.clone();
    }
    let end = (0..=path.0.len()).rev().find(|&end| {
        let path = Path(path.0[..end].to_vec());
        path.get(value).is_some()
    });
    let end = Path(path.0[..end.unwrap_or(0)].to_vec());
    if end != *path && end.get(value).is_some_and(|part| part.is_known() && !part.is_null()) {
        return value.clone();
    }
    transform(value, &mut |at, part| match *at == end {
        true => part.with_marks(Marks::SENSITIVE),
        false => part,
    })
}

/// `value` with marks on the attributes that the schema calls sensitive. Shares the value where
/// there are none.
pub fn mark_by_schema(block: &Block, value: &Value) -> Value {
    if !block.has_sensitive() || value.is_null() {
        return value.clone();
    }
    let (bare, marks) = value.clone().unmark();
    let Some(entries) = bare.as_entries() else { return value.clone() };
    let entries = entries.iter().map(|(name, part)| {
        let part = match (block.attributes.get(name), block.blocks.get(name)) {
            (Some(a), _) if a.sensitive => part.clone().with_marks(Marks::SENSITIVE),
            (None, Some(nested)) if nested.block.has_sensitive() => mark_items(&nested.block, part),
            _ => part.clone(),
        };
        (name.clone(), part)
    });
    Value::object(entries).with_marks(marks)
}

fn mark_items(block: &Block, value: &Value) -> Value {
    let (bare, marks) = value.clone().unmark();
    let marked = match &bare {
        Value::List(list) => Value::list(
            list.element().clone(),
            list.items().iter().map(|item| mark_by_schema(block, item)).collect(),
        ),
        Value::Tuple(items) => Value::tuple(items.iter().map(|it| mark_by_schema(block, it))),
        Value::Set(set) => Value::set(
            set.element().clone(),
            set.items().iter().map(|item| mark_by_schema(block, item)).collect(),
        ),
        Value::Map(map) => Value::map(
            map.element().clone(),
            map.entries()
                .iter()
                .map(|(k, item)| (k.clone(), mark_by_schema(block, item)))
                .collect(),
        ),
        _ => mark_by_schema(block, &bare),
    };
    marked.with_marks(marks)
}

fn refuse_ephemeral(request: &InstancePlanRequest<'_>) -> Result<(), Diagnostics> {
    let paths = paths_where(request.config, |value| value.marks().contains(Marks::EPHEMERAL));
    let stored = paths.into_iter().filter(|path| !is_write_only(request.schema, path));
    let problems: Diagnostics = stored
        .map(|path| {
            let detail = format!(
                "The value of {}{path} is ephemeral: it must never be stored, but this argument \
                 is kept in the state. Use a value that is not ephemeral, or a write-only argument.",
                request.addr
            );
            located(Diagnostic::error("Invalid use of ephemeral value", detail), request)
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn is_write_only(block: &Block, path: &Path) -> bool {
    let mut block = block;
    for step in &path.0 {
        let kprov_core::PathStep::Attribute(name) = step else { continue };
        if let Some(attribute) = block.attributes.get(name) {
            return attribute.write_only;
        }
        match block.blocks.get(name) {
            Some(nested) => block = &nested.block,
            None => return false,
        }
    }
    false
}

fn provider_problem(request: &InstancePlanRequest<'_>, error: ProviderError) -> Diagnostics {
    let detail = match &error.attribute {
        Some(path) => format!("{}{path}: {}", request.addr, error.message),
        None => error.message,
    };
    located(Diagnostic::error(error.summary, detail), request).into()
}

fn located(diagnostic: Diagnostic, request: &InstancePlanRequest<'_>) -> Diagnostic {
    let diagnostic = diagnostic.of(request.addr);
    match request.place {
        Some(place) => diagnostic.at(place.clone()),
        None => diagnostic,
    }
}

/// `prevent_destroy` stands against a delete or replacement.
pub fn destroy_prevented(addr: &InstanceAddr, place: Option<&SourceRange>) -> Diagnostic {
    let detail = format!(
        "Resource {addr} has lifecycle.prevent_destroy set, but the plan calls for this resource \
         to be destroyed. To avoid this error and continue with the plan, either disable \
         lifecycle.prevent_destroy or reduce the scope of the plan using the -target option."
    );
    let diagnostic = Diagnostic::error("Instance cannot be destroyed", detail).of(addr);
    match place {
        Some(place) => diagnostic.at(place.clone()),
        None => diagnostic,
    }
}

#[cfg(test)]
mod tests;
