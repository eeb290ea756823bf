//! The edges: which node refers to which.

use kprov_core::{ResourceMode, ResourceName, Str};
use kprov_lang::SourceMap;
use kprov_lang::ast::{Body, Expr, ExprKind, Reference};
use kprov_lang::config::{CheckRule, Module, Repetition, Resource};
use kprov_lang::eval::{references, references_in_body};

use super::{Graph, NodeIndex, NodeKind, Subject, Use, attribute, subject};
use crate::provider_config::{ConfigPlace, resolve};

/// A node refers to another one.
struct Edge<'a> {
    from: NodeIndex,
    to: NodeIndex,
    /// None where it waits for it and takes nothing from it.
    reference: Option<&'a Reference>,
}

/// Adds all edges. References to what does not exist add none.
pub(super) fn connect(graph: &mut Graph<'_>, sources: &SourceMap) {
    for edge in edges(graph, sources) {
        graph.dependencies[edge.from].push(edge.to);
    }
    for module in 0..graph.modules.len() {
        below_call(graph, module);
    }
    for dependencies in &mut graph.dependencies {
        dependencies.sort_unstable();
        dependencies.dedup();
    }
}

/// Which attribute of which block's resource each block takes; no name where it takes it whole.
pub(super) fn uses(graph: &Graph<'_>, sources: &SourceMap) -> Vec<Use> {
    let of_resource = |edge: Edge<'_>| {
        let reference = edge.reference?;
        let (Subject::Resource(_), taken) = subject(reference, sources).ok()? else { return None };
        let attribute = behind_key(reference, taken).cloned();
        Some(Use { by: edge.from, of: edge.to, attribute })
    };
    edges(graph, sources).into_iter().filter_map(of_resource).collect()
}

/// The edges but for those that modules as such have.
fn edges<'a>(graph: &Graph<'a>, sources: &SourceMap) -> Vec<Edge<'a>> {
    let mut found = Vec::with_capacity(2 * graph.nodes.len());
    for (module, declared) in graph.modules.iter().enumerate() {
        let config: &'a Module = declared.config;
        let mut edges = Edges { graph, sources, module, found };
        edges.values(config);
        edges.calls(config);
        edges.resources(config);
        edges.variables(config);
        edges.imports(config);
        found = edges.found;
    }
    found
}

/// Everything in a called module waits for the call's expansion, and its close for everything.
fn below_call(graph: &mut Graph<'_>, module: usize) {
    let (Some(parent), Some(close)) =
        (graph.modules[module].parent, graph.find(module, NodeKind::Close))
    else {
        return;
    };
    let Some((_, name)) = graph.modules[module].path.parent() else { return };
    let Some(call) = graph.find(parent, NodeKind::Call(name.clone())) else { return };
    let first = graph.nodes.partition_point(|node| node.module < module);
    let behind = graph.nodes.partition_point(|node| node.module <= module);
    for node in first..behind {
        graph.dependencies[node].push(call);
        if node != close {
            graph.dependencies[close].push(node);
        }
    }
    let children: Vec<usize> = graph.modules[module].children.values().copied().collect();
    for child in children {
        if let Some(inner) = graph.find(child, NodeKind::Close) {
            graph.dependencies[close].push(inner);
        }
    }
}

struct Edges<'g, 'a> {
    graph: &'g Graph<'a>,
    sources: &'g SourceMap,
    module: usize,
    found: Vec<Edge<'a>>,
}

