//! Masters as their leases tell of them (`kprov.dev/api`): pure.

use std::collections::{BTreeMap, BTreeSet};

use kprov_provider::rotation::world::{Api, ApiSettings};
use kprov_provider::rotation::{MachineId, MasterView, Seconds, Version};
use serde::Deserialize;

use super::Lease;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Note {
    version: String,
    ready: bool,
    serving: bool,
    shutdown_delay: Seconds,
    #[serde(default)]
    goaway: f64,
    #[serde(default)]
    names: BTreeSet<String>,
}

/// Masters that tell of their API server and have not fallen silent.
pub(super) fn told(leases: &[Lease], now: Seconds) -> BTreeMap<MachineId, MasterView> {
    let fresh = leases.iter().filter(|lease| lease.is_fresh(now));
    fresh.filter_map(|lease| Some((lease.machine()?, view(lease.note("api")?)?))).collect()
}

fn view(note: Note) -> Option<MasterView> {
    let Note { version, ready, serving, shutdown_delay, goaway, names } = note;
    let version: Version = version.parse().ok()?;
    let api = Api { version, ready, serving, shutdown_delay };
    let goaway_millionths = millionths(goaway);
    let settings = ApiSettings { version, goaway_millionths, shutdown_delay, names };
    Some(MasterView { api, settings: Some(settings) })
}

/// A chance, which is between 0 and 1, in millionths.
fn millionths(chance: f64) -> u32 {
    // Within u32 by the clamp, and without sign.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let millionths = (chance.clamp(0.0, 1.0) * 1e6).round() as u32;
    millionths
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::leases::testing::{RENEWED, lease};
    use super::*;

    #[test]
    fn masters_are_those_that_tell_of_an_api_server_and_are_not_silent() {
        let api = json!({"version": "1.36.3", "ready": true, "serving": true, "shutdownDelay": 60,
            "goaway": 0.001, "names": ["api.example"]});
        let leases = [
            lease("i-1", 0, json!({"api": api})),
            lease("i-2", 121, json!({"api": api})),
            lease("i-3", 0, json!({"role": "worker"})),
            lease(
                "i-4",
                0,
                json!({"api": {"version": "new", "ready": true, "serving": true, "shutdownDelay": 1}}),
            ),
        ];
        let told = told(&leases, RENEWED);
        assert_eq!(told.keys().map(MachineId::as_str).collect::<Vec<_>>(), ["i-1"]);
        let view = &told[&MachineId::new("i-1")];
        assert_eq!(
            (view.api.version.to_string().as_str(), view.api.shutdown_delay),
            ("1.36.3", 60)
        );
        assert!(view.api.ready && view.api.serving);
        let settings = view.settings.as_ref().expect("settings");
        assert_eq!((settings.goaway_millionths, settings.names.len()), (1000, 1));
    }

    #[test]
    fn chances_are_bounded() {
        assert_eq!([0.02, 0.0, -1.0, 7.0, f64::NAN].map(millionths), [20_000, 0, 0, 1_000_000, 0]);
    }
}
