//! The graph of configuration blocks: what must be evaluated before what.
//!
//! A node is a block of a module's source (not an instance of it), so the graph's size is that of
//! the configuration. Edges come from references found without evaluating, and from `depends_on`.
//! Building it reports every reference to something undeclared; sorting it reports cycles. Both are
//! linear in the size of the configuration.

mod declared;
mod edges;
mod reference;
mod sort;

pub(crate) use declared::{check_expr, schema_block};
pub(crate) use reference::{Subject, attribute, subject};

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexSet;
use kprov_core::{Diagnostics, ModulePath, ResourceMode, ResourceName, Str};
use kprov_lang::SourceMap;
use kprov_lang::ast::Expr;
use kprov_lang::config::{Module, ModuleTree};
use kprov_lang::eval::references;
use kprov_provider::Registry;

/// Index into [`Graph::nodes`].
pub(crate) type NodeIndex = usize;

/// A block of a module's source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Node {
    /// Index into [`Graph::modules`].
    pub(crate) module: usize,
    /// Which block.
    pub(crate) kind: NodeKind,
}

/// The kinds of nodes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum NodeKind {
    /// The expansion of a module call that stands in this module.
    Call(Str),
    /// An input variable's value.
    Variable(Str),
    /// An input variable's validation rules.
    Validation(Str),
    /// A local value.
    Local(Str),
    /// All import blocks (of the root module).
    Imports,
    /// A provider block.
    Provider(Str, Option<Str>),
    /// A resource, data source or ephemeral resource.
    Resource(ResourceName),
    /// An output.
    Output(Str),
    /// A check block's asserts.
    Check(Str),
    /// Everything of this module is done.
    Close,
}

/// A module of the configuration.
#[derive(Debug)]
pub(crate) struct GraphModule<'a> {
    /// Its static path.
    pub(crate) path: ModulePath,
    /// Its declarations.
    pub(crate) config: &'a Arc<Module>,
    /// The calling module.
    pub(crate) parent: Option<usize>,
    /// Modules it calls.
    pub(crate) children: HashMap<Str, usize>,
}

/// How much is checked. Terraform looks at what triggers replacements only when it plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checks {
    /// What must hold whatever is done.
    Always,
    /// The same and what a plan needs.
    ForPlan,
}

/// A block takes something of a resource.
#[derive(Clone, Debug)]
pub(crate) struct Use {
    /// The block that does.
    pub(crate) by: NodeIndex,
    /// The resource's block.
    pub(crate) of: NodeIndex,
    /// Which attribute; none where it takes the object whole.
    pub(crate) attribute: Option<Str>,
}

/// All blocks, in an order in which they can be evaluated.
#[derive(Debug)]
pub(crate) struct Graph<'a> {
    /// Modules, callers before what they call.
    pub(crate) modules: Vec<GraphModule<'a>>,
    /// All nodes, found by what they are.
    pub(crate) nodes: IndexSet<Node>,
    /// What each node refers to.
    pub(crate) dependencies: Vec<Vec<NodeIndex>>,
    /// Nodes in levels: everything that a node refers to stands in an earlier one.
    pub(crate) levels: Vec<Vec<NodeIndex>>,
    /// Can it be walked, though there may be names in it that mean nothing?
    pub(crate) sound: bool,
}

impl<'a> Graph<'a> {
    /// Builds and sorts the graph. With errors it is not fit for evaluation.
    pub(crate) fn build(
        tree: &'a ModuleTree,
        sources: &SourceMap,
        providers: &Registry,
        checks: Checks,
    ) -> (Graph<'a>, Diagnostics) {
        let mut graph = Graph {
            modules: modules(tree),
            nodes: IndexSet::new(),
            dependencies: Vec::new(),
            levels: Vec::new(),
            sound: false,
        };
        for module in 0..graph.modules.len() {
            graph.add_module(module);
        }
        let mut diagnostics = declared::check(&graph, sources, providers, checks);
        edges::connect(&mut graph, sources);
        match sort::levels(&graph) {
            Ok(levels) => graph.levels = levels,
            Err(cycles) => diagnostics.extend(cycles),
        }
        let endless = |it: &kprov_core::Diagnostic| it.summary == declared::SELF_REFERENCE;
        graph.sound = !graph.levels.is_empty()
            && diagnostics.iter().all(|it| it.subject.is_some() && !endless(it));
        (graph, diagnostics)
    }

    /// The node of that name.
    pub(crate) fn find(&self, module: usize, kind: NodeKind) -> Option<NodeIndex> {
        self.nodes.get_index_of(&Node { module, kind })
    }