impl<'a> Edges<'_, 'a> {
    fn values(&mut self, config: &'a Module) {
        for (name, local) in &config.locals {
            self.node(NodeKind::Local(name.clone()), |it, node| it.expr(node, &local.expr));
        }
        for (name, output) in &config.outputs {
            self.node(NodeKind::Output(name.clone()), |it, node| {
                it.expr(node, &output.value);
                it.rules(node, &output.preconditions);
                it.depends_on(node, &output.depends_on);
            });
        }
        for ((name, alias), provider) in &config.providers {
            let kind = NodeKind::Provider(name.clone(), alias.clone());
            self.node(kind, |it, node| it.body(node, &provider.body));
        }
        for (name, check) in &config.checks {
            self.node(NodeKind::Check(name.clone()), |it, node| {
                it.rules(node, &check.asserts);
                if let Some(data) = &check.data {
                    it.edge(node, NodeKind::Resource(data.clone()));
                }
            });
        }
    }

    fn calls(&mut self, config: &'a Module) {
        for (name, call) in &config.calls {
            self.node(NodeKind::Call(name.clone()), |it, node| {
                it.repetition(node, &call.repetition);
                it.depends_on(node, &call.depends_on);
            });
            let Some(&child) = self.graph.modules[self.module].children.get(name) else { continue };
            for argument in &call.arguments.attributes {
                let variable = NodeKind::Variable(argument.name.clone());
                let Some(from) = self.graph.find(child, variable) else { continue };
                for reference in references(&argument.expr) {
                    self.connect_reference(from, reference);
                }
            }
        }
    }

    fn variables(&mut self, config: &'a Module) {
        for variable in config.variables.values().filter(|v| !v.validations.is_empty()) {
            self.node(NodeKind::Validation(variable.name.clone()), |it, node| {
                it.edge(node, NodeKind::Variable(variable.name.clone()));
                it.rules(node, &variable.validations);
            });
        }
    }

    /// Imports are known before what they are imported to is planned.
    fn imports(&mut self, config: &'a Module) {
        let Some(node) = self.graph.find(self.module, NodeKind::Imports) else { return };
        for import in &config.imports {
            self.expr(node, &import.id);
            if let Some(for_each) = &import.for_each {
                self.expr(node, for_each);
            }
            let ExprKind::Reference(to) = &import.to.kind else { continue };
            for reference in references(&import.to) {
                if reference.root_span != to.root_span {
                    self.connect_reference(node, reference);
                }
            }
            if let Some(resource) = self.import_target(to) {
                self.found.push(Edge { from: resource, to: node, reference: None });
            }
        }
    }

    /// The block that an import's `to` names.
    fn import_target(&self, to: &Reference) -> Option<NodeIndex> {
        let names = std::iter::once(&to.root).chain(to.steps.iter().filter_map(attribute));
        let names: Vec<&Str> = names.collect();
        let (mut module, mut rest) = (self.module, names.as_slice());
        while let [word, name, inner @ ..] = rest
            && **word == "module"
        {
            module = *self.graph.modules[module].children.get(*name)?;
            rest = inner;
        }
        let [ty, name, ..] = rest else { return None };
        let mode = ResourceMode::Managed;
        let resource = ResourceName { mode, ty: (*ty).clone(), name: (*name).clone() };
        self.graph.find(module, NodeKind::Resource(resource))
    }

    fn resources(&mut self, config: &'a Module) {
        for (name, resource) in &config.resources {
            self.node(NodeKind::Resource(name.clone()), |it, node| it.resource(node, resource));
        }
    }

    fn resource(&mut self, node: NodeIndex, resource: &'a Resource) {
        self.repetition(node, &resource.repetition);
        self.body(node, &resource.body);
        self.depends_on(node, &resource.depends_on);
        for trigger in &resource.lifecycle.replace_triggered_by {
            self.expr(node, trigger);
        }
        self.rules(node, &resource.lifecycle.preconditions);
        self.rules(node, &resource.lifecycle.postconditions);
        if let Some(rotation) = &resource.lifecycle.rotation {
            self.body(node, rotation);
        }
        for provisioner in &resource.provisioners {
            if !provisioner.on_destroy {
                self.body(node, &provisioner.body);
            }
        }
        if let Some(connection) = &resource.connection {
            self.body(node, connection);
        }
        let modules = &self.graph.modules;
        if let Ok(ConfigPlace { module, block: Some((local, alias)), .. }) =
            resolve(modules, self.module, &resource.name.ty, resource.provider.as_ref())
            && let Some(to) = self.graph.find(module, NodeKind::Provider(local, alias))
        {
            self.found.push(Edge { from: node, to, reference: None });
        }
    }

    /// Does something with a node of this module, which is looked up once.
    fn node(&mut self, kind: NodeKind, work: impl FnOnce(&mut Self, NodeIndex)) {
        if let Some(node) = self.graph.find(self.module, kind) {
            work(self, node);
        }
    }

    fn repetition(&mut self, node: NodeIndex, repetition: &'a Repetition) {
        match repetition {
            Repetition::Once => {}
            Repetition::Count(expr) | Repetition::ForEach(expr) => self.expr(node, expr),
        }
    }

    fn rules(&mut self, node: NodeIndex, rules: &'a [CheckRule]) {
        for rule in rules {
            self.expr(node, &rule.condition);
            self.expr(node, &rule.error_message);
        }
    }

    fn depends_on(&mut self, from: NodeIndex, targets: &'a [Reference]) {
        for reference in targets {
            match subject(reference, self.sources) {
                // The whole module, what its outputs do not show included.
                Ok((Subject::Module(name), _)) => {
                    if let Some(to) = self.child(&name, NodeKind::Close) {
                        self.found.push(Edge { from, to, reference: None });
                    }
                }
                _ => self.connect(from, reference, None),
            }
        }
    }

    fn expr(&mut self, from: NodeIndex, expr: &'a Expr) {
        for reference in references(expr) {
            self.connect_reference(from, reference);
        }
    }

    fn body(&mut self, from: NodeIndex, body: &'a Body) {
        for reference in references_in_body(body) {
            self.connect_reference(from, reference);
        }
    }

    fn edge(&mut self, from: NodeIndex, to: NodeKind) {
        if let Some(to) = self.graph.find(self.module, to) {
            self.found.push(Edge { from, to, reference: None });
        }
    }

    fn child(&self, call: &Str, kind: NodeKind) -> Option<NodeIndex> {
        let child = *self.graph.modules[self.module].children.get(call)?;
        self.graph.find(child, kind)
    }

    fn connect_reference(&mut self, from: NodeIndex, reference: &'a Reference) {
        self.connect(from, reference, Some(reference));
    }

    fn connect(&mut self, from: NodeIndex, to: &Reference, reference: Option<&'a Reference>) {
        // What refers to itself is reported as such, with its place, not as a cycle.
        if let Some(to) = target(self.graph, self.module, to, self.sources)
            && from != to
        {
            self.found.push(Edge { from, to, reference });
        }
    }
}

