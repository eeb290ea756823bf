//! How long things take, for estimates: the median of what earlier rotations of the same cluster took; of all clusters
//! where that one has none; else what is usual.

use kprov_rotation::{Durations, Seconds};
use kprov_state::StepDuration;

use super::Estimate;

/// What earlier rotations took, and by how many steps that is known.
pub(super) fn durations(measured: &[StepDuration], cluster: &str) -> (Durations, Estimate) {
    let own: Vec<&StepDuration> = measured.iter().filter(|it| it.cluster == cluster).collect();
    let all: Vec<&StepDuration> = measured.iter().collect();
    let mut steps = 0;
    let mut take = |step: &str, usual: Seconds| {
        let of = |from: &[&StepDuration]| -> Vec<Seconds> {
            from.iter().filter(|it| it.step == step).map(|it| it.seconds).collect()
        };
        let found = Some(of(&own)).filter(|own| !own.is_empty()).unwrap_or_else(|| of(&all));
        steps += found.len();
        median(found).unwrap_or(usual)
    };
    let usual = Durations::default();
    let durations = Durations {
        boot: take("boot", usual.boot),
        // When a balancer finds a machine healthy is no step of its own.
        healthy: usual.healthy,
        deregister: take("deregister", usual.deregister),
        drain: take("drain", usual.drain),
        stop: take("stop API server", usual.stop),
        terminate: take("terminate", usual.terminate),
        hook: take("hook", usual.hook),
        call: usual.call,
        look: usual.look,
    };
    (durations, Estimate { measured_steps: steps })
}

/// The middle one; a step that hung once does not spoil it.
fn median(mut all: Vec<Seconds>) -> Option<Seconds> {
    all.sort_unstable();
    all.get(all.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(cluster: &str, step: &str, seconds: u64) -> StepDuration {
        StepDuration {
            cluster: cluster.to_owned(),
            role: "worker".to_owned(),
            step: step.to_owned(),
            seconds,
            at: "2026-01-01T00:00:00Z".to_owned(),
        }
    }

    #[test]
    fn what_was_measured_counts_the_clusters_own_first() {
        let measured = [
            took("a", "drain", 40),
            took("a", "drain", 50),
            took("a", "drain", 9000),
            took("b", "drain", 7),
            took("b", "boot", 222),
            took("b", "launch", 2),
        ];
        let (durations, estimate) = super::durations(&measured, "a");
        let usual = Durations::default();
        assert_eq!((durations.drain, durations.boot, durations.stop), (50, 222, usual.stop));
        assert_eq!(estimate.measured_steps, 4);
        assert_eq!(super::durations(&[], "a"), (usual, Estimate::default()));
    }
}
