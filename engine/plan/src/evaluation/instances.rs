//! Instances of modules and resources, and their values.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use kprov_core::{Entries, InstanceKey, ModuleAddr, ResourceName, Str, Value};
use kprov_lang::config::{Module, ModuleCall, Resource};

use super::recorder::VertexId;
use crate::expand::{Expansion, Repeated};

/// A value that was evaluated once; `None` if that failed (and was reported).
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) vertex: VertexId,
    pub(crate) value: Option<Value>,
}

/// An instance of a module.
#[derive(Debug)]
pub(crate) struct ModuleInstance<'a> {
    /// Index into the graph's modules.
    pub(crate) module: usize,
    pub(crate) addr: ModuleAddr,
    pub(crate) config: &'a Module,
    /// The caller and its block; `None` for the root.
    pub(crate) caller: Option<(Rc<ModuleInstance<'a>>, &'a ModuleCall)>,
    /// The call's each and count for this instance.
    pub(crate) repeated: Repeated,
    /// What everything in the module comes after.
    pub(crate) gate: Option<VertexId>,
    pub(super) variables: RefCell<HashMap<Str, Slot>>,
    pub(super) locals: RefCell<HashMap<Str, Slot>>,
    pub(super) outputs: RefCell<HashMap<Str, Slot>>,
    pub(super) calls: RefCell<BTreeMap<Str, Option<Rc<CallInstances<'a>>>>>,
    pub(super) resources: RefCell<HashMap<ResourceName, Option<Rc<ResourceInstances<'a>>>>>,
}

/// A module call, expanded.
#[derive(Debug)]
pub(crate) struct CallInstances<'a> {
    pub(crate) expansion: Expansion,
    pub(crate) instances: Vec<Rc<ModuleInstance<'a>>>,
    pub(crate) gate: VertexId,
    pub(super) whole: RefCell<Option<(Value, VertexId)>>,
}

/// A resource in a module instance, expanded.
#[derive(Debug)]
pub(crate) struct ResourceInstances<'a> {
    pub(crate) config: &'a Resource,
    pub(crate) expansion: Expansion,
    /// What all instances come after: count and for_each.
    pub(crate) gate: VertexId,
    first: VertexId,
    values: RefCell<Vec<Option<Value>>>,
    whole: RefCell<Option<Value>>,
    whole_vertex: Cell<Option<VertexId>>,
}

impl<'a> ResourceInstances<'a> {
    pub(crate) fn new(
        config: &'a Resource,
        expansion: Expansion,
        gate: VertexId,
        first: VertexId,
    ) -> ResourceInstances<'a> {
        let values = RefCell::new(vec![None; expansion.len()]);
        let (whole, whole_vertex) = (RefCell::new(None), Cell::new(None));
        ResourceInstances { config, expansion, gate, first, values, whole, whole_vertex }
    }

    /// How many instances there are.
    pub(crate) fn len(&self) -> usize {
        self.expansion.len()
    }

    /// The vertex of instance `index`.
    pub(crate) fn vertex(&self, index: usize) -> VertexId {
        VertexId(self.first.0 + u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The value of instance `index`; `None` if it could not be evaluated.
    pub(crate) fn value(&self, index: usize) -> Option<Value> {
        self.values.borrow().get(index)?.clone()
    }

    /// Sets the value of instance `index`.
    pub(crate) fn set(&self, index: usize, value: Value) {
        if let Some(place) = self.values.borrow_mut().get_mut(index) {
            *place = Some(value);
        }
        self.whole.replace(None);
    }

    /// The vertex after all instances; `make` makes it.
    pub(super) fn whole_vertex(&self, make: impl FnOnce() -> VertexId) -> VertexId {
        if let Some(vertex) = self.whole_vertex.get() {
            return vertex;
        }
        let vertex = make();
        self.whole_vertex.set(Some(vertex));
        vertex
    }

    /// All instances as one value: the object itself, a tuple, or an object by key. `None` if one
    /// of them could not be evaluated.
    pub(super) fn whole(&self) -> Option<Value> {
        if let Some(whole) = &*self.whole.borrow() {
            return Some(whole.clone());
        }
        let values = self.values.borrow();
        let whole = match &self.expansion {
            Expansion::Unknown => Value::unknown(kprov_core::Type::Dynamic),
            Expansion::Once => values.first()?.clone()?,
            Expansion::Count(_) => {
                Value::tuple(values.iter().cloned().collect::<Option<Vec<_>>>()?)
            }
            Expansion::ForEach(items) => {
                let named = items.keys().cloned().zip(values.iter().cloned());
                let entries: Option<Vec<(Str, Value)>> =
                    named.map(|(key, value)| Some((key, value?))).collect();
                Value::Object(std::sync::Arc::new(entries?.into_iter().collect::<Entries>()))
            }
        };
        self.whole.replace(Some(whole.clone()));
        Some(whole)
    }
}

impl<'a> ModuleInstance<'a> {
    pub(super) fn new(
        module: usize,
        addr: ModuleAddr,
        config: &'a Module,
        caller: Option<(Rc<ModuleInstance<'a>>, &'a ModuleCall)>,
        repeated: Repeated,
        gate: Option<VertexId>,
    ) -> ModuleInstance<'a> {
        ModuleInstance {
            module,
            addr,
            config,
            caller,
            repeated,
            gate,
            variables: RefCell::default(),
            locals: RefCell::default(),
            outputs: RefCell::default(),
            calls: RefCell::default(),
            resources: RefCell::default(),
        }
    }

    /// An instance that may not be part of the configuration any more: for destroy provisioners.
    pub(crate) fn detached(
        module: usize,
        addr: ModuleAddr,
        config: &'a Module,
    ) -> ModuleInstance<'a> {
        ModuleInstance::new(module, addr, config, None, Repeated::No, None)
    }

    /// The expanded resource of that name; `None` where it was not expanded.
    pub(crate) fn expanded(&self, name: &ResourceName) -> Option<Rc<ResourceInstances<'a>>> {
        self.resources.borrow().get(name).cloned().flatten()
    }
}

/// The index of the instance that a known key value chooses. `None`: there is none, or the value is
/// no key.
pub(super) fn chosen(expansion: &Expansion, key: &Value) -> Option<usize> {
    match (expansion, key) {
        (Expansion::Count(count), Value::Number(number)) => {
            let index = u64::try_from(number.to_i64()?).ok()?;
            (index < *count).then(|| usize::try_from(index).ok()).flatten()
        }
        (Expansion::Count(_), Value::String(_)) => {
            let converted = kprov_core::value::convert(key, &kprov_core::Type::Number).ok()?;
            match converted {
                Value::Number(_) => chosen(expansion, &converted),
                _ => None,
            }
        }
        (Expansion::ForEach(items), Value::String(name)) => items.get_index_of(name),
        _ => None,
    }
}

/// The index of the instance with that key.
pub(crate) fn index_of(expansion: &Expansion, key: &InstanceKey) -> Option<usize> {
    match (expansion, key) {
        (Expansion::Once, InstanceKey::None) => Some(0),
        (Expansion::Count(count), InstanceKey::Int(index)) if index < count => {
            usize::try_from(*index).ok()
        }
        (Expansion::ForEach(items), InstanceKey::String(name)) => items.get_index_of(name),
        _ => None,
    }
}
