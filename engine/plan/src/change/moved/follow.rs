//! Recorded dependencies follow what they name. Where a resource has moved away whole, whoever
//! depended on it depends on where it went: otherwise deletes would lose their order.

use std::collections::{BTreeMap, BTreeSet};

use kprov_core::{InstanceAddr, ResourceAddr};

/// Resources that moved away whole, and where their instances went.
#[derive(Clone, Debug, Default)]
pub struct Followed(BTreeMap<ResourceAddr, BTreeSet<ResourceAddr>>);

impl Followed {
    /// From the moves (old address, new address) and the addresses of everything after them.
    pub fn new<'a>(
        moves: impl Iterator<Item = (&'a InstanceAddr, &'a InstanceAddr)>,
        present: impl Iterator<Item = &'a InstanceAddr>,
    ) -> Followed {
        let mut gone: BTreeMap<ResourceAddr, BTreeSet<ResourceAddr>> = BTreeMap::new();
        for (old, new) in moves {
            gone.entry(old.config()).or_default().insert(new.config());
        }
        if !gone.is_empty() {
            for instance in present {
                gone.remove(&instance.config());
            }
        }
        Followed(gone)
    }

    /// Nothing to follow?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The dependencies after the moves; `None` where they are as before.
    pub fn follow(&self, dependencies: &[ResourceAddr]) -> Option<Vec<ResourceAddr>> {
        if !dependencies.iter().any(|dependency| self.0.contains_key(dependency)) {
            return None;
        }
        let mut followed = BTreeSet::new();
        for dependency in dependencies {
            match self.0.get(dependency) {
                Some(places) => followed.extend(places.iter().cloned()),
                None => {
                    followed.insert(dependency.clone());
                }
            }
        }
        Some(followed.into_iter().collect())
    }
}
