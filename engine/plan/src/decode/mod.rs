//! A body and a provider's schema to a configuration value.
//!
//! The value is an object of the schema's implied type: null where the body says nothing, unknown
//! where it is not known yet or could not be evaluated (then there is an error as well), marks where
//! they belong.

mod as_blocks;
mod blocks;

use std::cell::Cell;

use kprov_core::value::{conforms, convert};
use kprov_core::{Diagnostic, Diagnostics, Marks, Path, Type, Value};
use kprov_lang::ast::{Attribute as Argument, Body, Expr};
use kprov_lang::eval::{Evaluator, Scope};
use kprov_lang::functions::FunctionContext;
use kprov_lang::{SourceMap, Span};
use kprov_provider::{Attribute, Block};

use self::as_blocks::{as_blocks, has_blocks};
use crate::change::diff::mark_paths;
use crate::suggestion::did_you_mean;

/// Decodes bodies.
pub(crate) struct Decoder<'d> {
    pub(crate) functions: &'d FunctionContext<'d>,
    pub(crate) sources: &'d SourceMap,
    /// May ephemeral values stand anywhere (provider blocks, ephemeral resources), or in write-only
    /// attributes only (what is stored)?
    pub(crate) ephemeral: bool,
    /// Was something needed whose failure was told elsewhere?
    poisoned: Cell<bool>,
}

impl<'d> Decoder<'d> {
    /// A decoder of bodies whose values are stored.
    pub(crate) fn new(functions: &'d FunctionContext<'d>, sources: &'d SourceMap) -> Decoder<'d> {
        Decoder { functions, sources, ephemeral: false, poisoned: Cell::new(false) }
    }

    /// The same for values that are not stored.
    pub(crate) fn allow_ephemeral(mut self) -> Decoder<'d> {
        self.ephemeral = true;
        self
    }

    /// Decodes `body` by `schema`; `None` with errors, or where something it needs has failed.
    /// `header` is where missing things are reported.
    pub(crate) fn decode(
        &self,
        body: &Body,
        schema: &Block,
        scope: &dyn Scope,
        header: Span,
    ) -> (Option<Value>, Diagnostics) {
        self.poisoned.set(false);
        let (value, found) = self.block(body, schema, scope, header);
        let good = !found.has_errors() && !self.poisoned.get();
        (good.then_some(value), found)
    }

    pub(super) fn block(
        &self,
        body: &Body,
        schema: &Block,
        scope: &dyn Scope,
        header: Span,
    ) -> (Value, Diagnostics) {
        let mut found = Diagnostics::new();
        self.unexpected(body, schema, &mut found);
        let mut entries = Vec::with_capacity(schema.attributes.len() + schema.blocks.len());
        for (name, attribute) in &schema.attributes {
            let value = match body.attribute(name) {
                Some(argument) => self.argument(argument, attribute, scope, &mut found),
                None if has_blocks(body, name)
                    && let Some(nested) = as_blocks(attribute) =>
                {
                    self.nested(name, &nested, body, scope, header, &mut found)
                }
                None => {
                    if attribute.required {
                        let detail = format!(
                            "The argument \"{name}\" is required, but no definition was found."
                        );
                        let problem = Diagnostic::error("Missing required argument", detail);
                        found.push(problem.at(self.sources.range(header)));
                    }
                    Value::Null(attribute.ty.without_optional())
                }
            };
            entries.push((name.clone(), value));
        }
        for (name, nested) in &schema.blocks {
            let value = self.nested(name, nested, body, scope, header, &mut found);
            entries.push((name.clone(), value));
        }
        (Value::object(entries), found)
    }

    pub(super) fn evaluate(&self, expr: &Expr, scope: &dyn Scope) -> Result<Value, Diagnostics> {
        Evaluator { scope, functions: self.functions, sources: self.sources }.evaluate(expr)
    }

