//! The example `network` in a place of its own: the configuration of the kill suite.

use super::{Aloft, Inventory, copy_example};
use crate::place::Place;
use crate::program::Output;

/// Delays of minutes take seconds, and propagation of seconds still takes as long as some calls.
const CLOCK: &str = "scaled:60";

/// Until describes see a new object, by that clock at most: up to a second, which is longer than it
/// takes to kill a run and begin the next.
const LAG: u64 = 60_000;

/// The project and its airplane.
#[derive(Debug)]
pub(crate) struct Network(pub(crate) Aloft);

impl Network {
    /// Nothing is applied yet.
    pub(crate) fn new() -> Network {
        let place = Place::empty();
        copy_example("network", &place);
        let sky = Aloft::new(place, CLOCK);
        sky.control("PUT", "visibility", &format!("{{\"millis\": {LAG}}}"));
        Network(sky)
    }

    /// The arguments of a run that changes something: `apply`, `destroy`.
    pub(crate) fn line(verb: &str) -> String {
        format!("{verb} -auto-approve -airplane")
    }

    pub(crate) fn run(&self, verb: &str) -> Output {
        self.0.place.kprov(&Network::line(verb))
    }

    /// What must hold after a run that came to its end, and what the airplane holds then.
    #[track_caller]
    pub(crate) fn at_rest(&self, story: &str) -> Inventory {
        let fsck = self.0.place.kprov("state fsck");
        assert_eq!(fsck.code, Some(0), "{story}: {fsck}");
        for line in fsck.stdout.lines().chain(fsck.stderr.lines()) {
            assert!(!line.contains("has no outcome"), "{story}: an intent is open: {fsck}");
        }
        self.0.inventory()
    }

    /// A plan of what was applied has nothing to do.
    #[track_caller]
    pub(crate) fn is_as_configured(&self, story: &str) {
        let planned = self.0.kprov("plan -detailed-exitcode");
        assert_eq!(planned.code, Some(0), "{story}: {planned}");
    }
}
