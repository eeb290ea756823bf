//! What is wrong with strategies, said to the person who wrote them, all at once and before anything is done.

use kprov_core::{Diagnostic, Diagnostics};

use super::{Strategies, Strategy};
use crate::Amount;
use crate::world::{Kind, World};

/// "Invalid rotation", as Terraform says "Invalid count argument".
const INVALID: &str = "Invalid rotation";

impl Strategies {
    /// What is wrong, in the order of the groups. Errors make a plan fail; warnings are said.
    #[must_use]
    pub fn problems(&self, world: &World) -> Diagnostics {
        let mut found = Diagnostics::new();
        for strategy in &self.groups {
            strategy.problems(world, &mut found);
        }
        if self.parallel_groups == 0 {
            found.push(Diagnostic::error(
                INVALID,
                "parallel_groups is 0, so no group of workers could ever begin. Say 1 for one group after the other.",
            ));
        }
        if self.failures_max == 0 {
            found.push(Diagnostic::error(
                INVALID,
                "failures_max is 0, so the rotation would stop before it began. Say 1 to stop at the first failure.",
            ));
        }
        for window in self.windows.iter().filter(|window| window.opens >= window.closes) {
            found.push(Diagnostic::error(
                INVALID,
                format!(
                    "A window opens at {} and closes at {}, so it is never open.",
                    window.opens, window.closes
                ),
            ));
        }
        found
    }
}

impl Strategy {
    fn problems(&self, world: &World, found: &mut Diagnostics) {
        let id = &self.group;
        let mut error = |detail: String| found.push(Diagnostic::error(INVALID, detail).of(id));
        let Some(group) = world.groups.iter().find(|group| group.id == *id) else {
            error(format!("There is no group {id}, so there is nothing to rotate."));
            return;
        };
        if self.max_surge.is_none() && self.max_unavailable.is_none() {
            error(format!(
                "max_surge and max_unavailable of {id} are both 0: a member can neither come first nor go first. \
                 Raise one of them."
            ));
        }
        for (name, amount) in
            [("max_surge", self.max_surge), ("max_unavailable", self.max_unavailable)]
        {
            if let Amount::Percent(percent) = amount
                && percent > 100
            {
                error(format!(
                    "{name} of {id} is {percent}%, which is more than all of it. Say at most 100%."
                ));
            }
        }
        if group.kind == Kind::Master {
            self.problems_of_masters(group.desired, &mut error);
        }
        self.problems_of_checkpoints(&mut error);
        if self.good_looks == 0 {
            error(format!(
                "good_looks of {id} is 0, so a new member would count as well unseen. Say at least 1."
            ));
        }
        if self.on_failure == super::OnFailure::Rollback && self.previous.is_none() {
            error(format!(
                "on_failure of {id} is rollback, and there is no template before this one to go back to. Say pause."
            ));
        }
    }

    fn problems_of_masters(&self, desired: u32, error: &mut impl FnMut(String)) {
        let id = &self.group;
        let (surge, unavailable) = self.amounts(desired);
        if surge > 1 || (surge == 0 && unavailable > 1) {
            error(format!(
                "{id} has masters, which are replaced one by one: etcd takes one new member at a time. \
                 Say max_surge = 1, or max_surge = 0 and max_unavailable = 1."
            ));
        }
        if surge == 0 && desired == 2 {
            error(format!(
                "{id} has two masters, and without one of them etcd has no majority, so none can go first. \
                 Say max_surge = 1."
            ));
        }
        if surge == 0 && desired == 1 && !self.downtime {
            error(format!(
                "{id} has one master, and with max_surge = 0 there is no API while it is replaced. \
                 Say downtime = true if that is meant, or max_surge = 1."
            ));
        }
    }

    fn problems_of_checkpoints(&self, error: &mut impl FnMut(String)) {
        let id = &self.group;
        let percents: Vec<u32> =
            self.checkpoints.iter().map(|checkpoint| checkpoint.percent).collect();
        if percents.iter().any(|percent| !(1..=100).contains(percent)) {
            error(format!(
                "Checkpoints of {id} are at {percents:?} percent; each must be from 1 to 100."
            ));
        }
        if percents.windows(2).any(|pair| pair[0] >= pair[1]) {
            error(format!("Checkpoints of {id} are at {percents:?} percent; they must rise."));
        }
    }
}
