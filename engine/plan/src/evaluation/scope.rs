//! What names mean inside one instance of a module, and inside one instance of a block in it.

use std::rc::Rc;

use kprov_core::{Diagnostic, Diagnostics, Marks, ResourceMode, ResourceName, Str, Type, Value};
use kprov_lang::ast::{Expr, Reference, StepKind};
use kprov_lang::eval::{Evaluator, Resolved, Scope};

use super::instances::{ModuleInstance, chosen};
use super::{Evaluation, Phase};
use crate::expand::{Expansion, Repeated};
use crate::graph::{Subject, attribute, subject};

/// A scope: a module instance, and what the block adds.
#[derive(Debug)]
pub(crate) struct BlockScope<'e, 'a> {
    pub(crate) evaluation: &'e Evaluation<'a>,
    pub(crate) module: &'e Rc<ModuleInstance<'a>>,
    /// `each` and `count`.
    pub(crate) repeated: Repeated,
    /// `self`, where there is one.
    pub(crate) itself: Option<Value>,
}

impl<'e, 'a> BlockScope<'e, 'a> {
    /// Without each, count and self.
    pub(crate) fn plain(
        evaluation: &'e Evaluation<'a>,
        module: &'e Rc<ModuleInstance<'a>>,
    ) -> Self {
        BlockScope { evaluation, module, repeated: Repeated::No, itself: None }
    }

    /// Of one instance of a block.
    pub(crate) fn of(
        evaluation: &'e Evaluation<'a>,
        module: &'e Rc<ModuleInstance<'a>>,
        repeated: Repeated,
    ) -> Self {
        BlockScope { evaluation, module, repeated, itself: None }
    }

    /// The same with a `self`.
    pub(crate) fn with_self(mut self, itself: Value) -> Self {
        self.itself = Some(itself);
        self
    }

    /// Evaluates in this scope.
    pub(crate) fn evaluate(&self, expr: &Expr) -> Result<Value, Diagnostics> {
        evaluator(self.evaluation, self).evaluate(expr)
    }

    fn resource(
        &self,
        name: &ResourceName,
        reference: &Reference,
        taken: usize,
        key: &mut dyn FnMut(&Expr) -> Result<Value, Diagnostics>,
    ) -> Result<Resolved, Diagnostics> {
        let evaluation = self.evaluation;
        let resource = evaluation.resource(self.module, name)?;
        let site = reference.root_span;
        if let Expansion::Once = resource.expansion {
            evaluation.recorder.touch(site, resource.vertex(0));
            let value = resource.value(0).ok_or_else(Diagnostics::new)?;
            return Ok(Resolved { value, consumed: taken });
        }
        if let Some((index, marks)) = narrowed(&resource.expansion, reference, taken, key)? {
            evaluation.recorder.touch(site, resource.vertex(index));
            let value = resource.value(index).ok_or_else(Diagnostics::new)?;
            return Ok(Resolved { value: value.with_marks(marks), consumed: taken + 1 });
        }
        if evaluation.recorder.is_on() {
            evaluation.recorder.touch(site, evaluation.whole_vertex(&resource));
        }
        let value = resource.whole().ok_or_else(Diagnostics::new)?;
        Ok(Resolved { value, consumed: taken })
    }

    fn module_call(
        &self,
        name: &Str,
        reference: &Reference,
        taken: usize,
        key: &mut dyn FnMut(&Expr) -> Result<Value, Diagnostics>,
    ) -> Result<Resolved, Diagnostics> {
        let evaluation = self.evaluation;
        let site = reference.root_span;
        let call = evaluation.call(self.module, name)?;
        let mut taken = taken;
        let mut marks = Marks::NONE;
        let instance = match &call.expansion {
            Expansion::Once => call.instances.first(),
            Expansion::Unknown => None,
            _ => match narrowed(&call.expansion, reference, taken, key)? {
                Some((index, found)) => {
                    taken += 1;
                    marks = found;
                    call.instances.get(index)
                }
                None => None,
            },
        };
        let Some(instance) = instance else {
            let (value, vertex) = evaluation.whole_call(&call)?;
            evaluation.recorder.touch(site, vertex);
            return Ok(Resolved { value, consumed: taken });
        };
        let output = reference.steps.get(taken).and_then(attribute);
        if let Some(output) = output.filter(|name| instance.config.outputs.contains_key(*name)) {
            let slot = evaluation.output(instance, output)?;
            evaluation.recorder.touch(site, slot.vertex);
            let value = slot.value.ok_or_else(Diagnostics::new)?;
            return Ok(Resolved { value: value.with_marks(marks), consumed: taken + 1 });
        }
        let mut entries = Vec::new();
        evaluation.recorder.touch(site, call.gate);
        for output in instance.config.outputs.keys() {
            let slot = evaluation.output(instance, output)?;
            evaluation.recorder.touch(site, slot.vertex);
            entries.push((output.clone(), slot.value.ok_or_else(Diagnostics::new)?));
        }
        Ok(Resolved { value: Value::object(entries).with_marks(marks), consumed: taken })
    }

