//! The walk: blocks level by level, each instance evaluated and compared, data sources read in one
//! batch per level, and at the end what the state has and the configuration has not.

mod conditions;
mod data;
mod finish;
mod hold;
mod imports;
mod managed;
mod orphans;
mod providers;
mod relevant;
mod rotation;
mod together;
mod triggers;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use kprov_core::addr::Target;
use kprov_core::{
    Diagnostic, Diagnostics, InstanceAddr, InstanceKey, ProviderConfigAddr, ResourceAddr,
    ResourceMode, ResourceName, Value,
};
use kprov_lang::ast::Reference;
use kprov_lang::config::Repetition;

use crate::change::cbd::propagate;
use crate::change::ignore::Ignore;
use crate::change::moved::{Moves, Statement, apply_moves, statements};
use crate::change::removed::RemovedBlocks;
use crate::change::target::{self, Selection, check_moves, select};
use crate::checks::CheckResults;
use crate::evaluation::{Evaluation, ModuleInstance, Phase, ResourceInstances, VertexId};
use crate::expand::{self, Expansion};
use crate::graph::{Checks, Graph, NodeIndex, NodeKind};
use crate::unmanaged::unmanaged_error;
use crate::validate::validate_all;
use crate::{Change, Deferred, DeferredReason, Plan, PlanHost, PlanInput, PriorState};

/// Makes a plan. With errors the plan is `errored`, holds what could be planned, and must not be
/// applied.
pub fn plan(input: &PlanInput<'_>, host: &mut dyn PlanHost) -> (Plan, Diagnostics) {
    let (graph, mut found) =
        Graph::build(input.tree, input.sources, input.providers, Checks::ForPlan);
    let graph = Rc::new(graph);
    let providers = input.providers;
    validate_all(&mut found, graph.clone(), input.sources, input.functions, providers);
    if found.has_errors() {
        found.sort();
        return (finish::errored(input), found);
    }
    let (statements, problems) = statements(input.tree, input.sources);
    found.extend(problems);
    let moves = match apply_moves(&statements, input.prior, input.sources) {
        Ok(moves) => moves,
        Err(problems) => {
            found.extend(problems);
            Moves::default()
        }
    };
    found.extend(moves.warning());
    let (removed, problems) = RemovedBlocks::of(input.tree, input.sources);
    found.extend(problems);
    found.extend(check_moves(&moves, &input.options.targets));
    if !input.options.targets.is_empty() {
        found.push(targeting_warning());
    }
    let targets = match rotation::targets(&graph, input.options) {
        Ok(targets) => targets,
        Err(problem) => {
            found.push(problem);
            found.sort();
            return (finish::errored(input), found);
        }
    };
    let selection = selection(&graph, input.options, &targets);
    let relocated;
    let prior = if moves.previous.is_empty() {
        input.prior
    } else {
        relocated = moves.relocate(input.prior.clone());
        &relocated
    };
    let mut planner = Planner::new(input, host, graph, prior, selection);
    planner.removed = removed;
    planner.found = found;
    planner.statements = statements;
    planner.moves = moves;
    planner.walk();
    planner.finish()
}

/// What is known of a provider configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Configured {
    Known,
    Unknown,
    Failed,
}

struct Planner<'a, 'h> {
    input: &'a PlanInput<'a>,
    /// The state after moves.
    prior: &'a PriorState,
    /// Instances with conditions that only apply can tell.
    recheck: BTreeSet<InstanceAddr>,
    /// What import blocks ask for, and what was found.
    imports: imports::Imports<'a>,
    /// What of the configuration is planned.
    selection: Selection<'a>,
    removed: RemovedBlocks<'a>,
    statements: Vec<Statement>,
    moves: Moves,
    /// Is there any replace_triggered_by?
    has_triggers: bool,
    /// Changes by instance, if there is.
    changed: HashMap<InstanceAddr, usize>,
    /// The same of earlier phases.
    earlier: triggers::Earlier<'a>,
    host: &'h mut dyn PlanHost,
    evaluation: Rc<Evaluation<'a>>,
    found: Diagnostics,
    /// By node: it, or something that it depends on, could not be evaluated.
    failed: Vec<bool>,
    /// By node: left to a later phase, or depends on something that is.
    deferred_nodes: Vec<bool>,
    /// By node: it is a resource of which something will change.
    pending: Vec<bool>,
    /// By node: resources referred to, as state records them.
    recorded: Vec<Arc<[NodeIndex]>>,
    providers: BTreeMap<ProviderConfigAddr, (Configured, Option<VertexId>)>,
    /// What provider configurations evaluated to, without marks.
    provider_configs: BTreeMap<ProviderConfigAddr, Value>,
    changes: Vec<Change>,
    /// The vertex of each change; deletes have none.
    vertices: Vec<Option<VertexId>>,
    deferred: Vec<Deferred>,
    /// Nodes that are deferred because of what they need to know themselves.
    unknown: BTreeSet<NodeIndex>,
    /// Instances that are made anew, and whose old object a later phase deletes.
    kept: BTreeSet<InstanceAddr>,
    checks: CheckResults,
    reads: Vec<data::PendingRead<'a>>,
    /// What providers look at together.
    together: together::Together<'a>,
    /// By node: replacements create before they destroy, by own setting or a dependent's.
    create_first: Vec<bool>,
}

