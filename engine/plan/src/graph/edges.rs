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
        let NodeKind::Resource(name) = &graph.nodes[edge.to].kind else { return None };
        // `t.n.attribute` or `t.n[key].attribute`, with a word more for data.
        let taken =
            if name.mode == ResourceMode::Managed && reference.root == name.ty { 1 } else { 2 };
        let mut rest = reference.steps.iter().skip(taken);
        let attribute = rest.next().and_then(attribute).or_else(|| rest.next().and_then(attribute));
        Some(Use { by: edge.from, of: edge.to, attribute: attribute.cloned() })
    };
    edges(graph, sources).into_iter().filter_map(of_resource).collect()
}

/// The edges but for those that modules as such have.
fn edges<'a>(graph: &Graph<'a>, sources: &SourceMap) -> Vec<Edge<'a>> {
    let mut found = Vec::new();
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
            self.expr(NodeKind::Local(name.clone()), &local.expr);
        }
        for (name, output) in &config.outputs {
            let node = NodeKind::Output(name.clone());
            self.expr(node.clone(), &output.value);
            self.rules(node.clone(), &output.preconditions);
            self.depends_on(node, &output.depends_on);
        }
        for (key, provider) in &config.providers {
            self.body(NodeKind::Provider(key.0.clone(), key.1.clone()), &provider.body);
        }
        for (name, check) in &config.checks {
            let node = NodeKind::Check(name.clone());
            self.rules(node.clone(), &check.asserts);
            if let Some(data) = &check.data {
                self.edge(node, NodeKind::Resource(data.clone()));
            }
        }
    }

    fn calls(&mut self, config: &'a Module) {
        for (name, call) in &config.calls {
            let node = NodeKind::Call(name.clone());
            self.repetition(node.clone(), &call.repetition);
            self.depends_on(node, &call.depends_on);
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
            let node = NodeKind::Validation(variable.name.clone());
            self.edge(node.clone(), NodeKind::Variable(variable.name.clone()));
            self.rules(node, &variable.validations);
        }
    }

    /// Imports are known before what they are imported to is planned.
    fn imports(&mut self, config: &'a Module) {
        let Some(node) = self.graph.find(self.module, NodeKind::Imports) else { return };
        for import in &config.imports {
            self.expr(NodeKind::Imports, &import.id);
            if let Some(for_each) = &import.for_each {
                self.expr(NodeKind::Imports, for_each);
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
            self.resource(name, resource);
        }
    }

    fn resource(&mut self, name: &ResourceName, resource: &'a Resource) {
        let node = NodeKind::Resource(name.clone());
        self.repetition(node.clone(), &resource.repetition);
        self.body(node.clone(), &resource.body);
        self.depends_on(node.clone(), &resource.depends_on);
        for trigger in &resource.lifecycle.replace_triggered_by {
            self.expr(node.clone(), trigger);
        }
        self.rules(node.clone(), &resource.lifecycle.preconditions);
        self.rules(node.clone(), &resource.lifecycle.postconditions);
        for provisioner in &resource.provisioners {
            if !provisioner.on_destroy {
                self.body(node.clone(), &provisioner.body);
            }
        }
        if let Some(connection) = &resource.connection {
            self.body(node.clone(), connection);
        }
        let modules = &self.graph.modules;
        if let Ok(ConfigPlace { module, block: Some((local, alias)), .. }) =
            resolve(modules, self.module, &name.ty, resource.provider.as_ref())
        {
            let provider = self.graph.find(module, NodeKind::Provider(local, alias));
            let from = self.graph.find(self.module, node);
            if let (Some(from), Some(to)) = (from, provider) {
                self.found.push(Edge { from, to, reference: None });
            }
        }
    }

    fn repetition(&mut self, node: NodeKind, repetition: &'a Repetition) {
        match repetition {
            Repetition::Once => {}
            Repetition::Count(expr) | Repetition::ForEach(expr) => self.expr(node, expr),
        }
    }

    fn rules(&mut self, node: NodeKind, rules: &'a [CheckRule]) {
        for rule in rules {
            self.expr(node.clone(), &rule.condition);
            self.expr(node.clone(), &rule.error_message);
        }
    }

    fn depends_on(&mut self, node: NodeKind, targets: &'a [Reference]) {
        let Some(from) = self.graph.find(self.module, node) else { return };
        for reference in targets {
            match subject(reference, self.sources) {
                // The whole module, what its outputs do not show included.
                Ok((Subject::Module(name), _)) => {
                    if let Some(close) = self.child(&name, NodeKind::Close) {
                        self.found.push(Edge { from, to: close, reference: None });
                    }
                }
                _ => self.connect(from, reference, None),
            }
        }
    }

    fn expr(&mut self, node: NodeKind, expr: &'a Expr) {
        let Some(from) = self.graph.find(self.module, node) else { return };
        for reference in references(expr) {
            self.connect_reference(from, reference);
        }
    }

    fn body(&mut self, node: NodeKind, body: &'a Body) {
        let Some(from) = self.graph.find(self.module, node) else { return };
        for reference in references_in_body(body) {
            self.connect_reference(from, reference);
        }
    }

    fn edge(&mut self, from: NodeKind, to: NodeKind) {
        let from = self.graph.find(self.module, from);
        let to = self.graph.find(self.module, to);
        if let (Some(from), Some(to)) = (from, to) {
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
    let rest = &reference.steps[taken.min(reference.steps.len())..];
    let output = rest
        .first()
        .and_then(attribute)
        .or_else(|| rest.get(1).and_then(attribute))
        .and_then(|name| graph.find(child, NodeKind::Output(name.clone())));
    output.or_else(|| graph.find(child, NodeKind::Close))
}
