//! What providers say of all that is planned together ([`kprov_provider::Provider::check_plan`]).
//!
//! While instances are planned, it is noted which vertices each attribute's expression touched;
//! once all are planned, these lead (through gates) to the instances that an unknown value will come
//! from.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kprov_core::{InstanceAddr, ProviderConfigAddr, ResourceMode, Str, Value};
use kprov_lang::Span;
use kprov_lang::eval::references;
use kprov_provider::{PlannedInstance, Provider};

use super::{Planner, Site};
use crate::change::order::{DependencyGraph, VertexKind};
use crate::evaluation::{Touched, VertexId};
use crate::expand::Repeated;
use crate::validate::attribute_problems;
use crate::{Action, Change, PlanMode};

/// What is noted of an instance.
struct Note<'a> {
    code: &'a dyn Provider,
    place: Span,
    /// What each attribute's expression touched.
    touched: Vec<(Str, Vec<VertexId>)>,
}

/// Notes on instances of types that their provider wants to see together.
#[derive(Default)]
pub(super) struct Together<'a>(HashMap<InstanceAddr, Note<'a>>);

impl<'a> Together<'a> {
    /// Notes what an instance's configuration touched.
    pub(super) fn note(
        &mut self,
        site: &Site<'a>,
        index: usize,
        addr: &InstanceAddr,
        touched: &Touched,
    ) {
        if !site.code.checked_together().contains(&site.name.ty.as_str()) {
            return;
        }
        let config = site.resource.config;
        // What is open in `each.value` comes from the expansion, which touched it before.
        let open_each = match site.resource.expansion.repeated(index) {
            Repeated::Each(_, value) => !value.is_wholly_known(),
            Repeated::No | Repeated::Count(_) => false,
        };
        let from_each = |expr| open_each && references(expr).iter().any(|it| it.root == "each");
        let attributes = config.body.attributes.iter().filter(|it| !from_each(&it.expr));
        let attributes = attributes.map(|attribute| {
            let span = attribute.expr.span;
            let inside = touched.iter().filter(|(at, _)| {
                at.file == span.file && span.start <= at.start && at.end <= span.end
            });
            (attribute.name.clone(), inside.map(|(_, vertex)| *vertex).collect())
        });
        let touched = attributes.filter(|(_, all): &(_, Vec<_>)| !all.is_empty()).collect();
        self.0.insert(addr.clone(), Note { code: site.code, place: config.span, touched });
    }
}

/// An instance that is checked.
struct Checked<'c> {
    /// Its change's index.
    index: usize,
    change: &'c Change,
    value: Value,
    before: Value,
}

impl Planner<'_, '_> {
    /// Asks all providers of what they see together.
    pub(super) fn check_together(&mut self, graph: &DependencyGraph) {
        let options = self.input.options;
        let partial =
            !options.targets.is_empty() || !options.excludes.is_empty() || options.rotate_only;
        if self.together.0.is_empty() || partial || options.mode != PlanMode::Normal {
            return;
        }
        let mut groups: BTreeMap<&ProviderConfigAddr, Vec<Checked<'_>>> = BTreeMap::new();
        for (index, change) in self.changes.iter().enumerate() {
            let gone = matches!(change.action, Action::Delete | Action::Forget);
            let managed = change.addr.resource.mode == ResourceMode::Managed;
            if managed
                && !gone
                && change.deposed.is_none()
                && self.together.0.contains_key(&change.addr)
            {
                let bare = |value: &Value| value.clone().unmark_deep().0;
                let (value, before) = (bare(&change.after), bare(&change.before));
                let checked = Checked { index, change, value, before };
                groups.entry(&change.provider).or_default().push(checked);
            }
        }
        let mut found = kprov_core::Diagnostics::new();
        for checked in groups.values() {
            found.extend(self.check_group(graph, checked));
        }
        self.found.extend(found);
    }

    fn check_group(
        &self,
        graph: &DependencyGraph,
        checked: &[Checked<'_>],
    ) -> kprov_core::Diagnostics {
        let places: HashMap<usize, usize> =
            checked.iter().enumerate().map(|(place, it)| (it.index, place)).collect();
        let planned: Vec<PlannedInstance<'_>> = checked
            .iter()
            .map(|it| PlannedInstance {
                ty: &it.change.addr.resource.ty,
                addr: &it.change.addr,
                value: &it.value,
                before: Some(&it.before).filter(|before| !before.is_null()),
                is_new: matches!(it.change.action, Action::Create | Action::Replace(_)),
                sources: self.sources(graph, it, &places),
            })
            .collect();
        let Some(note) = checked.first().and_then(|it| self.together.0.get(&it.change.addr)) else {
            return kprov_core::Diagnostics::new();
        };
        let problems = note.code.check_plan(&planned).into_iter();
        let of = |(index, error)| {
            let addr = &checked.get::<usize>(index)?.change.addr;
            let place = self.input.sources.range(self.together.0.get(addr)?.place);
            Some(attribute_problems(vec![error], Some(addr), place))
        };
        problems.filter_map(of).flatten().collect()
    }

    /// Where the unknown attributes of an instance come from.
    fn sources(
        &self,
        graph: &DependencyGraph,
        checked: &Checked<'_>,
        places: &HashMap<usize, usize>,
    ) -> Vec<(Str, Vec<usize>)> {
        let Some(note) = self.together.0.get(&checked.change.addr) else { return Vec::new() };
        let unknown = |name: &Str| checked.value.get(name).is_some_and(|it| !it.is_known());
        let open = note.touched.iter().filter(|(name, _)| unknown(name));
        let known = open.filter_map(|(name, vertices)| {
            let changes = changes_behind(graph, vertices);
            let all: Option<Vec<usize>> =
                changes.iter().map(|change| places.get(change).copied()).collect();
            Some((name.clone(), all.filter(|all| !all.is_empty())?))
        });
        known.collect()
    }
}

/// The changes that the vertices lead to, through gates.
fn changes_behind(graph: &DependencyGraph, vertices: &[VertexId]) -> BTreeSet<usize> {
    let mut open: Vec<u32> = vertices.iter().map(|vertex| vertex.0).collect();
    let mut seen: BTreeSet<u32> = open.iter().copied().collect();
    let mut changes = BTreeSet::new();
    while let Some(vertex) = open.pop() {
        let Some(vertex) = graph.vertices.get(vertex as usize) else { continue };
        match vertex.kind {
            VertexKind::Change(change) => {
                changes.insert(change as usize);
            }
            VertexKind::Gate => open.extend(vertex.after.iter().filter(|it| seen.insert(**it))),
        }
    }
    changes
}
