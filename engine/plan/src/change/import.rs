//! `import` blocks: which object each takes over, and where it goes.
//!
//! The blocks are read one by one; what their expressions mean the caller says. An import of what
//! the state has already is none.

use std::collections::BTreeMap;

use kprov_core::value::convert;
use kprov_core::{
    Diagnostic, Diagnostics, InstanceAddr, InstanceKey, Marks, ModuleAddr, Number, ResourceMode,
    ResourceName, Str, Type, Value,
};
use kprov_lang::ast::{Expr, ExprKind, Reference, Step, StepKind};
use kprov_lang::config::{Import, ProviderRef};
use kprov_lang::{SourceMap, Span};

use crate::PriorState;

/// An object to take over.
#[derive(Clone, Debug)]
pub struct ImportTarget<'a> {
    /// Where it will be in the state.
    pub addr: InstanceAddr,
    /// By what the provider finds it.
    pub id: String,
    /// `provider` of the block; else the resource's.
    pub provider: Option<&'a ProviderRef>,
    /// The `to` expression, for messages.
    pub place: Span,
}

/// `each.key` and `each.value`.
#[derive(Clone, Debug)]
pub struct Each {
    /// `each.key`
    pub key: Value,
    /// `each.value`
    pub value: Value,
}

/// Says what an expression of a block means, with `each` where the block has for_each.
pub type Evaluate<'e> = dyn FnMut(&Expr, Option<&Each>) -> Result<Value, Diagnostics> + 'e;

/// What the blocks ask for, in their order.
pub fn import_targets<'a>(
    imports: &'a [Import],
    sources: &SourceMap,
    evaluate: &mut Evaluate<'_>,
) -> (Vec<ImportTarget<'a>>, Diagnostics) {
    let mut reader = Reader { sources, evaluate, problems: Diagnostics::new() };
    let mut targets: Vec<ImportTarget<'a>> = Vec::new();
    let mut seen: BTreeMap<InstanceAddr, Span> = BTreeMap::new();
    for import in imports {
        for target in reader.block(import) {
            if let Some(first) = seen.get(&target.addr) {
                let problem = duplicate(&target.addr, *first, sources);
                reader.problems.push(problem.at(sources.range(import.span)));
                continue;
            }
            seen.insert(target.addr.clone(), target.place);
            targets.push(target);
        }
    }
    (targets, reader.problems)
}

/// Those whose object is not in the state yet.
pub fn pending<'a>(targets: Vec<ImportTarget<'a>>, state: &PriorState) -> Vec<ImportTarget<'a>> {
    let missing =
        |target: &ImportTarget<'_>| !state.objects.contains_key(&target.addr.clone().current());
    targets.into_iter().filter(missing).collect()
}

