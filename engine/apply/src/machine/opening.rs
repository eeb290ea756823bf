//! The first batch: what planning found out that needs no call. Objects that moved get their new
//! addresses, those that are gone are forgotten.

use std::collections::BTreeMap;

use kprov_core::ObjectAddr;
use kprov_plan::Action;
use kprov_plan::change::moved::Followed;
use kprov_state::{Entry, StoredObject};

use super::{Batch, Executor};

impl Executor<'_> {
    pub(super) fn open(&mut self, batch: &mut Batch) {
        self.forget_gone(batch);
        self.make_moves(batch);
    }

    /// Refresh did not find them any more.
    fn forget_gone(&mut self, batch: &mut Batch) {
        let plan = self.inputs.plan.clone();
        for drift in plan.drift.iter().filter(|drift| drift.change.action == Action::Delete) {
            let change = &drift.change;
            let now = ObjectAddr { instance: change.addr.clone(), deposed: change.deposed.clone() };
            let before = change
                .previous_addr
                .clone()
                .map(|instance| ObjectAddr { instance, deposed: change.deposed.clone() });
            self.forget(&before.unwrap_or(now), batch);
        }
    }

    /// Each move needs its target free: chains go from their end, and a ring is opened by setting
    /// one object aside.
    fn make_moves(&mut self, batch: &mut Batch) {
        let plan = self.inputs.plan.clone();
        let mut moves: BTreeMap<ObjectAddr, ObjectAddr> = BTreeMap::new();
        for change in &plan.changes {
            let Some(previous) = &change.previous_addr else { continue };
            let object = |instance| ObjectAddr { instance, deposed: change.deposed.clone() };
            let (from, to) = (object(previous.clone()), object(change.addr.clone()));
            if from != to && self.is_present(&from) {
                moves.insert(from, to);
            }
        }
        let all = moves.clone();
        while let Some(start) = moves.keys().next().cloned() {
            let mut chain = vec![start.clone()];
            let mut ring = false;
            while let Some(to) = chain.last().and_then(|last| moves.get(last)) {
                if *to == start {
                    ring = true;
                    break;
                }
                chain.push(to.clone());
            }
            let mut aside = None;
            if ring {
                let place = self.new_deposed(&start.instance);
                self.relocate(&start, &place, batch);
                aside = Some(place);
            }
            for from in chain.iter().rev() {
                let Some(to) = moves.remove(from) else { continue };
                match &aside {
                    Some(place) if *from == start => self.relocate(&place.clone(), &to, batch),
                    _ => self.relocate(from, &to, batch),
                }
            }
        }
        self.follow(&all, batch);
    }

    /// What depended on a resource that moved away depends on where it went.
    fn follow(&mut self, moves: &BTreeMap<ObjectAddr, ObjectAddr>, batch: &mut Batch) {
        let pairs = moves.iter().map(|(from, to)| (&from.instance, &to.instance));
        let present = self.present.iter().map(|address| &address.instance);
        let followed = Followed::new(pairs, present);
        if followed.is_empty() {
            return;
        }
        for (address, object) in &self.inputs.state.objects {
            let address = moves.get(address).unwrap_or(address);
            if let Some(dependencies) = followed.follow(&object.dependencies)
                && self.is_present(address)
            {
                let object = Box::new(StoredObject { dependencies, ..object.clone() });
                batch.entries.push(Entry::ObjectSet { address: address.clone(), object });
            }
        }
    }
}
