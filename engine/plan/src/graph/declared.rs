//! Checks that what is referred to is declared, all over the configuration and all at once, so that
//! a name mistyped in ten places gives ten errors in one run.

use kprov_core::{Diagnostic, Diagnostics, ResourceMode, ResourceName, Str};
use kprov_lang::SourceMap;
use kprov_lang::ast::{Body, Expr, ExprKind, Reference, Step, StepKind};
use kprov_lang::config::{CheckRule, IgnoreChanges, Module, ModuleCall, Repetition, Resource};
use kprov_lang::eval::{references, references_in_body};
use kprov_provider::{Block, Provider, Registry};

use super::{Checks, Graph, Subject, attribute, subject};
use crate::provider_config::{provider_addr, resolve};
use crate::suggestion::did_you_mean;
use crate::unmanaged::unmanaged_error;

/// A local value that refers to itself: no cycle of the graph, and no less endless.
pub(super) const SELF_REFERENCE: &str = "Self-referencing local value";

/// Everything undeclared.
pub(super) fn check(
    graph: &Graph<'_>,
    sources: &SourceMap,
    providers: &Registry,
    checks: Checks,
) -> Diagnostics {
    let mut check =
        Check { graph, sources, providers, checks, module: 0, found: Diagnostics::new() };
    for module in 0..graph.modules.len() {
        check.module = module;
        check.module_blocks(graph.modules[module].config);
    }
    check.found
}

/// What one expression of the root module refers to that is not declared.
pub(crate) fn check_expr(
    graph: &Graph<'_>,
    sources: &SourceMap,
    providers: &Registry,
    expr: &Expr,
) -> Diagnostics {
    let (checks, found) = (Checks::ForPlan, Diagnostics::new());
    let mut check = Check { graph, sources, providers, checks, module: 0, found };
    check.expr(expr);
    check.found
}

/// The schema block of a resource, data source or ephemeral type.
pub(crate) fn schema_block<'p>(
    provider: &'p dyn Provider,
    name: &ResourceName,
) -> Option<&'p Block> {
    let schema = provider.schema();
    match name.mode {
        ResourceMode::Managed => schema.resources.get(&name.ty).map(|found| &found.schema.block),
        ResourceMode::Data => schema.data_sources.get(&name.ty).map(|found| &found.block),
        ResourceMode::Ephemeral => schema.ephemerals.get(&name.ty).map(|found| &found.block),
    }
}

struct Check<'g, 'a> {
    graph: &'g Graph<'a>,
    sources: &'g SourceMap,
    providers: &'g Registry,
    checks: Checks,
    module: usize,
    found: Diagnostics,
}

impl Check<'_, '_> {
    fn module_blocks(&mut self, config: &Module) {
        for (name, local) in &config.locals {
            self.expr(&local.expr);
            self.own_value(name, &local.expr);
        }
        for output in config.outputs.values() {
            self.expr(&output.value);
            self.rules(&output.preconditions);
            self.all(output.depends_on.iter());
        }
        for variable in config.variables.values() {
            self.rules(&variable.validations);
        }
        for provider in config.providers.values() {
            self.body(&provider.body);
            let addr = provider_addr(config, &provider.name);
            if self.providers.get(&addr).is_none() {
                self.unknown_provider(&addr.to_string(), provider.span);
            }
        }
        for (name, call) in &config.calls {
            self.call(name, call);
        }
        for resource in config.resources.values() {
            self.resource(resource);
        }
        for check in config.checks.values() {
            self.rules(&check.asserts);
        }
        for import in &config.imports {
            self.expr(&import.id);
            if let Some(for_each) = &import.for_each {
                self.expr(for_each);
            }
        }
    }

    fn call(&mut self, name: &Str, call: &ModuleCall) {
        self.repetition(&call.repetition);
        self.all(call.depends_on.iter());
        self.body(&call.arguments);
        let Some(&child) = self.graph.modules[self.module].children.get(name) else { return };
        let variables = &self.graph.modules[child].config.variables;
        for argument in &call.arguments.attributes {
            if !variables.contains_key(&argument.name) {
                let hint =
                    did_you_mean(&argument.name, variables.keys().map(kprov_core::Str::as_str));
                let detail =
                    format!("An argument named \"{}\" is not expected here.{hint}", argument.name);
                self.report("Unsupported argument", detail, argument.name_span);
            }
        }
        for block in &call.arguments.blocks {
            let detail = format!("Blocks of type \"{}\" are not expected here.", block.ty);
            self.report("Unsupported block type", detail, block.ty_span);
        }
        for variable in variables.values().filter(|variable| variable.default.is_none()) {
            if call.arguments.attribute(&variable.name).is_none() {
                let detail = format!(
                    "The argument \"{}\" is required, but no definition was found.",
                    variable.name
                );
                self.report("Missing required argument", detail, call.span);
            }
        }
    }