/// The node that a reference in that module is about; none if there is no such thing.
pub(super) fn target(
    graph: &Graph<'_>,
    module: usize,
    reference: &Reference,
    sources: &SourceMap,
) -> Option<NodeIndex> {
    let (subject, taken) = subject(reference, sources).ok()?;
    let kind = match subject {
        Subject::Variable(name) => NodeKind::Variable(name),
        Subject::Local(name) => NodeKind::Local(name),
        Subject::Resource(name) => NodeKind::Resource(name),
        Subject::Module(name) => return in_module(graph, module, &name, reference, taken),
        Subject::Each(_)
        | Subject::CountIndex
        | Subject::Path(_)
        | Subject::Terraform(_)
        | Subject::Itself => return None,
    };
    graph.find(module, kind)
}

/// `module.m[k].out` needs that output; `module.m` all of them, and with them, as in Terraform,
/// everything that is in the module.
fn in_module(
    graph: &Graph<'_>,
    module: usize,
    call: &Str,
    reference: &Reference,
    taken: usize,
) -> Option<NodeIndex> {
    let child = *graph.modules[module].children.get(call)?;
    let output = behind_key(reference, taken)
        .and_then(|name| graph.find(child, NodeKind::Output(name.clone())));
    output.or_else(|| graph.find(child, NodeKind::Close))
}

/// The name that follows the first `taken` steps, where an instance key may stand between.
fn behind_key(reference: &Reference, taken: usize) -> Option<&Str> {
    let mut rest = reference.steps.iter().skip(taken);
    rest.next().and_then(attribute).or_else(|| rest.next().and_then(attribute))
}