/// A resource block in one instance of its module.
struct Site<'a> {
    node: NodeIndex,
    module: Rc<ModuleInstance<'a>>,
    name: ResourceName,
    resource: Rc<ResourceInstances<'a>>,
    provider: ProviderConfigAddr,
    provider_config: Value,
    code: &'a dyn kprov_provider::Provider,
    block: &'a kprov_provider::Block,
    statics: Vec<&'a Reference>,
    dependencies: Vec<ResourceAddr>,
    ignore: Ignore,
}

impl Site<'_> {
    fn addr(&self, index: usize) -> InstanceAddr {
        InstanceAddr {
            module: self.module.addr.clone(),
            resource: self.name.clone(),
            key: self.resource.expansion.key(index),
        }
    }
}

impl<'a, 'h> Planner<'a, 'h> {
    fn new(
        input: &'a PlanInput<'a>,
        host: &'h mut dyn PlanHost,
        graph: Rc<Graph<'a>>,
        prior: &'a PriorState,
        selection: Selection<'a>,
    ) -> Self {
        let count = graph.nodes.len();
        let recorded = graph.resource_dependencies();
        let create_first = create_first(&graph);
        let has_triggers = graph.modules.iter().any(|module| {
            let mut resources = module.config.resources.values();
            resources.any(|config| !config.lifecycle.replace_triggered_by.is_empty())
        });
        let evaluation = Evaluation::new(
            Phase::Plan,
            graph,
            (input.sources, input.functions),
            input.providers,
            input.variables,
            input.options.workspace.clone(),
        );
        Planner {
            input,
            prior,
            selection,
            imports: imports::Imports::default(),
            recheck: BTreeSet::new(),
            removed: RemovedBlocks::default(),
            statements: Vec::new(),
            moves: Moves::default(),
            has_triggers,
            changed: HashMap::new(),
            earlier: triggers::Earlier::of(if has_triggers { input.earlier } else { &[] }),
            host,
            evaluation: Rc::new(evaluation),
            found: Diagnostics::new(),
            failed: vec![false; count],
            deferred_nodes: vec![false; count],
            pending: vec![false; count],
            recorded,
            providers: BTreeMap::new(),
            provider_configs: BTreeMap::new(),
            changes: Vec::new(),
            vertices: Vec::new(),
            deferred: Vec::new(),
            unknown: BTreeSet::new(),
            kept: BTreeSet::new(),
            checks: CheckResults::default(),
            reads: Vec::new(),
            together: together::Together::default(),
            create_first,
        }
    }

    fn walk(&mut self) {
        let graph = self.evaluation.graph.clone();
        for level in &graph.levels {
            for &node in level {
                let before = &graph.dependencies[node];
                self.failed[node] = before.iter().any(|&dependency| self.failed[dependency]);
                self.deferred_nodes[node] =
                    before.iter().any(|&dependency| self.deferred_nodes[dependency]);
                if !self.failed[node] && self.selection.block(node) {
                    self.node(&graph, node);
                }
            }
            self.read_level();
        }
    }

    fn node(&mut self, graph: &Graph<'a>, node: NodeIndex) {
        let place = &graph.nodes[node];
        for module in self.evaluation.modules(place.module) {
            let evaluation = self.evaluation.clone();
            let result = match &place.kind {
                NodeKind::Variable(name) => evaluation.variable(&module, name).map(|_| ()),
                NodeKind::Local(name) => evaluation.local(&module, name).map(|_| ()),
                NodeKind::Validation(name) => self.validations(&module, name),
                NodeKind::Output(name) => self.output(&module, name),
                NodeKind::Check(name) => self.check_block(&module, name),
                NodeKind::Call(name) => self.call(node, &module, name),
                NodeKind::Resource(name) => self.resource(node, &module, name),
                NodeKind::Imports => self.import_blocks(&module),
                NodeKind::Provider(..) | NodeKind::Close => Ok(()),
            };
            if let Err(problems) = result {
                self.found.extend(problems);
                self.failed[node] = true;
            }
        }
    }

