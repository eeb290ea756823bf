//! Creates, updates and reads: the configuration evaluated with what is known by now, and the
//! provider's final plan, which must keep what was planned.

use kprov_core::value::{raw_equal, transform};
use kprov_core::{
    Diagnostic, Diagnostics, InstanceAddr, InstanceKey, Path, PathStep, ResourceMode, Value,
};
use kprov_lang::ast::Body;
use kprov_provider::{Block, Object, PlanRequest};

use super::{ApplyResolver, Target};
use crate::change::diff::mark_by_schema;
use crate::change::ignore::{Ignore, ignore_changes};
use crate::change::proposed::proposed_new;
use crate::checks::{CheckedBlock, RuleKind};
use crate::decode::{mark_like, sensitive_paths};
use crate::{Change, CheckKind, CheckStatus, PlanMode, Prepared, ProvisionerRun};

impl<'a> ApplyResolver<'a> {
    pub(super) fn prepare_write(
        &mut self,
        index: u32,
        update: bool,
    ) -> Result<Prepared, Diagnostics> {
        let change = self.change(index)?;
        let target = self.target(&change.addr)?;
        self.require(&target, &change.addr)?;
        let config = self.configuration(&target)?;
        let Some((provider, block, _)) =
            self.evaluation.schema(&target.module, target.resource.config)
        else {
            return Err(Diagnostics::new());
        };
        let Some(code) = provider.resource(&change.addr.resource.ty) else {
            return Err(Diagnostics::new());
        };
        let bare = config.clone().unmark_deep().0;
        let prior = update.then(|| change.before.clone().unmark_deep().0);
        let ignore = Ignore::from(&target.resource.config.lifecycle.ignore_changes);
        let effective = match &prior {
            Some(prior) => ignore_changes(&ignore, block, prior, &bare).into_owned(),
            None => bare.clone(),
        };
        let proposed = proposed_new(block, prior.as_ref(), &effective);
        let provider_config = self.provider_config(&change.provider)?;
        let question = PlanRequest {
            prior: prior.as_ref(),
            proposed: &proposed,
            config: &effective,
            private: &change.prior_private,
            provider: &provider_config,
        };
        let planned = code.plan(question).map_err(|error| {
            let range = self.input.sources.range(target.resource.config.span);
            Diagnostics::from(
                Diagnostic::error(error.summary, error.message).at(range).of(&change.addr),
            )
        })?;
        keep_plan(change, &planned.value)?;
        let sensitive_paths = marks(block, &planned.value, &config);
        self.marks.insert(index, sensitive_paths.clone());
        if let Some(prior) = &prior
            && !change.after.is_wholly_known()
            // Its members are replaced although the object stays as it is.
            && change.outdated.is_empty()
            && raw_equal(prior, &planned.value)
        {
            self.conditions_hold(&target, change, prior.clone())?;
            return Ok(Prepared::Nothing);
        }
        let provisioners = &target.resource.config.provisioners;
        let on_create = provisioners.iter().filter(|provisioner| !provisioner.on_destroy).count();
        Ok(Prepared::Write {
            planned: planned.value,
            config: effective,
            private: planned.private,
            sensitive_paths,
            provisioners: if update { 0 } else { on_create },
        })
    }

    /// An update that turned out to be none is complete at once.
    fn conditions_hold(
        &mut self,
        target: &Target<'a>,
        change: &Change,
        value: Value,
    ) -> Result<(), Diagnostics> {
        let marked = crate::change::diff::mark_paths(&value, &sensitive_paths(&change.before));
        target.resource.set(target.index, marked.clone());
        let found = self.conditions(target, &change.addr, &RuleKind::Postcondition, Some(marked));
        if found.has_errors() { Err(found) } else { Ok(()) }
    }

