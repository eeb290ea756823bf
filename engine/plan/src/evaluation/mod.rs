//! [`Evaluation`]: every value of a run, evaluated once, when it is first asked for.
//!
//! The planner asks in graph order, so that nothing is evaluated deep inside something else; apply
//! asks for what an operation needs, and the order of operations guarantees that whatever it is made
//! from is complete by then. Values are shared, never rebuilt per reference; whole resources and
//! modules are built only when asked for as a whole.

mod instances;
mod outside;
mod recorder;
mod scope;
mod values;

pub(crate) use instances::{CallInstances, ModuleInstance, ResourceInstances, Slot, index_of};
pub(crate) use outside::ProviderValue;
pub(crate) use recorder::{Recorder, Touched, VertexId};
pub(crate) use scope::{BlockScope, unknown_resource};

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use kprov_core::{
    Diagnostics, InstanceAddr, InstanceKey, ModuleAddr, ResourceName, Str, Type, Value,
};
use kprov_lang::ast::Reference;
use kprov_lang::config::Repetition;
use kprov_lang::functions::FunctionContext;
use kprov_lang::{SourceMap, Span};
use kprov_provider::{Block, Provider, Registry};

use crate::PlanHost;
use crate::expand::{self, Expansion, Repeated};
use crate::graph::{Graph, Subject, attribute, subject};
use crate::provider_config::{ConfigPlace, resolve};

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing is known but the configuration.
    Validate,
    /// Resources have their planned values.
    Plan,
    /// Resources have planned values until they are complete.
    Apply,
}

/// All values of a run.
#[derive(Debug)]
pub(crate) struct Evaluation<'a> {
    pub(crate) phase: Phase,
    pub(crate) graph: Rc<Graph<'a>>,
    pub(crate) sources: &'a SourceMap,
    pub(crate) functions: &'a FunctionContext<'a>,
    pub(crate) providers: &'a Registry,
    pub(crate) variables: &'a BTreeMap<Str, Value>,
    pub(crate) workspace: Str,
    pub(crate) recorder: Recorder,
    /// Values that instances have when they are expanded (apply only).
    pub(crate) initial: HashMap<InstanceAddr, Value>,
    instances: RefCell<Vec<Vec<Rc<ModuleInstance<'a>>>>>,
    /// Of `rotation` blocks, where there is one.
    rotation_schema: OnceCell<Block>,
    /// Opens ephemeral resources (apply only; the planner opens them in batches).
    host: RefCell<Option<&'a mut dyn PlanHost>>,
}

impl<'a> Evaluation<'a> {
    /// Nothing evaluated yet.
    pub(crate) fn new(
        phase: Phase,
        graph: Rc<Graph<'a>>,
        (sources, functions): (&'a SourceMap, &'a FunctionContext<'a>),
        providers: &'a Registry,
        variables: &'a BTreeMap<Str, Value>,
        workspace: Str,
    ) -> Evaluation<'a> {
        let mut instances = vec![Vec::new(); graph.modules.len()];
        if let (Some(root), Some(first)) = (graph.modules.first(), instances.first_mut()) {
            let addr = ModuleAddr::root();
            let config: &'a kprov_lang::config::Module = root.config;
            first.push(Rc::new(ModuleInstance::new(0, addr, config, None, Repeated::No, None)));
        }
        let recorder = if phase == Phase::Plan { Recorder::default() } else { Recorder::off() };
        Evaluation {
            phase,
            graph,
            sources,
            functions,
            providers,
            variables,
            workspace,
            recorder,
            initial: HashMap::new(),
            instances: RefCell::new(instances),
            rotation_schema: OnceCell::new(),
            host: RefCell::new(None),
        }
    }

    /// The schema of `rotation` blocks, with the hooks of all providers.
    pub(crate) fn rotation_schema(&self) -> &Block {
        self.rotation_schema.get_or_init(|| crate::rotation::schema(self.providers))
    }