    /// The nodes that an expression in that module refers to.
    pub(crate) fn targets(
        &self,
        module: usize,
        expr: &Expr,
        sources: &SourceMap,
    ) -> Vec<NodeIndex> {
        let found = references(expr);
        found.into_iter().filter_map(|it| edges::target(self, module, it, sources)).collect()
    }

    /// What blocks take of resources: found anew, so linear in the size of the configuration.
    pub(crate) fn uses(&self, sources: &SourceMap) -> Vec<Use> {
        edges::uses(self, sources)
    }

    fn add(&mut self, module: usize, kind: NodeKind) {
        self.nodes.insert(Node { module, kind });
        self.dependencies.push(Vec::new());
    }

    fn add_module(&mut self, module: usize) {
        let config = self.modules[module].config;
        for name in config.variables.keys() {
            self.add(module, NodeKind::Variable(name.clone()));
        }
        for variable in config.variables.values().filter(|v| !v.validations.is_empty()) {
            self.add(module, NodeKind::Validation(variable.name.clone()));
        }
        for name in config.locals.keys() {
            self.add(module, NodeKind::Local(name.clone()));
        }
        if !config.imports.is_empty() {
            self.add(module, NodeKind::Imports);
        }
        for (name, alias) in config.providers.keys() {
            self.add(module, NodeKind::Provider(name.clone(), alias.clone()));
        }
        for name in config.calls.keys() {
            self.add(module, NodeKind::Call(name.clone()));
        }
        for name in config.resources.keys() {
            self.add(module, NodeKind::Resource(name.clone()));
        }
        for name in config.outputs.keys() {
            self.add(module, NodeKind::Output(name.clone()));
        }
        for name in config.checks.keys() {
            self.add(module, NodeKind::Check(name.clone()));
        }
        if self.modules[module].parent.is_some() {
            self.add(module, NodeKind::Close);
        }
    }

    /// The node's name in messages about cycles.
    pub(crate) fn describe(&self, node: NodeIndex) -> String {
        let Node { module, kind } = &self.nodes[node];
        let path = &self.modules[*module].path;
        let prefix = if path.is_root() { String::new() } else { format!("{path}.") };
        match kind {
            NodeKind::Call(name) => format!("{prefix}module.{name} (expand)"),
            NodeKind::Variable(name) => format!("{prefix}var.{name} (expand)"),
            NodeKind::Validation(name) => format!("{prefix}var.{name} (validation)"),
            NodeKind::Local(name) => format!("{prefix}local.{name} (expand)"),
            NodeKind::Output(name) => format!("{prefix}output.{name} (expand)"),
            NodeKind::Resource(name) => format!("{prefix}{name}"),
            NodeKind::Provider(name, None) => format!("{prefix}provider.{name}"),
            NodeKind::Provider(name, Some(alias)) => format!("{prefix}provider.{name}.{alias}"),
            NodeKind::Check(name) => format!("{prefix}check.{name}"),
            NodeKind::Imports => format!("{prefix}import"),
            NodeKind::Close => format!("{path} (close)"),
        }
    }

    /// Managed resources (and data sources) that each node refers to, directly or through values:
    /// what state records as dependencies.
    pub(crate) fn resource_dependencies(&self) -> Vec<Arc<[NodeIndex]>> {
        let mut found: Vec<Arc<[NodeIndex]>> = vec![Arc::from([]); self.nodes.len()];
        for node in self.levels.iter().flatten() {
            let mut all: Vec<NodeIndex> = Vec::new();
            for &dependency in &self.dependencies[*node] {
                match &self.nodes[dependency].kind {
                    NodeKind::Resource(name) if name.mode != ResourceMode::Ephemeral => {
                        all.push(dependency);
                    }
                    _ => all.extend_from_slice(&found[dependency]),
                }
            }
            all.sort_unstable();
            all.dedup();
            found[*node] = match self.dependencies[*node].as_slice() {
                // Long chains of values share one list.
                [only] if *found[*only] == *all => found[*only].clone(),
                _ => all.into(),
            };
        }
        found
    }
}

fn modules(tree: &ModuleTree) -> Vec<GraphModule<'_>> {
    let mut places: HashMap<&ModulePath, usize> = HashMap::new();
    let mut modules: Vec<GraphModule<'_>> = Vec::new();
    for (path, config) in &tree.modules {
        let mut parent_place = None;
        if let Some((parent, name)) = path.parent() {
            // A module whose caller is not in the tree cannot be reached.
            let Some(&place) = places.get(&parent) else { continue };
            let index = modules.len();
            modules[place].children.insert(name.clone(), index);
            parent_place = Some(place);
        }
        places.insert(path, modules.len());
        let parent = parent_place;
        modules.push(GraphModule { path: path.clone(), config, parent, children: HashMap::new() });
    }
    modules
}
