//! Variables, locals and outputs of module instances.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use kprov_core::value::convert;
use kprov_core::{Diagnostic, Diagnostics, Marks, Str, Value};
use kprov_lang::Span;
use kprov_lang::ast::Reference;
use kprov_lang::config::{Output, Variable};
use kprov_lang::eval::references;

use super::{BlockScope, Evaluation, ModuleInstance, Phase, Slot};

impl<'a> Evaluation<'a> {
    /// An input variable's value: converted, with its marks.
    ///
    /// # Errors
    /// When it cannot be had. Told once; later the slot is empty.
    pub(crate) fn variable(
        &self,
        module: &Rc<ModuleInstance<'a>>,
        name: &Str,
    ) -> Result<Slot, Diagnostics> {
        if let Some(slot) = module.variables.borrow().get(name) {
            return Ok(slot.clone());
        }
        let variable = module.config.variables.get(name).ok_or_else(Diagnostics::new)?;
        let argument = module.caller.as_ref().and_then(|(caller, call)| {
            call.arguments.attribute(name).map(|attribute| (caller, &attribute.expr))
        });
        let statics = argument.map(|(_, expr)| references(expr)).unwrap_or_default();
        let from = argument.map_or(module, |(caller, _)| caller);
        self.slot(from, &module.variables, name, &statics, module.gate, || {
            let value = match argument {
                Some((caller, expr)) => {
                    let scope = BlockScope::of(self, caller, module.repeated.clone());
                    let value = scope.evaluate(expr)?;
                    self.fit(module, variable, value, expr.span)?
                }
                None => self.given(module, variable)?,
            };
            // While validating nothing of a module may hang on what this call hands over: a block
            // that has no instances because of it is looked at all the same.
            Ok(match self.phase {
                Phase::Validate => {
                    Value::unknown(variable.ty.ty.without_optional()).with_marks(marks_of(variable))
                }
                Phase::Plan | Phase::Apply => value,
            })
        })
    }

    /// A variable that no argument sets: a root variable, or the default.
    fn given(
        &self,
        module: &ModuleInstance<'a>,
        variable: &Variable,
    ) -> Result<Value, Diagnostics> {
        let marks = marks_of(variable);
        if module.caller.is_none() {
            if self.phase == Phase::Validate {
                return Ok(Value::NULL);
            }
            if let Some(value) = self.variables.get(&variable.name) {
                return Ok(value.clone().with_marks(marks));
            }
        }
        match &variable.default {
            Some(value) => Ok(value.clone().with_marks(marks)),
            None => Err(Diagnostic::error(
                "No value for required variable",
                format!(
                    "The root module input variable \"{}\" is not set, and has no default value. \
                     Use a -var or -var-file command line argument to provide a value for this \
                     variable.",
                    variable.name
                ),
            )
            .at(self.sources.range(variable.span))
            .into()),
        }
    }

    /// Makes an argument's value fit the variable.
    fn fit(
        &self,
        module: &ModuleInstance<'a>,
        variable: &Variable,
        value: Value,
        span: Span,
    ) -> Result<Value, Diagnostics> {
        let addr = if module.addr.is_root() {
            format!("var.{}", variable.name)
        } else {
            format!("{}.var.{}", module.addr, variable.name)
        };
        let marks = marks_of(variable);
        if value.is_null() && !variable.nullable {
            return match &variable.default {
                Some(default) => Ok(default.clone().with_marks(marks | value.marks())),
                None => Err(Diagnostic::error(
                    "Required variable not set",
                    format!("The given value is not suitable for {addr}: it must not be null."),
                )
                .at(self.sources.range(span))
                .into()),
            };
        }
        if value.marks_deep().contains(Marks::EPHEMERAL) && !variable.ephemeral {
            return Err(Diagnostic::error(
                "Ephemeral value not allowed",
                format!(
                    "The input variable {addr} does not accept ephemeral values. Declare it with \
                     ephemeral = true to allow them."
                ),
            )
            .at(self.sources.range(span))
            .into());
        }
        let value = match &variable.ty.defaults {
            Some(defaults) => defaults.apply(&value),
            None => value,
        };
        let value = convert(&value, &variable.ty.ty).map_err(|error| {
            let declared = self.sources.range(variable.span);
            Diagnostic::error(
                "Invalid value for input variable",
                format!(
                    "The given value is not suitable for {addr} declared at {}:{},{}: {}.",
                    declared.filename,
                    declared.start.line,
                    declared.start.column,
                    error.format_with_path()
                ),
            )
            .at(self.sources.range(span))
        })?;
        Ok(value.with_marks(marks))
    }