    /// Instances of a module, as far as its callers were expanded.
    pub(crate) fn modules(&self, module: usize) -> Vec<Rc<ModuleInstance<'a>>> {
        self.instances.borrow().get(module).cloned().unwrap_or_default()
    }

    /// The instance of that address, expanding callers where needed.
    pub(crate) fn module_at(&self, addr: &ModuleAddr) -> Option<Rc<ModuleInstance<'a>>> {
        let mut here = self.modules(0).into_iter().next()?;
        for (name, key) in addr.0.iter() {
            let call = self.call(&here, name).ok()?;
            let index = match (&call.expansion, key) {
                (Expansion::Unknown, InstanceKey::None) => 0,
                (expansion, key) => index_of(expansion, key)?,
            };
            here = call.instances.get(index)?.clone();
        }
        Some(here)
    }

    /// A module call's instances.
    ///
    /// # Errors
    /// When its count or for_each cannot be evaluated. Told once; later `Err` is empty.
    pub(crate) fn call(
        &self,
        module: &Rc<ModuleInstance<'a>>,
        name: &Str,
    ) -> Result<Rc<CallInstances<'a>>, Diagnostics> {
        if let Some(found) = module.calls.borrow().get(name) {
            return found.clone().ok_or_else(Diagnostics::new);
        }
        let result = self.expand_call(module, name);
        module.calls.borrow_mut().insert(name.clone(), result.as_ref().ok().cloned());
        result
    }

    fn expand_call(
        &self,
        module: &Rc<ModuleInstance<'a>>,
        name: &Str,
    ) -> Result<Rc<CallInstances<'a>>, Diagnostics> {
        let (Some(config), Some(&child)) = (
            module.config.calls.get(name),
            self.graph.modules.get(module.module).and_then(|found| found.children.get(name)),
        ) else {
            return Err(Diagnostics::new());
        };
        let gate = self.recorder.vertex();
        let expansion = self.expansion(module, &config.repetition, gate, &config.depends_on)?;
        let child_config: &'a kprov_lang::config::Module = self.graph.modules[child].config;
        let make = |key: InstanceKey, repeated: Repeated| {
            let addr = module.addr.child(name, key);
            let caller = Some((module.clone(), config));
            Rc::new(ModuleInstance::new(child, addr, child_config, caller, repeated, Some(gate)))
        };
        let instances: Vec<_> = match (&expansion, self.phase) {
            // While validating a module is looked at once, whatever its count.
            (Expansion::Unknown, Phase::Validate) => {
                let repeated = match config.repetition {
                    Repetition::Once => Repeated::No,
                    Repetition::Count(_) => expand::unknown_count(),
                    Repetition::ForEach(_) => expand::unknown_each(),
                };
                vec![make(InstanceKey::None, repeated)]
            }
            _ => (0..expansion.len())
                .map(|i| make(expansion.key(i), expansion.repeated(i)))
                .collect(),
        };
        self.instances.borrow_mut()[child].extend(instances.iter().cloned());
        Ok(Rc::new(CallInstances { expansion, instances, gate, whole: RefCell::new(None) }))
    }

    /// A resource's instances.
    ///
    /// # Errors
    /// When its count or for_each cannot be evaluated. Told once; later `Err` is empty.
    pub(crate) fn resource(
        &self,
        module: &Rc<ModuleInstance<'a>>,
        name: &ResourceName,
    ) -> Result<Rc<ResourceInstances<'a>>, Diagnostics> {
        if let Some(found) = module.resources.borrow().get(name) {
            return found.clone().ok_or_else(Diagnostics::new);
        }
        let result = self.expand_resource(module, name);
        module.resources.borrow_mut().insert(name.clone(), result.as_ref().ok().cloned());
        result
    }

    fn expand_resource(
        &self,
        module: &Rc<ModuleInstance<'a>>,
        name: &ResourceName,
    ) -> Result<Rc<ResourceInstances<'a>>, Diagnostics> {
        let config = module.config.resources.get(name).ok_or_else(Diagnostics::new)?;
        let gate = self.recorder.vertex();
        let expansion = self.expansion(module, &config.repetition, gate, &config.depends_on)?;
        let first = self.recorder.vertices(expansion.len());
        let resource = ResourceInstances::new(config, expansion, gate, first);
        for index in 0..resource.len() {
            if self.phase == Phase::Apply {
                let key = resource.expansion.key(index);
                let addr =
                    InstanceAddr { module: module.addr.clone(), resource: name.clone(), key };
                let known = self.initial.get(&addr).cloned();
                resource.set(index, known.unwrap_or_else(|| self.unknown_of(module, config)));
            } else if self.phase == Phase::Validate {
                resource.set(index, self.unknown_of(module, config));
            }
        }
        if self.phase == Phase::Apply && name.mode == kprov_core::ResourceMode::Ephemeral {
            self.open(module, &resource)?;
        }
        Ok(Rc::new(resource))
    }

    /// An object of the resource's type of which nothing is known.
    pub(crate) fn unknown_of(
        &self,
        module: &ModuleInstance<'a>,
        config: &kprov_lang::config::Resource,
    ) -> Value {
        let ty = self.schema(module, config).map(|(_, block, _)| block.implied_type());
        unknown_resource(&config.name, ty)
    }

    /// Provider, schema block and provider configuration of a resource.
    pub(crate) fn schema(
        &self,
        module: &ModuleInstance<'a>,
        config: &kprov_lang::config::Resource,
    ) -> Option<(&'a dyn Provider, &'a Block, ConfigPlace)> {
        let (provider, place) = self.provider_of(module, config)?;
        let block = crate::graph::schema_block(provider, &config.name)?;
        Some((provider, block, place))
    }

    /// Provider and provider configuration of a resource, whether or not it has the type.
    pub(crate) fn provider_of(
        &self,
        module: &ModuleInstance<'a>,
        config: &kprov_lang::config::Resource,
    ) -> Option<(&'a dyn Provider, ConfigPlace)> {
        let chosen = config.provider.as_ref();
        let place = resolve(&self.graph.modules, module.module, &config.name.ty, chosen).ok()?;
        let provider = self.providers.get(&place.addr.provider)?.as_ref();
        Some((provider, place))
    }

    /// Evaluates count or for_each; what it touched and `depends_on` comes before `gate`.
    fn expansion(
        &self,
        module: &Rc<ModuleInstance<'a>>,
        repetition: &'a Repetition,
        gate: VertexId,
        depends_on: &'a [Reference],
    ) -> Result<Expansion, Diagnostics> {
        let scope = BlockScope::plain(self, module);
        let (expr, read): (_, fn(Value) -> _) = match repetition {
            Repetition::Once => (None, expand::count),
            Repetition::Count(expr) => (Some(expr), expand::count),
            Repetition::ForEach(expr) => (Some(expr), expand::for_each),
        };
        let (result, touched) = self.recorder.record(|| expr.map(|expr| scope.evaluate(expr)));
        let statics = expr.map(kprov_lang::eval::references).unwrap_or_default();
        self.order(gate, module, &statics, touched);
        let waits: Vec<VertexId> = depends_on
            .iter()
            .flat_map(|reference| self.depends_on_vertices(module, reference))
            .collect();
        self.recorder.order(gate, waits);
        match (expr, result) {
            (Some(expr), Some(value)) => {
                let found = read(value?).map_err(|problem| {
                    Diagnostics::from(problem.at(self.sources.range(expr.span)))
                })?;
                Ok(if self.phase == Phase::Validate { Expansion::Unknown } else { found })
            }
            _ => Ok(Expansion::Once),
        }
    }

    /// `vertex` comes after what its evaluation touched, and after all of what the reference sites
    /// that it did not reach this time stand for.
    pub(crate) fn order(
        &self,
        vertex: VertexId,
        module: &Rc<ModuleInstance<'a>>,
        statics: &[&Reference],
        touched: Touched,
    ) {
        if !self.recorder.is_on() {
            return;
        }
        let reached: HashSet<Span> = touched.iter().map(|(site, _)| *site).collect();
        let mut before: Vec<VertexId> = touched.into_iter().map(|(_, vertex)| vertex).collect();
        for reference in statics.iter().filter(|r| !reached.contains(&r.root_span)) {
            before.extend(self.whole_vertices(module, reference));
        }
        before.extend(module.gate);
        self.recorder.order(vertex, before);
    }

    /// What a reference stands for when it is not known which part is meant.
    fn whole_vertices(
        &self,
        module: &Rc<ModuleInstance<'a>>,
        reference: &Reference,
    ) -> Vec<VertexId> {
        let Ok((subject, taken)) = subject(reference, self.sources) else { return Vec::new() };
        let slot = |slot: Result<Slot, Diagnostics>| slot.ok().map(|slot| slot.vertex);
        match subject {
            Subject::Variable(name) => slot(self.variable(module, &name)).into_iter().collect(),
            Subject::Local(name) => slot(self.local(module, &name)).into_iter().collect(),
            Subject::Resource(name) => module
                .expanded(&name)
                .map(|resource| self.whole_vertex(&resource))
                .into_iter()
                .collect(),
            Subject::Module(name) => {
                let Ok(call) = self.call(module, &name) else { return Vec::new() };
                if let (Expansion::Once, Some(instance), Some(output)) = (
                    &call.expansion,
                    call.instances.first(),
                    reference.steps.get(taken).and_then(attribute),
                ) {
                    return slot(self.output(instance, output)).into_iter().collect();
                }
                self.whole_call(&call).map(|(_, vertex)| vec![vertex]).unwrap_or_default()
            }
            Subject::Each(_)
            | Subject::CountIndex
            | Subject::Path(_)
            | Subject::Terraform(_)
            | Subject::Itself => Vec::new(),
        }
    }

    /// What a `depends_on` entry stands for: all instances, and for a module everything inside.
    pub(crate) fn depends_on_vertices(
        &self,
        module: &Rc<ModuleInstance<'a>>,
        reference: &Reference,
    ) -> Vec<VertexId> {
        if !self.recorder.is_on() {
            return Vec::new();
        }
        match subject(reference, self.sources) {
            Ok((Subject::Module(name), _)) => {
                let Ok(call) = self.call(module, &name) else { return Vec::new() };
                call.instances.iter().flat_map(|instance| self.inside(instance)).collect()
            }
            _ => self.whole_vertices(module, reference),
        }
    }

    /// Everything in a module instance, as vertices.
    fn inside(&self, module: &Rc<ModuleInstance<'a>>) -> Vec<VertexId> {
        let mut found: Vec<VertexId> = Vec::new();
        let resources: Vec<_> = module.resources.borrow().values().flatten().cloned().collect();
        found.extend(resources.iter().map(|resource| self.whole_vertex(resource)));
        found.extend(module.outputs.borrow().values().map(|slot| slot.vertex));
        let calls: Vec<_> = module.calls.borrow().values().flatten().cloned().collect();
        for call in calls {
            found.push(call.gate);
            found.extend(call.instances.iter().flat_map(|inner| self.inside(inner)));
        }
        found.sort_unstable();
        found
    }

    /// The vertex after all instances of a resource.
    pub(crate) fn whole_vertex(&self, resource: &ResourceInstances<'a>) -> VertexId {
        resource.whole_vertex(|| {
            let vertex = self.recorder.vertex();
            let all = (0..resource.len()).map(|index| resource.vertex(index));
            self.recorder.order(vertex, all.chain([resource.gate]));
            vertex
        })
    }

    /// A called module as one value: an object of its outputs, or a tuple or object of those.
    pub(crate) fn whole_call(
        &self,
        call: &CallInstances<'a>,
    ) -> Result<(Value, VertexId), Diagnostics> {
        if let Some(whole) = &*call.whole.borrow() {
            return Ok(whole.clone());
        }
        let vertex = self.recorder.vertex();
        let mut before = vec![call.gate];
        let mut objects = Vec::new();
        for instance in &call.instances {
            let mut entries = Vec::new();
            for name in instance.config.outputs.keys() {
                let slot = self.output(instance, name)?;
                before.push(slot.vertex);
                entries.push((name.clone(), slot.value.ok_or_else(Diagnostics::new)?));
            }
            objects.push(Value::object(entries));
        }
        self.recorder.order(vertex, before);
        let value = match &call.expansion {
            Expansion::Unknown => Value::unknown(Type::Dynamic),
            Expansion::Once => objects.pop().unwrap_or(Value::NULL),
            Expansion::Count(_) => Value::tuple(objects),
            Expansion::ForEach(items) => Value::object(items.keys().cloned().zip(objects)),
        };
        call.whole.replace(Some((value.clone(), vertex)));
        Ok((value, vertex))
    }
}