    /// What the block of an updated instance says, without marks.
    pub(super) fn rotation_of(&self, index: u32) -> Result<Option<Value>, Diagnostics> {
        let change = self.change(index)?;
        if change.rotation.is_none() {
            return Ok(None);
        }
        let target = self.target(&change.addr)?;
        let config = target.resource.config;
        let Some((provider, _, _)) = self.evaluation.schema(&target.module, config) else {
            return Err(Diagnostics::new());
        };
        let (value, found) = crate::rotation::decode(&self.scope(&target), provider, config);
        match value {
            Some(value) => Ok(Some(value.unmark_deep().0).filter(|it| *it != Value::NULL)),
            None => Err(found.into_iter().map(|it| it.of(&change.addr)).collect()),
        }
    }

    pub(super) fn prepare_read(&mut self, index: u32) -> Result<Prepared, Diagnostics> {
        let change = self.change(index)?;
        let target = self.target(&change.addr)?;
        self.require(&target, &change.addr)?;
        let config = self.configuration(&target)?;
        let sensitive_paths = sensitive_paths(&config);
        self.marks.insert(index, sensitive_paths.clone());
        let bare = config.unmark_deep().0;
        if !bare.is_wholly_known() {
            return Err(Diagnostic::error(
                "Configuration still unknown",
                "The configuration of this data source depends on something that is not known even \
                 now, because what it comes from was not applied.",
            )
            .of(&change.addr)
            .into());
        }
        Ok(Prepared::Read { config: bare, sensitive_paths })
    }

    /// The object of a data source that only a check reads, and that could not be read.
    pub(super) fn check_read_failed(
        &mut self,
        index: u32,
        error: &kprov_provider::ProviderError,
    ) -> Option<Value> {
        let addr = &self.change(index).ok()?.addr;
        let target = self.target(addr).ok()?;
        let check = target.resource.config.in_check.as_ref()?;
        let (_, schema, _) = self.evaluation.schema(&target.module, target.resource.config)?;
        let config = self.configuration(&target).ok()?.unmark_deep().0;
        let block = CheckedBlock {
            kind: CheckKind::Check,
            module: addr.module.path(),
            name: check.clone(),
            resource: None,
        };
        self.checks.reset(&block, &addr.module, &InstanceKey::None);
        let problems = vec![error.to_string()];
        self.checks.add(&block, &addr.module, &InstanceKey::None, CheckStatus::Fail, problems);
        self.unread.insert((block, addr.module.clone()));
        Some(null_for_unknown(&proposed_new(schema, None, &config)))
    }

    /// What does not change has nothing to do, but conditions that were unknown must hold.
    pub(super) fn prepare_record(&mut self, index: u32) -> Result<Prepared, Diagnostics> {
        let change = self.change(index)?;
        let managed = change.addr.resource.mode == ResourceMode::Managed;
        if self.plan.mode != PlanMode::Normal || !managed || change.deposed.is_some() {
            return Ok(Prepared::Nothing);
        }
        let target = self.target(&change.addr)?;
        self.require(&target, &change.addr)?;
        let itself = Some(change.after.clone());
        let found = self.conditions(&target, &change.addr, &RuleKind::Postcondition, itself);
        if found.has_errors() { Err(found) } else { Ok(Prepared::Nothing) }
    }

    /// Preconditions must hold before anything is done.
    fn require(&mut self, target: &Target<'a>, addr: &InstanceAddr) -> Result<(), Diagnostics> {
        let found = self.conditions(target, addr, &RuleKind::Precondition, None);
        if found.has_errors() { Err(found) } else { Ok(()) }
    }

    /// The create provisioners, with the new object as `self`.
    pub(super) fn provisioners_after(
        &mut self,
        index: u32,
        new: &Object,
    ) -> Result<Vec<ProvisionerRun>, Diagnostics> {
        let change = self.change(index)?;
        let target = self.target(&change.addr)?;
        let paths = self.marks.get(&index).cloned().unwrap_or_default();
        let itself = crate::change::diff::mark_paths(&new.value, &paths);
        let scope = self.scope(&target).with_self(itself);
        target
            .resource
            .config
            .provisioners
            .iter()
            .filter(|provisioner| !provisioner.on_destroy)
            .map(|provisioner| {
                super::delete::provisioner_run(provisioner, &scope, self.input.sources)
            })
            .collect()
    }
}

