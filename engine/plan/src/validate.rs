//! Static checks: everything that can be said without state, variables or providers' answers. The
//! configuration is evaluated once with all of those unknown, so that what is wrong whatever they
//! are is found, in blocks with no instances too.

use std::rc::Rc;

use kprov_core::value::convert;
use kprov_core::{
    Diagnostic, Diagnostics, InstanceAddr, ResourceMode, ResourceName, Severity, SourceRange, Str,
    Type, Value,
};
use kprov_lang::SourceMap;
use kprov_lang::config::{CheckRule, ModuleTree, Provisioner, Repetition, Resource};
use kprov_lang::functions::FunctionContext;
use kprov_provider::{Attribute, AttributeError, Block, Provider, Registry};

use crate::checks::{RuleKind, evaluate_rules};
use crate::decode::Decoder;
use crate::evaluation::{BlockScope, Evaluation, ModuleInstance, Phase, unknown_resource};
use crate::expand::{self, Repeated};
use crate::graph::{Checks, Graph, NodeIndex, NodeKind};
use crate::provider_config::ConfigPlace;

/// Checks a configuration.
pub fn validate(
    tree: &ModuleTree,
    sources: &SourceMap,
    functions: &FunctionContext<'_>,
    providers: &Registry,
) -> Diagnostics {
    let (graph, mut found) = Graph::build(tree, sources, providers, Checks::Always);
    validate_all(&mut found, Rc::new(graph), sources, functions, providers);
    found.sort();
    found
}

/// Adds to what building the graph found. A place that is known to be wrong is not told twice: an
/// undeclared name is found by its reference first, and again when it is evaluated.
pub(crate) fn validate_all<'a>(
    found: &mut Diagnostics,
    graph: Rc<Graph<'a>>,
    sources: &'a SourceMap,
    functions: &'a FunctionContext<'a>,
    providers: &'a Registry,
) {
    if !graph.sound {
        return;
    }
    let wrong: Vec<SourceRange> =
        found.iter().filter(|it| it.is_error()).filter_map(|it| it.subject.clone()).collect();
    let told = |place: &SourceRange| {
        wrong.iter().any(|known| {
            known.filename == place.filename
                && known.start.byte <= place.end.byte
                && place.start.byte <= known.end.byte
        })
    };
    let more = validate_graph(graph, sources, functions, providers);
    found.extend(more.into_iter().filter(|it| !it.subject.as_ref().is_some_and(told)));
}

/// Checks a configuration whose graph is there already.
fn validate_graph<'a>(
    graph: Rc<Graph<'a>>,
    sources: &'a SourceMap,
    functions: &'a FunctionContext<'a>,
    providers: &'a Registry,
) -> Diagnostics {
    let variables = std::collections::BTreeMap::new();
    let evaluation = Evaluation::new(
        Phase::Validate,
        graph.clone(),
        (sources, functions),
        providers,
        &variables,
        Str::new("default"),
    );
    let mut walk = Walk { evaluation: &evaluation, found: Diagnostics::new() };
    let mut failed = vec![false; graph.nodes.len()];
    for &node in graph.levels.iter().flatten() {
        failed[node] = graph.dependencies[node].iter().any(|&dependency| failed[dependency]);
        if !failed[node] {
            failed[node] = !walk.node(&graph, node);
        }
    }
    walk.found
}

/// What a provider's own validation found, as diagnostics.
pub(crate) fn attribute_problems(
    errors: Vec<AttributeError>,
    addr: Option<&InstanceAddr>,
    place: SourceRange,
) -> Diagnostics {
    errors
        .into_iter()
        .map(|error| {
            let detail = if error.path.0.is_empty() {
                error.message
            } else {
                format!("{}: {}", error.path.to_string().trim_start_matches('.'), error.message)
            };
            let mut problem = Diagnostic::error(error.summary, detail).at(place.clone());
            if error.warning {
                problem.severity = Severity::Warning;
            }
            match addr {
                Some(addr) => problem.of(addr),
                None => problem,
            }
        })
        .collect()
}