    fn path(&self, name: &str) -> Value {
        Value::string(match name {
            "module" => self.module.config.dir.clone(),
            "cwd" => self.evaluation.functions.files.original_dir(),
            _ => ".".to_owned(),
        })
    }

    fn terraform(&self, name: &str) -> Value {
        if name == "applying" {
            let applying = Value::from(self.evaluation.phase == Phase::Apply);
            return applying.with_marks(Marks::EPHEMERAL);
        }
        Value::String(self.evaluation.workspace.clone())
    }

    fn misplaced(
        &self,
        reference: &Reference,
        summary: &'static str,
        detail: &'static str,
    ) -> Diagnostics {
        let end = reference.steps.first().map_or(reference.root_span, |step| step.span);
        let range = self.evaluation.sources.range(reference.root_span.to(end));
        Diagnostic::error(summary, detail).at(range).into()
    }
}

/// The instance that the step after the resource's or call's name chooses, if it is known which.
fn narrowed(
    expansion: &Expansion,
    reference: &Reference,
    taken: usize,
    key: &mut dyn FnMut(&Expr) -> Result<Value, Diagnostics>,
) -> Result<Option<(usize, Marks)>, Diagnostics> {
    let value = match reference.steps.get(taken).map(|step| &step.kind) {
        Some(StepKind::Index(expr)) => key(expr)?,
        Some(StepKind::LegacyIndex(index)) => Value::Number((*index).into()),
        Some(StepKind::Attribute(name)) if matches!(expansion, Expansion::ForEach(_)) => {
            Value::String(name.clone())
        }
        _ => return Ok(None),
    };
    let (value, marks) = value.unmark();
    Ok(chosen(expansion, &value).map(|index| (index, marks)))
}

impl Scope for BlockScope<'_, '_> {
    fn resolve(
        &self,
        reference: &Reference,
        key: &mut dyn FnMut(&Expr) -> Result<Value, Diagnostics>,
    ) -> Result<Resolved, Diagnostics> {
        let evaluation = self.evaluation;
        let site = reference.root_span;
        let (subject, taken) = subject(reference, evaluation.sources)?;
        let value = match &subject {
            Subject::Variable(name) => {
                let slot = evaluation.variable(self.module, name)?;
                evaluation.recorder.touch(site, slot.vertex);
                slot.value.ok_or_else(Diagnostics::new)?
            }
            Subject::Local(name) => {
                let slot = evaluation.local(self.module, name)?;
                evaluation.recorder.touch(site, slot.vertex);
                slot.value.ok_or_else(Diagnostics::new)?
            }
            Subject::Module(name) => return self.module_call(name, reference, taken, key),
            Subject::Resource(name) => return self.resource(name, reference, taken, key),
            Subject::Each(name) => match &self.repeated {
                Repeated::Each(key, value) => {
                    if *name == "key" {
                        key.clone()
                    } else {
                        value.clone()
                    }
                }
                _ => {
                    return Err(self.misplaced(
                        reference,
                        "Reference to \"each\" in context without for_each",
                        "The \"each\" object can be used only in \"module\" or \"resource\" \
                         blocks, and only when the \"for_each\" argument is set.",
                    ));
                }
            },
            Subject::CountIndex => match &self.repeated {
                Repeated::Count(index) => index.clone(),
                _ => {
                    return Err(self.misplaced(
                        reference,
                        "Reference to \"count\" in non-counted context",
                        "The \"count\" object can only be used in \"module\", \"resource\", and \
                         \"data\" blocks, and only when the \"count\" argument is set.",
                    ));
                }
            },
            Subject::Path(name) => self.path(name),
            Subject::Terraform(name) => self.terraform(name),
            Subject::Itself => self.itself.clone().ok_or_else(|| {
                self.misplaced(
                    reference,
                    "Invalid \"self\" reference",
                    "The \"self\" object is not available in this context. This object can be used \
                     only in resource provisioner, connection, and postcondition blocks.",
                )
            })?,
        };
        Ok(Resolved { value, consumed: taken })
    }

    fn call_provider_function(
        &self,
        name: &str,
        arguments: &[Value],
    ) -> Option<Result<Value, String>> {
        let (local, function) = name.strip_prefix("provider::")?.split_once("::")?;
        // Functions need the provider declared; no resource type implies it.
        let required = self.module.config.required_providers.get(local)?;
        self.evaluation.providers.get(&required.source)?.function(function, arguments)
    }
}

/// The language's evaluator over a scope.
pub(crate) fn evaluator<'s>(evaluation: &'s Evaluation<'_>, scope: &'s dyn Scope) -> Evaluator<'s> {
    Evaluator { scope, functions: evaluation.functions, sources: evaluation.sources }
}

/// The value of a resource that is not known at all.
pub(crate) fn unknown_resource(name: &ResourceName, ty: Option<Type>) -> Value {
    let value = Value::unknown(ty.unwrap_or(Type::Dynamic));
    match name.mode {
        ResourceMode::Ephemeral => value.with_marks(Marks::EPHEMERAL),
        ResourceMode::Data | ResourceMode::Managed => value,
    }
}