/// An import must go to an instance that the configuration asks for.
pub fn check_declared(
    targets: &[ImportTarget<'_>],
    sources: &SourceMap,
    declared: impl Fn(&InstanceAddr) -> bool,
) -> Diagnostics {
    let missing = targets.iter().filter(|target| !declared(&target.addr));
    missing
        .map(|target| {
            let detail = format!(
                "The configuration for the given import target {} does not exist. All target \
                 instances must have an associated configuration to be imported: write the \
                 resource block, or remove the import block.",
                target.addr
            );
            Diagnostic::error("Configuration for import target does not exist", detail)
                .at(sources.range(target.place))
                .of(&target.addr)
        })
        .collect()
}

fn duplicate(addr: &InstanceAddr, first: Span, sources: &SourceMap) -> Diagnostic {
    let at = sources.range(first);
    let detail = format!(
        "An import block for {addr} was already declared at {}:{},{}. A resource instance can have \
         only one import block.",
        at.filename, at.start.line, at.start.column
    );
    Diagnostic::error("Duplicate import configuration", detail).of(addr)
}

struct Reader<'r, 'e> {
    sources: &'r SourceMap,
    evaluate: &'r mut Evaluate<'e>,
    problems: Diagnostics,
}

impl Reader<'_, '_> {
    fn block<'a>(&mut self, import: &'a Import) -> Vec<ImportTarget<'a>> {
        let Some(for_each) = &import.for_each else {
            return self.target(import, None).into_iter().collect();
        };
        let Some(all) = self.for_each(for_each) else { return Vec::new() };
        all.iter().filter_map(|each| self.target(import, Some(each))).collect()
    }

    fn target<'a>(&mut self, import: &'a Import, each: Option<&Each>) -> Option<ImportTarget<'a>> {
        let addr = self.address(&import.to, each);
        let id = self.id(&import.id, each);
        let place = import.to.span;
        Some(ImportTarget { addr: addr?, id: id?, provider: import.provider.as_ref(), place })
    }

    fn value(&mut self, expr: &Expr, each: Option<&Each>) -> Option<Value> {
        let value = (self.evaluate)(expr, each);
        self.problems.collect(value)
    }

    fn refuse<T>(&mut self, summary: &'static str, detail: &str, span: Span) -> Option<T> {
        self.problems.push(Diagnostic::error(summary, detail).at(self.sources.range(span)));
        None
    }

    /// All repetitions; Terraform takes lists here, too.
    fn for_each(&mut self, expr: &Expr) -> Option<Vec<Each>> {
        const SUMMARY: &str = "Invalid for_each argument";
        let value = self.value(expr, None)?;
        if !value.marks().is_empty() {
            let detail = "The \"for_each\" value is sensitive or ephemeral, but its keys would be \
                          shown in addresses. Use nonsensitive() if they are no secret.";
            return self.refuse(SUMMARY, detail, expr.span);
        }
        if !value.is_known() {
            let detail = "The \"for_each\" expression includes values derived from other resource \
                          attributes that cannot be determined until apply, and so the set of \
                          objects to import is not known. Use keys that are known beforehand.";
            return self.refuse(SUMMARY, detail, expr.span);
        }
        if value.is_null() {
            return Some(Vec::new());
        }
        let each = |key: Value, value: &Value| Each { key, value: value.clone() };
        match (&value, value.as_entries(), value.as_items()) {
            (_, Some(entries), _) => {
                let entries = entries.iter();
                Some(entries.map(|(key, value)| each(Value::String(key.clone()), value)).collect())
            }
            (Value::Set(_), _, Some(items)) => {
                Some(items.iter().map(|item| each(item.clone(), item)).collect())
            }
            (_, _, Some(items)) => Some(
                (0u64..)
                    .zip(items)
                    .map(|(at, item)| each(Value::Number(Number::from(at)), item))
                    .collect(),
            ),
            _ => {
                self.refuse(SUMMARY, "The \"for_each\" expression must be a collection.", expr.span)
            }
        }
    }

    fn id(&mut self, expr: &Expr, each: Option<&Each>) -> Option<String> {
        const SUMMARY: &str = "Invalid import id argument";
        let value = self.value(expr, each)?;
        let marks = value.marks_deep();
        if !marks.is_empty() {
            let detail = if marks.contains(Marks::EPHEMERAL) {
                "The import ID cannot be ephemeral: it is kept in the plan."
            } else {
                "The import ID cannot be sensitive: it is shown in the plan. Use nonsensitive() \
                 if it is no secret."
            };
            return self.refuse(SUMMARY, detail, expr.span);
        }
        if value.is_null() {
            return self.refuse(SUMMARY, "The import ID cannot be null.", expr.span);
        }
        if !value.is_known() {
            let detail = "The import block \"id\" argument depends on resource attributes that \
                          cannot be determined until apply, so the import cannot be planned.";
            return self.refuse(SUMMARY, detail, expr.span);
        }
        match convert(&value, &Type::String) {
            Ok(Value::String(id)) if id.is_empty() => self.refuse(
                SUMMARY,
                "The import ID value evaluates to an empty string, please provide a non-empty \
                 value.",
                expr.span,
            ),
            Ok(Value::String(id)) => Some(id.to_string()),
            _ => self.refuse("Incorrect value type", "The import ID must be a string.", expr.span),
        }
    }

    fn address(&mut self, to: &Expr, each: Option<&Each>) -> Option<InstanceAddr> {
        const SUMMARY: &str = "Invalid import address";
        const DETAIL: &str = "The \"to\" argument takes the address of a resource instance, such \
                              as aws_instance.a or module.b.aws_instance.c[\"d\"].";
        let ExprKind::Reference(reference) = &to.kind else {
            return self.refuse(SUMMARY, DETAIL, to.span);
        };
        let mut names = self.names(reference, each)?.into_iter();
        let mut module = ModuleAddr::root();
        loop {
            match (names.next(), names.next()) {
                (Some((word, InstanceKey::None)), Some((name, key))) if word == "module" => {
                    module = module.child(&name, key);
                }
                (Some((ty, InstanceKey::None)), Some((name, key)))
                    if names.len() == 0 && ty != "data" =>
                {
                    let resource = ResourceName { mode: ResourceMode::Managed, ty, name };
                    return Some(InstanceAddr { module, resource, key });
                }
                _ => return self.refuse(SUMMARY, DETAIL, to.span),
            }
        }
    }

    /// The names of the address, each with the key behind it.
    fn names(
        &mut self,
        reference: &Reference,
        each: Option<&Each>,
    ) -> Option<Vec<(Str, InstanceKey)>> {
        let mut names = vec![(reference.root.clone(), InstanceKey::None)];
        for step in &reference.steps {
            let key = match &step.kind {
                StepKind::Attribute(name) => {
                    names.push((name.clone(), InstanceKey::None));
                    continue;
                }
                StepKind::LegacyIndex(index) => InstanceKey::Int(*index),
                StepKind::Index(expr) => self.key(expr, each)?,
                StepKind::Splat(_) => return self.bad_key(step),
            };
            match names.last_mut() {
                Some((_, last)) if *last == InstanceKey::None => *last = key,
                _ => return self.bad_key(step),
            }
        }
        Some(names)
    }

    fn bad_key<T>(&mut self, step: &Step) -> Option<T> {
        let detail = "A name can be followed by one key at most: a number or a string.";
        self.refuse("Invalid import address", detail, step.span)
    }

    fn key(&mut self, expr: &Expr, each: Option<&Each>) -> Option<InstanceKey> {
        const SUMMARY: &str = "Import block 'to' address contains an invalid key";
        let value = self.value(expr, each)?;
        let whole = |number: &Number| number.to_string().parse().ok();
        let key = match &value {
            Value::String(key) => Some(InstanceKey::String(key.clone())),
            Value::Number(number) => whole(number).map(InstanceKey::Int),
            _ => None,
        };
        if key.is_some() {
            return key;
        }
        let detail = if !value.marks().is_empty() {
            "The key is sensitive or ephemeral, but would be shown in the address."
        } else if value.is_null() {
            "The key is null. Use a number or a string."
        } else if !value.is_known() {
            "The key is known only after apply, so the import cannot be planned."
        } else {
            "A key must be a whole number from 0 or a string."
        };
        self.refuse(SUMMARY, detail, expr.span)
    }
}

#[cfg(test)]
mod tests;