    fn resource(&mut self, resource: &Resource) {
        self.repetition(&resource.repetition);
        self.all(resource.depends_on.iter());
        self.body(&resource.body);
        let triggers = &resource.lifecycle.replace_triggered_by;
        if self.checks == Checks::ForPlan {
            for trigger in triggers {
                self.expr(trigger);
            }
        }
        self.rules(&resource.lifecycle.preconditions);
        self.rules(&resource.lifecycle.postconditions);
        if let Some(rotation) = &resource.lifecycle.rotation {
            self.body(rotation);
        }
        for provisioner in resource.provisioners.iter().filter(|p| !p.on_destroy) {
            self.body(&provisioner.body);
        }
        self.itself(resource);
        self.schema_of(resource);
    }

    /// A local value cannot be made from itself: a cycle of one, which has a place.
    fn own_value(&mut self, name: &Str, expr: &Expr) {
        for reference in references(expr) {
            if let Ok((Subject::Local(used), _)) = subject(reference, self.sources)
                && used == *name
            {
                let end = reference.steps.last().map_or(reference.root_span, |step| step.span);
                let detail = format!("Local value local.{name} may not refer to itself.");
                let summary = SELF_REFERENCE;
                return self.report(summary, detail, reference.root_span.to(end));
            }
        }
    }

    /// A block's own arguments cannot be made from what comes of them.
    fn itself(&mut self, resource: &Resource) {
        let repetition = match &resource.repetition {
            Repetition::Once => Vec::new(),
            Repetition::Count(expr) | Repetition::ForEach(expr) => references(expr),
        };
        let rotation = resource.lifecycle.rotation.iter().flat_map(references_in_body);
        let own = references_in_body(&resource.body).into_iter().chain(repetition).chain(rotation);
        for reference in own.chain(&resource.depends_on) {
            let Ok((Subject::Resource(name), _)) = subject(reference, self.sources) else {
                continue;
            };
            if name == resource.name {
                let end = reference.steps.last().map_or(reference.root_span, |step| step.span);
                let detail = format!("Configuration for {name} may not refer to itself.");
                self.report("Self-referential block", detail, reference.root_span.to(end));
            }
        }
    }

    /// The resource's provider and type must exist.
    fn schema_of(&mut self, resource: &Resource) {
        let modules = &self.graph.modules;
        let place =
            match resolve(modules, self.module, &resource.name.ty, resource.provider.as_ref()) {
                Ok(place) => place,
                // As Terraform, which finds it when no block is at hand any more: without a range.
                Err(mut problem) => {
                    let span = resource.provider.as_ref().map_or(resource.span, |p| p.span);
                    let at = self.sources.range(span);
                    let (file, line) = (at.filename, at.start.line);
                    problem.detail =
                        format!("{} wants it, in {file}:{line}. {}", resource.name, problem.detail);
                    return self.found.push(problem);
                }
            };
        let Some(provider) = self.providers.get(&place.addr.provider) else {
            return self.unknown_provider(&place.addr.provider.to_string(), resource.span);
        };
        let Some(block) = schema_block(provider.as_ref(), &resource.name) else {
            return self.no_such_type(provider.as_ref(), resource);
        };
        if let IgnoreChanges::Paths(paths) = &resource.lifecycle.ignore_changes {
            for path in paths {
                let name = &path.root;
                if !block.attributes.contains_key(name) && !block.blocks.contains_key(name) {
                    let hint = did_you_mean(name, block.attributes.keys().map(Str::as_str));
                    let detail = format!(
                        "This object has no argument, nested block, or exported attribute named \
                         \"{name}\".{hint}"
                    );
                    self.report("Unsupported attribute", detail, path.root_span);
                }
            }
        }
    }

    fn no_such_type(&mut self, provider: &dyn Provider, resource: &Resource) {
        if provider.lacks(resource.name.mode, &resource.name.ty) {
            // Whether it has instances is for the plan to find, unless that is certain.
            if self.module == 0 && matches!(resource.repetition, Repetition::Once) {
                let problem = unmanaged_error(provider, &resource.name);
                self.found.push(problem.at(self.sources.range(resource.span)));
            }
            return;
        }
        let (summary, kind) = match resource.name.mode {
            ResourceMode::Managed => ("Invalid resource type", "resource type"),
            ResourceMode::Data => ("Invalid data source", "data source"),
            ResourceMode::Ephemeral => ("Invalid ephemeral resource", "ephemeral resource"),
        };
        let detail = format!(
            "The provider {} does not support {kind} \"{}\".",
            provider.addr(),
            resource.name.ty
        );
        self.report(summary, detail, resource.span);
    }