    fn call(
        &mut self,
        node: NodeIndex,
        module: &Rc<ModuleInstance<'a>>,
        name: &kprov_core::Str,
    ) -> Result<(), Diagnostics> {
        let call = self.evaluation.call(module, name)?;
        if !matches!(call.expansion, Expansion::Unknown) {
            return Ok(());
        }
        let config = &module.config.calls[name];
        self.refuse_unknown(&config.repetition)?;
        self.deferred_nodes[node] = true;
        self.unknown.insert(node);
        let graph = self.evaluation.graph.clone();
        if let Some(&child) = graph.modules[module.module].children.get(name) {
            for resource in graph.modules[child].config.resources.keys() {
                let addr = InstanceAddr {
                    module: module.addr.child(name, InstanceKey::None),
                    resource: resource.clone(),
                    key: InstanceKey::None,
                };
                self.defer(addr, DeferredReason::InstanceCountUnknown, Value::NULL);
            }
        }
        Ok(())
    }

    /// With `-no-defer` an unknown count or for_each is an error.
    fn refuse_unknown(&self, repetition: &Repetition) -> Result<(), Diagnostics> {
        if !self.input.options.no_defer {
            return Ok(());
        }
        let (expr, problem) = match repetition {
            Repetition::Once => return Ok(()),
            Repetition::Count(expr) => (expr, expand::unknown_count_error()),
            Repetition::ForEach(expr) => (expr, expand::unknown_for_each_error()),
        };
        Err(problem.at(self.input.sources.range(expr.span)).into())
    }

    /// Destroying and refreshing make nothing, so nothing is left to a later phase.
    fn defer(&mut self, addr: InstanceAddr, reason: DeferredReason, after: Value) {
        let makes = self.input.options.mode == crate::PlanMode::Normal;
        if makes && addr.resource.mode == ResourceMode::Managed {
            self.deferred.push(Deferred { reason, addr, after });
        }
    }

    fn resource(
        &mut self,
        node: NodeIndex,
        module: &Rc<ModuleInstance<'a>>,
        name: &ResourceName,
    ) -> Result<(), Diagnostics> {
        let resource = self.evaluation.resource(module, name)?;
        let config = resource.config;
        if matches!(resource.expansion, Expansion::Unknown) {
            self.refuse_unknown(&config.repetition)?;
            self.deferred_nodes[node] = true;
            self.unknown.insert(node);
            let addr = InstanceAddr {
                module: module.addr.clone(),
                resource: name.clone(),
                key: InstanceKey::None,
            };
            self.defer(addr, DeferredReason::InstanceCountUnknown, Value::NULL);
            return Ok(());
        }
        let Some((code, block, place)) = self.evaluation.schema(module, config) else {
            let found = self.evaluation.provider_of(module, config);
            let problem = match found.filter(|(provider, _)| provider.lacks(name.mode, &name.ty)) {
                Some(_) if resource.len() == 0 => return Ok(()),
                Some((provider, _)) => unmanaged_error(provider, name),
                None => Diagnostic::error(
                    "Invalid resource type",
                    format!("No provider offers {name}."),
                ),
            };
            return Err(problem.at(self.input.sources.range(config.span)).into());
        };
        let (configured, vertex) = self.configure(&place)?;
        if configured == Configured::Unknown {
            self.unknown.insert(node);
        }
        self.evaluation.recorder.order(resource.gate, vertex);
        let site = Rc::new(Site {
            node,
            module: module.clone(),
            name: name.clone(),
            statics: statics(config),
            dependencies: self.recorded_dependencies(node),
            ignore: Ignore::from(&config.lifecycle.ignore_changes),
            resource,
            provider_config: self.provider_configs.get(&place.addr).cloned().unwrap_or(Value::NULL),
            provider: place.addr,
            code,
            block,
        });
        self.instances(&site, configured);
        Ok(())
    }

    /// Plans the instances of a block; problems are told, and mark the block as failed.
    fn instances(&mut self, site: &Rc<Site<'a>>, configured: Configured) {
        let node = site.node;
        let mut problems = Diagnostics::new();
        if let Err(found) = self.import_into(site, configured) {
            problems.extend(found);
            self.failed[node] = true;
        }
        for index in 0..site.resource.len() {
            if !self.selection.instance(node, &site.addr(index)) {
                self.leave_alone(site, index);
                continue;
            }
            let result = match &site.name.mode {
                ResourceMode::Managed => self.managed(site, index, configured),
                ResourceMode::Data => self.data(site, index, configured),
                ResourceMode::Ephemeral => self.ephemeral(site, index, configured),
            };
            if let Err(found) = result {
                problems.extend(found);
                self.failed[node] = true;
            }
        }
        // Instances of one block tend to have the same problem.
        problems.sort();
        self.found.extend(problems);
    }

