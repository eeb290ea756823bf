//! The entries that lead from one state to another: how `state push` writes what it was given.

use crate::{Entry, State};

impl State {
    /// What is to be appended to make this state `target`, identity included. The serial becomes
    /// the target's, or grows by the changes where that is more. Open intents are not looked at:
    /// they are to be settled before.
    pub fn entries_towards(&self, target: &State) -> Vec<Entry> {
        let mut entries = Vec::new();
        for address in self.objects.keys().filter(|address| !target.objects.contains_key(address)) {
            entries.push(Entry::ObjectForgotten { address: address.clone() });
        }
        for (address, object) in &target.objects {
            if self.objects.get(address) != Some(object) {
                let (address, object) = (address.clone(), Box::new(object.clone()));
                entries.push(Entry::ObjectSet { address, object });
            }
        }
        for name in self.outputs.keys().filter(|name| !target.outputs.contains_key(*name)) {
            entries.push(Entry::OutputSet { name: name.clone(), output: None });
        }
        for (name, output) in &target.outputs {
            if self.outputs.get(name) != Some(output) {
                let (name, output) = (name.clone(), Some(output.clone()));
                entries.push(Entry::OutputSet { name, output });
            }
        }
        if !crate::object::same_checks(&self.checks, &target.checks) {
            entries.push(Entry::ChecksSet { checks: target.checks.clone() });
        }
        let grows = target.serial > self.serial;
        if !target.lineage.is_empty() && (grows || target.lineage != self.lineage) {
            let (lineage, serial) = (target.lineage.clone(), target.serial);
            entries.push(Entry::IdentitySet { lineage, serial });
        }
        entries
    }
}
