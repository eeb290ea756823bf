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

/// The attributes that a contradiction is between, the first of which it is told at, and what it is.
pub(crate) type Contradiction = (&'static [&'static str], String);

impl Strategy {
    fn problems(&self, world: &World, found: &mut Diagnostics) {
        let id = &self.group;
        let mut error = |detail: String| found.push(Diagnostic::error(INVALID, detail).of(id));
        let Some(group) = world.groups.iter().find(|group| group.id == *id) else {
            error(format!("There is no group {id}, so there is nothing to rotate."));
            return;
        };
        for (_, detail) in self.contradictions(group.kind, &format!(" of {id}")) {
            error(detail);
        }
        if group.kind == Kind::Master {
            self.problems_of_masters(group.desired, &mut error);
        }
        if self.on_failure == super::OnFailure::Rollback && self.previous.is_none() {
            error(format!(
                "on_failure of {id} is rollback, and there is no template before this one to go back to. Say pause."
            ));
        }
    }

    /// What does not go together, whatever the world is like. `of` stands behind the attributes' names: ` of workers`,
    /// or nothing where it is clear.
    pub(crate) fn contradictions(&self, kind: Kind, of: &str) -> Vec<Contradiction> {
        let mut found: Vec<Contradiction> = Vec::new();
        if self.max_surge.is_none() && self.max_unavailable.is_none() {
            let why = "both 0: a member can neither come first nor go first. Raise one of them.";
            found.push((
                &["max_surge", "max_unavailable"],
                format!("max_surge and max_unavailable{of} are {why}"),
            ));
        }
        for (name, names, amount) in [
            ("max_surge", &["max_surge"], self.max_surge),
            ("max_unavailable", &["max_unavailable"], self.max_unavailable),
        ] {
            if let Amount::Percent(percent) = amount
                && percent > 100
            {
                let why = "which is more than all of it. Say at most 100%.";
                found.push((names, format!("{name}{of} is {percent}%, {why}")));
            }
        }
        if kind == Kind::Master && matches!(self.max_surge, Amount::Count(count) if count > 1) {
            found.push((&["max_surge", "role"], one_by_one(of)));
        }
        if kind != Kind::Master && self.downtime {
            let why = "is for one master that is replaced in place, and the group has no masters. Leave it out.";
            found.push((&["downtime", "role"], format!("downtime{of} {why}")));
        }
        self.contradicting_checkpoints(of, &mut found);
        if self.good_looks == 0 {
            let why = "is 0, so a new member would count as well unseen. Say at least 1.";
            found.push((&["good_looks"], format!("good_looks{of} {why}")));
        }
        found
    }

    fn problems_of_masters(&self, desired: u32, error: &mut impl FnMut(String)) {
        let id = &self.group;
        let (surge, unavailable) = self.amounts(desired);
        let share = matches!(self.max_surge, Amount::Percent(_));
        if (surge > 1 && share) || (surge == 0 && unavailable > 1) {
            error(one_by_one(&format!(" of {id}")));
        }
        if self.downtime && desired > 1 {
            error(format!(
                "downtime of {id} is true, and with {desired} masters there need be none: they are replaced one by one, \
                 and the others serve. Leave it out."
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

    fn contradicting_checkpoints(&self, of: &str, found: &mut Vec<Contradiction>) {
        let percents: Vec<u32> =
            self.checkpoints.iter().map(|checkpoint| checkpoint.percent).collect();
        if percents.iter().any(|percent| !(1..=100).contains(percent)) {
            let why =
                format!("Checkpoints{of} are at {percents:?} percent; each must be from 1 to 100.");
            found.push((&["checkpoint"], why));
        }
        if percents.windows(2).any(|pair| pair[0] >= pair[1]) {
            let why = format!("Checkpoints{of} are at {percents:?} percent; they must rise.");
            found.push((&["checkpoint"], why));
        }
    }
}

fn one_by_one(of: &str) -> String {
    format!(
        "max_surge or max_unavailable{of} is more than 1, and masters are replaced one by one: etcd takes one new member \
         at a time. Say max_surge = 1, or max_surge = 0 and max_unavailable = 1."
    )
}