/// `value` with null where it is not known.
fn null_for_unknown(value: &Value) -> Value {
    transform(value, &mut |_, part| match &part {
        Value::Unknown(unknown) => Value::Null(unknown.ty().clone()),
        _ => part,
    })
}

/// Where marks go on the new value: the schema's and the configuration's.
fn marks(block: &Block, planned: &Value, config: &Value) -> Vec<Path> {
    sensitive_paths(&mark_like(&mark_by_schema(block, planned), config))
}

/// What was known in the plan must be so in the final plan.
fn keep_plan(change: &Change, planned: &Value) -> Result<(), Diagnostics> {
    let promised = change.after.clone().unmark_deep().0;
    match contradiction(&promised, planned, &Path::root()) {
        None => Ok(()),
        Some(path) => Err(Diagnostic::error(
            "Provider produced inconsistent final plan",
            format!(
                "When expanding the plan for {} to include new values learned so far during apply, \
                 the provider planned another value for {path}. This is a bug in the provider; \
                 please report it to its authors. A new plan may succeed.",
                change.addr
            ),
        )
        .of(&change.addr)
        .into()),
    }
}

/// What the provider made must be what it planned.
pub(super) fn check_result(
    addr: &InstanceAddr,
    planned: &Value,
    new: &Value,
) -> Option<Diagnostic> {
    debug_assert!(addr.resource.mode == ResourceMode::Managed);
    let planned = planned.clone().unmark_deep().0;
    let path = contradiction(&planned, new, &Path::root())?;
    Some(
        Diagnostic::error(
            "Provider produced inconsistent result after apply",
            format!(
                "When applying changes to {addr}, the provider made another value for {path} than \
                 it had planned. This is a bug in the provider; please report it to its authors."
            ),
        )
        .of(addr),
    )
}

/// The first known part of `promised` that `actual` does not have.
fn contradiction(promised: &Value, actual: &Value, at: &Path) -> Option<Path> {
    match promised {
        Value::Unknown(_) => None,
        Value::Set(set) if !promised.is_wholly_known() => {
            let count = actual.as_items().map(<[Value]>::len);
            // Unknown items may turn out equal to others, so only growth is certain to be wrong.
            count.filter(|count| *count > set.items().len()).map(|_| at.clone())
        }
        Value::Object(_) | Value::Map(_) if !promised.is_wholly_known() => {
            let entries = promised.as_entries()?;
            let Some(theirs) = actual.as_entries() else {
                return actual.is_known().then(|| at.clone());
            };
            entries.iter().find_map(|(name, part)| {
                let path = at.then(PathStep::Attribute(name.clone()));
                match theirs.get(name) {
                    Some(other) => contradiction(part, other, &path),
                    None => Some(path),
                }
            })
        }
        Value::List(_) | Value::Tuple(_) if !promised.is_wholly_known() => {
            let items = promised.as_items()?;
            let Some(theirs) = actual.as_items() else {
                return actual.is_known().then(|| at.clone());
            };
            if items.len() != theirs.len() {
                return Some(at.clone());
            }
            (0u64..).zip(items.iter().zip(theirs)).find_map(|(i, (part, other))| {
                contradiction(part, other, &at.then(PathStep::Index(i)))
            })
        }
        _ => (!raw_equal(promised, actual)).then(|| at.clone()),
    }
}

/// A body of plain arguments (provisioners) as an object.
pub(super) fn arguments(
    body: &Body,
    scope: &crate::evaluation::BlockScope<'_, '_>,
) -> Result<Value, Diagnostics> {
    let mut found = Diagnostics::new();
    let mut entries = Vec::new();
    for argument in &body.attributes {
        match scope.evaluate(&argument.expr) {
            Ok(value) => entries.push((argument.name.clone(), value)),
            Err(problems) => found.extend(problems),
        }
    }
    if entries.len() < body.attributes.len() { Err(found) } else { Ok(Value::object(entries)) }
}