    fn unknown_provider(&mut self, addr: &str, span: kprov_lang::Span) {
        let detail = format!(
            "This configuration needs the provider {addr}, which is not among those that this \
             program has."
        );
        self.report("Provider not available", detail, span);
    }

    fn repetition(&mut self, repetition: &Repetition) {
        match repetition {
            Repetition::Once => {}
            Repetition::Count(expr) | Repetition::ForEach(expr) => self.expr(expr),
        }
    }

    fn rules(&mut self, rules: &[CheckRule]) {
        for rule in rules {
            self.expr(&rule.condition);
            self.expr(&rule.error_message);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        self.all(references(expr).into_iter());
    }

    fn body(&mut self, body: &Body) {
        self.all(references_in_body(body).into_iter());
    }

    fn all<'r>(&mut self, references: impl Iterator<Item = &'r Reference>) {
        for reference in references {
            if let Err(problem) = self.reference(reference) {
                self.found.push(problem);
            }
        }
    }

    fn reference(&self, reference: &Reference) -> Result<(), Diagnostic> {
        let (subject, taken) = subject(reference, self.sources)?;
        let config = self.graph.modules[self.module].config;
        let problem = match &subject {
            Subject::Variable(name) if !config.variables.contains_key(name) => (
                "Reference to undeclared input variable",
                format!("An input variable with the name \"{name}\" has not been declared."),
                did_you_mean(name, config.variables.keys().map(Str::as_str)),
            ),
            Subject::Local(name) if !config.locals.contains_key(name) => (
                "Reference to undeclared local value",
                format!("A local value with the name \"{name}\" has not been declared."),
                did_you_mean(name, config.locals.keys().map(Str::as_str)),
            ),
            Subject::Module(name) if !config.calls.contains_key(name) => (
                "Reference to undeclared module",
                format!("No module call named \"{name}\" is declared in {}.", self.place()),
                did_you_mean(name, config.calls.keys().map(Str::as_str)),
            ),
            Subject::Module(name) => return self.output(name, reference, taken),
            Subject::Resource(name) => match config.resources.get(name) {
                Some(resource) => return self.attributes(resource, reference, taken),
                None => self.undeclared_resource(name, config),
            },
            Subject::Path(name) if !["module", "root", "cwd"].contains(&name.as_str()) => (
                "Invalid \"path\" attribute",
                format!(
                    "The \"path\" object does not have an attribute named \"{name}\". The \
                     supported attributes are path.cwd, path.module and path.root."
                ),
                String::new(),
            ),
            Subject::Terraform(name) if !["workspace", "applying"].contains(&name.as_str()) => (
                "Invalid \"terraform\" attribute",
                format!(
                    "The \"terraform\" object does not have an attribute named \"{name}\". The \
                     supported attributes are terraform.workspace and terraform.applying."
                ),
                String::new(),
            ),
            _ => return Ok(()),
        };
        let (summary, detail, hint) = problem;
        Err(self.problem(reference, taken, summary, format!("{detail}{hint}")))
    }

    fn undeclared_resource(
        &self,
        name: &ResourceName,
        config: &Module,
    ) -> (&'static str, String, String) {
        let kind = match name.mode {
            ResourceMode::Managed => "managed resource",
            ResourceMode::Data => "data resource",
            ResourceMode::Ephemeral => "ephemeral resource",
        };
        let (ty, label) = (&name.ty, &name.name);
        let detail =
            format!("A {kind} \"{ty}\" \"{label}\" has not been declared in {}.", self.place());
        let same_type =
            config.resources.keys().filter(|other| other.mode == name.mode && other.ty == *ty);
        let mut hint = did_you_mean(label, same_type.map(|other| other.name.as_str()));
        let as_data = ResourceName { mode: ResourceMode::Data, ..name.clone() };
        if name.mode == ResourceMode::Managed && config.resources.contains_key(&as_data) {
            hint = format!(" Did you mean the data resource {as_data}?");
        }
        ("Reference to undeclared resource", detail, hint)
    }

    fn place(&self) -> String {
        let path = &self.graph.modules[self.module].path;
        if path.is_root() { "the root module".to_owned() } else { path.to_string() }
    }

