//! [`Steps`]: where a rotation stands, and what may follow.
//!
//! Keys have generations, numbered from 1. Three plain numbers say all: `generation` is the newest that exists, `primary` the one
//! that signs, `trusted_from` the oldest that is still trusted. A rotation is three ordinary changes, one apply each:
//! *stage* (`generation` up: the new one is trusted everywhere, and signs nothing yet), *promote* (`primary` up), *distrust*
//! (`trusted_from` up). What would break who has not followed yet is refused.

use kprov_core::{Path, Type, Value};
use kprov_provider::{Attribute, AttributeError, ProviderError};

use crate::fields;

/// Where a rotation stands. Holds: `1 <= trusted_from <= primary <= newest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) newest: i64,
    pub(crate) primary: i64,
    pub(crate) trusted_from: i64,
}

/// An argument and what is wrong with it.
pub(crate) type Fault = (&'static str, String);

/// Nobody needs more at once.
const MOST: i64 = 8;

/// The arguments.
pub(crate) fn attributes() -> [(&'static str, Attribute); 3] {
    let number = || Attribute::new(Type::Number);
    [
        (
            "generation",
            number().default(Value::int(1)).describe(
                "The newest generation that exists. One more stages a new one: it is trusted from then on, and does not sign.",
            ),
        ),
        (
            "primary",
            number().optional().describe(
                "The generation that signs (default: trusted_from). Promotes a generation that an earlier apply has staged.",
            ),
        ),
        (
            "trusted_from",
            number().default(Value::int(1)).describe(
                "The oldest generation that is trusted. Distrusts those before it, and drops their private keys.",
            ),
        ),
    ]
}

/// The same; `primary` is there even if it is not configured.
pub(crate) fn computed_attributes() -> [(&'static str, Attribute); 3] {
    attributes().map(|(name, attribute)| match name {
        "primary" => (name, attribute.computed()),
        _ => (name, attribute),
    })
}

impl Steps {
    /// The first of its kind.
    pub(crate) const FIRST: Steps = Steps { newest: 1, primary: 1, trusted_from: 1 };

    /// As an object or a block says; `None` while a part is unknown. A block that is not there says [`Steps::FIRST`].
    pub(crate) fn of(value: &Value) -> Option<Steps> {
        if !value.is_known()
            || !fields::all_known(value, &["generation", "primary", "trusted_from"])
        {
            return None;
        }
        let trusted_from = fields::number(value, "trusted_from").unwrap_or(1);
        Some(Steps {
            newest: fields::number(value, "generation").unwrap_or(1),
            primary: fields::number(value, "primary").unwrap_or(trusted_from),
            trusted_from,
        })
    }

    /// Do the numbers fit together?
    pub(crate) fn check(self) -> Result<Steps, Fault> {
        let Steps { newest, primary, trusted_from } = self;
        let fault = |name, text: String| Err((name, text));
        if trusted_from < 1 {
            return fault("trusted_from", "generations are numbered from 1".to_owned());
        }
        if newest < trusted_from {
            return fault(
                "generation",
                format!(
                    "generation {newest} is the newest, but only those from {trusted_from} on are trusted: nothing would be left"
                ),
            );
        }
        if primary < trusted_from || primary > newest {
            return fault(
                "primary",
                format!(
                    "generation {primary} cannot sign: those that are trusted are {trusted_from} to {newest}"
                ),
            );
        }
        if newest - trusted_from >= MOST {
            return fault(
                "generation",
                format!("{trusted_from} to {newest} would be trusted at once; {MOST} is the most"),
            );
        }
        Ok(self)
    }

    /// May this follow `before`, which an earlier apply has made?
    pub(crate) fn follows(self, before: Steps) -> Result<(), Fault> {
        let fault = |name, text: String| Err((name, text));
        let (now, then) = (self, before);
        if now.newest > then.newest + 1 {
            return fault(
                "generation",
                format!(
                    "generation {} is the newest so far: the next is {}; generations are made one at a time",
                    then.newest,
                    then.newest + 1
                ),
            );
        }
        if now.primary > then.newest {
            return fault(
                "primary",
                format!(
                    "generation {0} cannot sign yet, since nobody has its bundle. First apply generation = {0} with primary = {1} \
                 (stage), so that all trust it; then primary = {0} (promote)",
                    now.primary, then.primary
                ),
            );
        }
        if now.newest < then.primary {
            return fault(
                "generation",
                format!(
                    "generation {} signs and cannot be withdrawn; first let an older one sign again (primary = {})",
                    then.primary, now.newest
                ),
            );
        }
        if now.trusted_from < then.trusted_from {
            return fault(
                "trusted_from",
                format!(
                    "generations before {} were distrusted, and their keys are gone",
                    then.trusted_from
                ),
            );
        }
        if now.trusted_from > then.primary {
            return fault(
                "trusted_from",
                format!(
                    "generation {0} signs until this apply, so that what it signed is still in use. First apply primary = {1} \
                 (promote) and let all be issued anew; then trusted_from = {1} (distrust)",
                    then.primary, now.trusted_from
                ),
            );
        }
        Ok(())
    }

    /// Those that are trusted: the primary first, then the newest to the oldest.
    pub(crate) fn trusted(self) -> Vec<i64> {
        let others = (self.trusted_from..=self.newest).rev().filter(|it| *it != self.primary);
        std::iter::once(self.primary).chain(others).collect()
    }

    /// Those that are trusted, the newest first.
    pub(crate) fn newest_first(self) -> Vec<i64> {
        (self.trusted_from..=self.newest).rev().collect()
    }

    /// `next`, `primary`, `trusted` or `distrusted`.
    pub(crate) fn state(self, number: i64) -> &'static str {
        match number {
            it if it == self.primary => "primary",
            it if it < self.trusted_from => "distrusted",
            it if it > self.primary => "next",
            _ => "trusted",
        }
    }

    /// Where the rotation stands and what comes next, for plans and people.
    pub(crate) fn describe(self) -> String {
        let Steps { newest, primary, trusted_from } = self;
        let mut parts = vec![format!("generation {primary} signs")];
        if newest > primary {
            let next = primary + 1;
            parts.push(format!(
                "generation {next} is staged (trusted, signs nothing yet; once all have the bundle, promote it: primary = {next})"
            ));
        }
        if trusted_from < primary {
            parts.push(format!(
                "older generations from {trusted_from} on are still trusted (once all is issued anew, distrust them: \
                 trusted_from = {primary})"
            ));
        }
        parts.join("; ")
    }
}

/// What can be told of the arguments of `config`, which stand at `at` (a block's name, or nothing).
pub(crate) fn validate(config: &Value, at: Option<&str>) -> Vec<AttributeError> {
    match Steps::of(config).map(Steps::check) {
        Some(Err((name, why))) => {
            vec![AttributeError::new(path(at, name), "Impossible rotation", why + ".")]
        }
        _ => Vec::new(),
    }
}

/// The steps of an object, checked against those before.
pub(crate) fn planned(
    steps: Steps,
    before: Option<Steps>,
    at: Option<&str>,
) -> Result<(), ProviderError> {
    let follows = |steps: Steps| before.map_or(Ok(()), |before| steps.follows(before));
    steps.check().and_then(follows).map_err(|(name, why)| {
        ProviderError::rejected("Unsafe rotation", why + ".").at(path(at, name))
    })
}

fn path(at: Option<&str>, name: &str) -> Path {
    match at {
        Some(block) => Path::attribute(block).then(kprov_core::PathStep::Attribute(name.into())),
        None => Path::attribute(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(newest: i64, primary: i64, trusted_from: i64) -> Steps {
        Steps { newest, primary, trusted_from }
    }

    #[test]
    fn a_rotation_is_stage_promote_distrust() {
        let path = [steps(1, 1, 1), steps(2, 1, 1), steps(2, 2, 1), steps(2, 2, 2), steps(3, 2, 2)];
        for pair in path.windows(2) {
            assert_eq!(pair[1].check(), Ok(pair[1]));
            assert_eq!(pair[1].follows(pair[0]), Ok(()), "{pair:?}");
            assert_eq!(pair[0].follows(pair[0]), Ok(()));
        }
        // Back again, as long as nothing is lost.
        assert_eq!(steps(2, 1, 1).follows(steps(2, 2, 1)), Ok(()));
        assert_eq!(steps(1, 1, 1).follows(steps(2, 1, 1)), Ok(()));
    }

    #[test]
    fn what_would_break_somebody_is_refused() {
        let refused = [
            (steps(1, 1, 1), steps(2, 2, 1), "primary"),
            (steps(1, 1, 1), steps(2, 2, 2), "primary"),
            (steps(2, 1, 1), steps(2, 2, 2), "trusted_from"),
            (steps(2, 2, 2), steps(2, 2, 1), "trusted_from"),
            (steps(2, 2, 1), steps(1, 1, 1), "generation"),
            (steps(1, 1, 1), steps(3, 1, 1), "generation"),
        ];
        for (before, after, argument) in refused {
            let (name, why) = after.follows(before).expect_err("refused");
            assert_eq!(name, argument, "{before:?} {after:?}: {why}");
        }
        for (impossible, argument) in [
            (steps(1, 1, 0), "trusted_from"),
            (steps(1, 1, 2), "generation"),
            (steps(2, 3, 1), "primary"),
            (steps(3, 1, 2), "primary"),
            (steps(99, 1, 1), "generation"),
        ] {
            assert_eq!(impossible.check().expect_err("impossible").0, argument);
        }
    }

    #[test]
    fn the_primary_is_the_first_of_the_bundle() {
        assert_eq!(steps(3, 2, 1).trusted(), [2, 3, 1]);
        assert_eq!(steps(3, 2, 1).newest_first(), [3, 2, 1]);
        let states = (1..=3).map(|number| steps(3, 2, 2).state(number));
        assert_eq!(states.collect::<Vec<_>>(), ["distrusted", "primary", "next"]);
    }
}