    /// What the state records of a block: the resources that it refers to, and through those that
    /// will not be in the state, the resources that these refer to. So the closure over what is
    /// recorded is the closure over the configuration.
    fn recorded_dependencies(&self, node: NodeIndex) -> Vec<ResourceAddr> {
        let graph = &self.evaluation.graph;
        let mut seen: BTreeSet<NodeIndex> = self.recorded[node].iter().copied().collect();
        let mut open: Vec<NodeIndex> = seen.iter().copied().collect();
        while let Some(dependency) = open.pop() {
            if !self.leaves_objects(dependency) {
                open.extend(self.recorded[dependency].iter().filter(|next| seen.insert(**next)));
            }
        }
        seen.remove(&node);
        let addr = |&dependency: &NodeIndex| {
            let found = &graph.nodes[dependency];
            let NodeKind::Resource(name) = &found.kind else { return None };
            let module = graph.modules[found.module].path.clone();
            Some(ResourceAddr { module, resource: name.clone() })
        };
        seen.iter().filter_map(addr).collect()
    }

    /// Has the block, evaluated already, an instance?
    fn leaves_objects(&self, node: NodeIndex) -> bool {
        let place = &self.evaluation.graph.nodes[node];
        let NodeKind::Resource(name) = &place.kind else { return false };
        self.evaluation.modules(place.module).iter().any(|module| {
            module.expanded(name).is_some_and(|resource| match resource.expansion {
                Expansion::Unknown => false,
                _ => resource.len() > 0,
            })
        })
    }

    fn push(&mut self, change: Change, vertex: Option<VertexId>) {
        if self.has_triggers && change.deposed.is_none() {
            self.changed.insert(change.addr.clone(), self.changes.len());
        }
        self.changes.push(change);
        self.vertices.push(vertex);
    }
}

/// All references that an instance of the block makes, but for its expansion's.
fn statics(config: &kprov_lang::config::Resource) -> Vec<&Reference> {
    use kprov_lang::eval::{references, references_in_body};
    let mut found = references_in_body(&config.body);
    let lifecycle = &config.lifecycle;
    for rule in lifecycle.preconditions.iter().chain(&lifecycle.postconditions) {
        found.extend(references(&rule.condition));
        found.extend(references(&rule.error_message));
    }
    for trigger in &lifecycle.replace_triggered_by {
        found.extend(references(trigger));
    }
    for provisioner in config.provisioners.iter().filter(|provisioner| !provisioner.on_destroy) {
        found.extend(references_in_body(&provisioner.body));
    }
    if let Some(connection) = &config.connection {
        found.extend(references_in_body(connection));
    }
    found.extend(lifecycle.rotation.iter().flat_map(references_in_body));
    found
}

/// Which blocks create before they destroy.
fn create_first(graph: &Graph<'_>) -> Vec<bool> {
    let own: Vec<Option<bool>> = graph
        .nodes
        .iter()
        .map(|node| match &node.kind {
            NodeKind::Resource(name) => {
                let resources = &graph.modules[node.module].config.resources;
                resources.get(name).and_then(|config| config.lifecycle.create_before_destroy)
            }
            _ => None,
        })
        .collect();
    if !own.contains(&Some(true)) {
        return vec![false; own.len()];
    }
    let dependencies: Vec<Vec<u32>> = graph
        .dependencies
        .iter()
        .map(|all| all.iter().filter_map(|&node| u32::try_from(node).ok()).collect())
        .collect();
    propagate(&own, &dependencies)
}

/// What of the configuration the user wants planned. Destroying chooses among objects instead.
fn selection<'a>(
    graph: &Graph<'_>,
    options: &'a crate::PlanOptions,
    targets: &'a [Target],
) -> Selection<'a> {
    if options.mode == crate::PlanMode::Destroy
        || (targets.is_empty() && options.excludes.is_empty())
    {
        return select(&vec![target::Block::Other; graph.nodes.len()], &[], &[], &[]);
    }
    let blocks: Vec<target::Block> = graph
        .nodes
        .iter()
        .map(|node| {
            let module = &graph.modules[node.module].path;
            match &node.kind {
                NodeKind::Resource(name) => target::Block::Resource(ResourceAddr {
                    module: module.clone(),
                    resource: name.clone(),
                }),
                NodeKind::Output(_) if module.is_root() => target::Block::Output,
                _ => target::Block::Other,
            }
        })
        .collect();
    let dependencies: Vec<Vec<u32>> = graph
        .dependencies
        .iter()
        .map(|all| all.iter().filter_map(|&node| u32::try_from(node).ok()).collect())
        .collect();
    select(&blocks, &dependencies, targets, &options.excludes)
}

fn targeting_warning() -> Diagnostic {
    Diagnostic::warning(
        "Resource targeting is in effect",
        "You are creating a plan with the -target option, which means that the result of this plan \
         may not represent all of the changes requested by the current configuration.\n\nThe \
         -target option is not for routine use, and is provided only for exceptional situations \
         such as recovering from errors or mistakes.",
    )
}