    /// `module.m.x` and `module.m[k].x`: there must be an output `x`.
    fn output(&self, call: &Str, reference: &Reference, taken: usize) -> Result<(), Diagnostic> {
        let module = &self.graph.modules[self.module];
        let Some(&child) = module.children.get(call) else { return Ok(()) };
        let outputs = &self.graph.modules[child].config.outputs;
        let once = matches!(module.config.calls[call].repetition, Repetition::Once);
        let at = if once { taken } else { taken + 1 };
        let Some(name) = reference.steps.get(at).and_then(attribute) else { return Ok(()) };
        if outputs.contains_key(name) {
            return Ok(());
        }
        let hint = did_you_mean(name, outputs.keys().map(Str::as_str));
        let detail = format!(
            "This object does not have an attribute named \"{name}\": module.{call} has no output \
             of that name.{hint}"
        );
        Err(self.at_step(&reference.steps[at], "Unsupported attribute", detail))
    }

    /// The attribute that follows a resource must be in its schema.
    fn attributes(
        &self,
        resource: &Resource,
        reference: &Reference,
        taken: usize,
    ) -> Result<(), Diagnostic> {
        let once = matches!(resource.repetition, Repetition::Once);
        let rest = &reference.steps[taken..];
        let step = match (once, rest.first()) {
            (_, None) => return Ok(()),
            (true, Some(step)) if is_constant_key(step) => {
                let detail = format!(
                    "Because {} does not have \"count\" or \"for_each\" set, references to it must \
                     not include an index key. Remove the bracketed index to refer to the single \
                     instance of this resource.",
                    resource.name
                );
                let summary = "Unexpected resource instance key";
                return Err(self.problem(reference, taken + 1, summary, detail));
            }
            (true, Some(step)) => step,
            (false, Some(step)) if attribute(step).is_some() => {
                let detail = format!(
                    "Because {0} has \"{1}\" set, its attributes must be accessed on specific \
                     instances.\n\nFor example, to correlate with indices of a referring resource, \
                     use:\n    {0}[{1}.{2}]",
                    resource.name,
                    if matches!(resource.repetition, Repetition::Count(_)) {
                        "count"
                    } else {
                        "for_each"
                    },
                    if matches!(resource.repetition, Repetition::Count(_)) {
                        "index"
                    } else {
                        "key"
                    },
                );
                let summary = "Missing resource instance key";
                return Err(self.problem(reference, taken + 1, summary, detail));
            }
            (false, Some(_)) => match rest.get(1) {
                Some(step) => step,
                None => return Ok(()),
            },
        };
        let Some(name) = attribute(step) else { return Ok(()) };
        let modules = &self.graph.modules;
        let place = resolve(modules, self.module, &resource.name.ty, resource.provider.as_ref());
        let Ok(place) = place else { return Ok(()) };
        let Some(provider) = self.providers.get(&place.addr.provider) else { return Ok(()) };
        let Some(block) = schema_block(provider.as_ref(), &resource.name) else { return Ok(()) };
        if block.attributes.contains_key(name) || block.blocks.contains_key(name) {
            return Ok(());
        }
        let hint = did_you_mean(name, block.attributes.keys().map(Str::as_str));
        let detail = format!(
            "This object has no argument, nested block, or exported attribute named \
             \"{name}\".{hint}"
        );
        Err(self.at_step(step, "Unsupported attribute", detail))
    }

    fn at_step(&self, step: &Step, summary: &'static str, detail: String) -> Diagnostic {
        Diagnostic::error(summary, detail).at(self.sources.range(step.span))
    }

    fn problem(
        &self,
        reference: &Reference,
        taken: usize,
        summary: &'static str,
        detail: String,
    ) -> Diagnostic {
        let last = reference.steps[..taken.min(reference.steps.len())].last();
        let end = last.map_or(reference.root_span, |step| step.span);
        Diagnostic::error(summary, detail).at(self.sources.range(reference.root_span.to(end)))
    }

    fn report(&mut self, summary: &'static str, detail: String, span: kprov_lang::Span) {
        let range = self.sources.range(span);
        self.found.push(Diagnostic::error(summary, detail).at(range));
    }
}

/// `[0]`, `["k"]`, `.0`: an instance key whatever the values are.
fn is_constant_key(step: &Step) -> bool {
    match &step.kind {
        StepKind::LegacyIndex(_) => true,
        StepKind::Index(key) => matches!(key.kind, ExprKind::Literal(_)),
        StepKind::Attribute(_) | StepKind::Splat(_) => false,
    }
}