    /// A local value.
    ///
    /// # Errors
    /// When it cannot be evaluated. Told once; later the slot is empty.
    pub(crate) fn local(
        &self,
        module: &Rc<ModuleInstance<'a>>,
        name: &Str,
    ) -> Result<Slot, Diagnostics> {
        if let Some(slot) = module.locals.borrow().get(name) {
            return Ok(slot.clone());
        }
        let local = module.config.locals.get(name).ok_or_else(Diagnostics::new)?;
        let statics = references(&local.expr);
        self.slot(module, &module.locals, name, &statics, None, || {
            BlockScope::plain(self, module).evaluate(&local.expr)
        })
    }

    /// An output's value, marked as declared.
    ///
    /// # Errors
    /// When it cannot be evaluated or may not be shown. Told once; later the slot is empty.
    pub(crate) fn output(
        &self,
        module: &Rc<ModuleInstance<'a>>,
        name: &Str,
    ) -> Result<Slot, Diagnostics> {
        if let Some(slot) = module.outputs.borrow().get(name) {
            return Ok(slot.clone());
        }
        let output = module.config.outputs.get(name).ok_or_else(Diagnostics::new)?;
        let statics = references(&output.value);
        let slot = self.slot(module, &module.outputs, name, &statics, None, || {
            let value = BlockScope::plain(self, module).evaluate(&output.value)?;
            self.shown(module, output, value)
        })?;
        for reference in &output.depends_on {
            self.recorder.order(slot.vertex, self.depends_on_vertices(module, reference));
        }
        Ok(slot)
    }

    fn shown(
        &self,
        module: &ModuleInstance<'a>,
        output: &Output,
        value: Value,
    ) -> Result<Value, Diagnostics> {
        let marks = value.marks_deep();
        let at = self.sources.range(output.value.span);
        if marks.contains(Marks::EPHEMERAL) && !output.ephemeral {
            return Err(Diagnostic::error(
                "Ephemeral value not allowed",
                "This output value is not declared as returning an ephemeral value, so it cannot be \
                 set to a result derived from an ephemeral value.",
            )
            .at(at)
            .into());
        }
        if marks.contains(Marks::SENSITIVE) && !output.sensitive && module.addr.is_root() {
            let detail = "To reduce the risk of accidentally exporting sensitive data that was \
                          intended to be only internal, any root module output containing \
                          sensitive data must be explicitly marked as sensitive, to confirm your \
                          intent.\n\nIf you do intend to export this data, annotate the output \
                          value as sensitive by adding the following argument:\n    sensitive = true";
            let at = self.sources.range(output.span);
            return Err(Diagnostic::error("Output refers to sensitive values", detail)
                .at(at)
                .into());
        }
        let mut own = Marks::NONE;
        if output.sensitive {
            own = own | Marks::SENSITIVE;
        }
        if output.ephemeral {
            own = own | Marks::EPHEMERAL;
        }
        Ok(value.with_marks(own))
    }

    /// Evaluates into a slot of `slots`, with a vertex of its own.
    fn slot(
        &self,
        module: &Rc<ModuleInstance<'a>>,
        slots: &RefCell<HashMap<Str, Slot>>,
        name: &Str,
        statics: &[&Reference],
        gate: Option<super::VertexId>,
        evaluate: impl FnOnce() -> Result<Value, Diagnostics>,
    ) -> Result<Slot, Diagnostics> {
        let vertex = self.recorder.vertex();
        let (result, touched) = self.recorder.record(evaluate);
        self.order(vertex, module, statics, touched);
        self.recorder.order(vertex, gate);
        let slot = Slot { vertex, value: result.as_ref().ok().cloned() };
        slots.borrow_mut().insert(name.clone(), slot.clone());
        result.map(|_| slot)
    }
}

fn marks_of(variable: &Variable) -> Marks {
    let mut marks = Marks::NONE;
    if variable.sensitive {
        marks = marks | Marks::SENSITIVE;
    }
    if variable.ephemeral {
        marks = marks | Marks::EPHEMERAL;
    }
    marks
}