/// What the type's code says of a configuration without marks.
pub(crate) fn type_problems(
    provider: &dyn Provider,
    name: &ResourceName,
    config: &Value,
) -> Vec<AttributeError> {
    let found = match name.mode {
        ResourceMode::Managed => provider.resource(&name.ty).map(|code| code.validate(config)),
        ResourceMode::Data => provider.data_source(&name.ty).map(|code| code.validate(config)),
        ResourceMode::Ephemeral => provider.ephemeral(&name.ty).map(|code| code.validate(config)),
    };
    found.unwrap_or_default()
}

struct Walk<'e, 'a> {
    evaluation: &'e Evaluation<'a>,
    found: Diagnostics,
}

impl<'a> Walk<'_, 'a> {
    /// Checks a block; is it good?
    fn node(&mut self, graph: &Graph<'a>, node: NodeIndex) -> bool {
        let place = &graph.nodes[node];
        let mut good = true;
        for module in self.evaluation.modules(place.module) {
            let evaluation = self.evaluation;
            let result = match &place.kind {
                NodeKind::Variable(name) => evaluation.variable(&module, name).map(|_| ()),
                NodeKind::Local(name) => evaluation.local(&module, name).map(|_| ()),
                NodeKind::Call(name) => evaluation.call(&module, name).map(|_| ()),
                NodeKind::Validation(name) => self.validation(&module, name),
                NodeKind::Output(name) => self.output(&module, name),
                NodeKind::Check(name) => {
                    let asserts = module.config.checks.get(name).map(|check| &check.asserts[..]);
                    let scope = BlockScope::plain(evaluation, &module);
                    self.rules(asserts.unwrap_or_default(), &scope)
                }
                NodeKind::Resource(name) => self.resource(&module, name),
                NodeKind::Provider(name, alias) => {
                    let addr = kprov_core::ProviderConfigAddr {
                        module: module.addr.path(),
                        provider: crate::provider_config::provider_addr(module.config, name),
                        alias: alias.clone(),
                    };
                    let block = Some((name.clone(), alias.clone()));
                    self.provider(&ConfigPlace { module: place.module, block, addr })
                }
                NodeKind::Imports | NodeKind::Close => Ok(()),
            };
            if let Err(problems) = result {
                self.found.extend(problems);
                good = false;
            }
        }
        good
    }

    fn validation(
        &mut self,
        module: &Rc<ModuleInstance<'a>>,
        name: &Str,
    ) -> Result<(), Diagnostics> {
        let Some(variable) = module.config.variables.get(name) else { return Ok(()) };
        let given = module.caller.as_ref().and_then(|(_, call)| call.arguments.attribute(name));
        let given = given.map_or(variable.span, |argument| argument.expr.span);
        let kind = RuleKind::Validation(Some(self.evaluation.sources.range(given)));
        let scope = BlockScope::plain(self.evaluation, module);
        let sources = self.evaluation.sources;
        let result = evaluate_rules(&variable.validations, &kind, &scope, sources);
        if result.found.has_errors() { Err(result.found) } else { Ok(()) }
    }

    fn output(&mut self, module: &Rc<ModuleInstance<'a>>, name: &Str) -> Result<(), Diagnostics> {
        let mut problems = Diagnostics::new();
        if let Some(output) = module.config.outputs.get(name) {
            let scope = BlockScope::plain(self.evaluation, module);
            problems.collect(self.rules(&output.preconditions, &scope));
        }
        let value = problems.collect(self.evaluation.output(module, name));
        if value.is_none() || problems.has_errors() { Err(problems) } else { Ok(()) }
    }

    fn provider(&mut self, place: &ConfigPlace) -> Result<(), Diagnostics> {
        let config = self.evaluation.provider(place).0?;
        let Some(provider) = self.evaluation.providers.get(&place.addr.provider) else {
            return Ok(());
        };
        let range = self.evaluation.sources.range(config.header);
        let problems = attribute_problems(provider.validate(&config.value), None, range);
        if problems.has_errors() { Err(problems) } else { Ok(()) }
    }

    fn resource(
        &mut self,
        module: &Rc<ModuleInstance<'a>>,
        name: &ResourceName,
    ) -> Result<(), Diagnostics> {
        let evaluation = self.evaluation;
        let resource = evaluation.resource(module, name)?;
        let config = resource.config;
        let Some((provider, block, _)) = evaluation.schema(module, config) else { return Ok(()) };
        let scope = || BlockScope::of(evaluation, module, repeated(config));
        let decoder = Decoder::new(evaluation.functions, evaluation.sources);
        let decoder =
            if name.mode == ResourceMode::Ephemeral { decoder.allow_ephemeral() } else { decoder };
        let (value, mut problems) = decoder.decode(&config.body, block, &scope(), config.span);
        if let Some(value) = value {
            let bare = value.unmark_deep().0;
            let range = evaluation.sources.range(config.span);
            problems.extend(attribute_problems(type_problems(provider, name, &bare), None, range));
        }
        problems.extend(crate::rotation::decode(&scope(), provider, config).1);
        problems.collect(self.rules(&config.lifecycle.preconditions, &scope()));
        if !config.lifecycle.postconditions.is_empty() || !config.provisioners.is_empty() {
            let itself = unknown_resource(name, Some(block.implied_type()));
            let after = scope().with_self(itself);
            problems.collect(self.rules(&config.lifecycle.postconditions, &after));
            for provisioner in &config.provisioners {
                problems.extend(self.provisioner(provisioner, &after));
            }
        }
        if problems.has_errors() {
            return Err(problems);
        }
        self.found.extend(problems);
        Ok(())
    }

    fn provisioner(&self, provisioner: &Provisioner, scope: &BlockScope<'_, 'a>) -> Diagnostics {
        if provisioner.ty != "local-exec" {
            let detail = format!(
                "The provisioner \"{}\" is not available. Only local-exec is.",
                provisioner.ty
            );
            return Diagnostic::error("Missing required provisioner plugin", detail).into();
        }
        let decoder =
            Decoder::new(self.evaluation.functions, self.evaluation.sources).allow_ephemeral();
        decoder.decode(&provisioner.body, &local_exec(), scope, provisioner.span).1
    }

    /// Conditions must be of type bool; whether they hold is not asked here.
    fn rules(&self, rules: &[CheckRule], scope: &BlockScope<'_, 'a>) -> Result<(), Diagnostics> {
        let mut problems = Diagnostics::new();
        for rule in rules {
            if let Some(value) = problems.collect(scope.evaluate(&rule.condition))
                && let Err(error) = convert(&value, &Type::Bool)
            {
                let detail = format!("Invalid condition result value: {}.", error.message);
                let range = self.evaluation.sources.range(rule.condition.span);
                problems.push(Diagnostic::error("Invalid condition result", detail).at(range));
            }
            problems.collect(scope.evaluate(&rule.error_message));
        }
        if problems.has_errors() { Err(problems) } else { Ok(()) }
    }
}

/// `count` and `each` of any instance.
fn repeated(config: &Resource) -> Repeated {
    match config.repetition {
        Repetition::Once => Repeated::No,
        Repetition::Count(_) => expand::unknown_count(),
        Repetition::ForEach(_) => expand::unknown_each(),
    }
}

/// The arguments of the provisioner `local-exec`.
fn local_exec() -> Block {
    let text = || Attribute::new(Type::String).optional();
    let attributes = [
        ("command", Attribute::new(Type::String).required()),
        ("interpreter", Attribute::new(Type::list(Type::String)).optional()),
        ("working_dir", text()),
        ("environment", Attribute::new(Type::map(Type::String)).optional()),
        ("quiet", Attribute::new(Type::Bool).optional()),
    ];
    Block {
        attributes: attributes.map(|(name, attribute)| (Str::from(name), attribute)).into(),
        ..Block::default()
    }
}