    fn argument(
        &self,
        argument: &Argument,
        attribute: &Attribute,
        scope: &dyn Scope,
        found: &mut Diagnostics,
    ) -> Value {
        let wanted = &attribute.ty;
        let unknown = || Value::unknown(wanted.without_optional());
        let range = || self.sources.range(argument.expr.span);
        if !attribute.required && !attribute.optional {
            let detail = format!(
                "Can't configure a value for \"{}\": its value will be decided automatically based \
                 on the result of applying this configuration.",
                argument.name
            );
            found.push(Diagnostic::error("Value for unconfigurable attribute", detail).at(range()));
            return unknown();
        }
        let Some(value) = found.collect(self.evaluate(&argument.expr, scope)) else {
            // There may be no problem here: then it was told elsewhere.
            self.poisoned.set(true);
            return unknown();
        };
        if !self.ephemeral && !attribute.write_only && value.marks_deep().contains(Marks::EPHEMERAL)
        {
            let detail = format!(
                "Ephemeral values are not valid for \"{}\", because it is not a write-only \
                 attribute and must be persisted to state.",
                argument.name
            );
            found.push(Diagnostic::error("Invalid use of ephemeral value", detail).at(range()));
            return unknown();
        }
        match fit(&value, wanted) {
            Ok(value) => value,
            Err(message) => {
                let detail =
                    format!("Inappropriate value for attribute \"{}\": {message}.", argument.name);
                found.push(Diagnostic::error("Incorrect attribute value type", detail).at(range()));
                unknown()
            }
        }
    }

    /// Arguments and blocks that the schema does not know.
    fn unexpected(&self, body: &Body, schema: &Block, found: &mut Diagnostics) {
        for argument in &body.attributes {
            let name = &argument.name;
            if schema.attributes.contains_key(name) {
                continue;
            }
            let hint = if schema.blocks.contains_key(name) {
                format!(" Did you mean to define a block of type \"{name}\"?")
            } else {
                did_you_mean(name, schema.attributes.keys().map(kprov_core::Str::as_str))
            };
            let detail = format!("An argument named \"{name}\" is not expected here.{hint}");
            let range = self.sources.range(argument.name_span);
            found.push(Diagnostic::error("Unsupported argument", detail).at(range));
        }
        for block in &body.blocks {
            let ty = match (block.ty.as_str(), block.labels.first()) {
                ("dynamic", Some((label, _))) => label,
                _ => &block.ty,
            };
            let attribute = schema.attributes.get(ty);
            if schema.blocks.contains_key(ty) || attribute.and_then(as_blocks).is_some() {
                continue;
            }
            let hint = if schema.attributes.contains_key(ty) {
                format!(
                    " Did you mean to define argument \"{ty}\"? If so, use the equals sign to \
                     assign it a value."
                )
            } else {
                did_you_mean(ty, schema.blocks.keys().map(kprov_core::Str::as_str))
            };
            let detail = format!("Blocks of type \"{ty}\" are not expected here.{hint}");
            let range = self.sources.range(block.ty_span);
            found.push(Diagnostic::error("Unsupported block type", detail).at(range));
        }
    }
}

/// Converts where needed; most values are of the wanted type already.
fn fit(value: &Value, wanted: &Type) -> Result<Value, String> {
    if *wanted == Type::Dynamic {
        return Ok(value.clone());
    }
    let simple = matches!(
        (value, wanted),
        (Value::String(_), Type::String)
            | (Value::Number(_), Type::Number)
            | (Value::Bool(_), Type::Bool)
    );
    if simple || (!value.is_null() && conforms(&value.ty(), wanted)) {
        return Ok(value.clone());
    }
    convert(value, wanted).map_err(|error| error.format_with_path())
}

/// Paths of the parts of a value that are marked sensitive.
pub(crate) fn sensitive_paths(value: &Value) -> Vec<Path> {
    if value.marks_deep().is_empty() {
        return Vec::new();
    }
    kprov_core::value::paths_where(value, |part| part.marks().contains(Marks::SENSITIVE))
}

/// `value` with the sensitive marks of `config`.
pub(crate) fn mark_like(value: &Value, config: &Value) -> Value {
    let paths = sensitive_paths(config);
    if paths.is_empty() { value.clone() } else { mark_paths(value, &paths) }
}
