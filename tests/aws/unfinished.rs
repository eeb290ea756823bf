//! An object that exists and never gets as far as was waited for: the run fails, the object is known
//! and tainted, and the next apply makes it anew. The same where another process settles it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use kprov_state::{ObjectStatus, RunOutcome};
use kprov_tests::bench::{Bench, Ended, Wanted, told};
use kprov_tests::steps::{Moment, Script};

use crate::sky::{PROVIDER, Sky};
use crate::{at_rest, finished};

/// Instances wait for somebody to say that they have joined. Nobody does, so they are abandoned.
const HOOK: &str = r#"
  initial_lifecycle_hook {
    name                 = "join"
    lifecycle_transition = "autoscaling:EC2_INSTANCE_LAUNCHING"
    default_result       = "ABANDON"
    heartbeat_timeout    = 60
  }
"#;

fn group(hook: &str) -> Wanted {
    let group = r#"
resource "aws_vpc" "a" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "s" {
  vpc_id     = aws_vpc.a.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_launch_template" "node" {
  name          = "node"
  image_id      = "ami-0a1b2c3d4e5f60718"
  instance_type = "t3.micro"
}
resource "aws_autoscaling_group" "nodes" {
  name                = "nodes"
  min_size            = 1
  max_size            = 1
  vpc_zone_identifier = [aws_subnet.s.id]
  launch_template { id = aws_launch_template.node.id }
"#;
    Wanted::new(&format!("{PROVIDER}{group}{hook}}}\n"))
}

fn is_tainted(bench: &Bench) -> bool {
    let objects = bench.state().objects;
    let mut groups =
        objects.iter().filter(|(address, _)| address.to_string() == "aws_autoscaling_group.nodes");
    groups.next().is_some_and(|(_, object)| object.status == ObjectStatus::Tainted)
}

/// A group that waits in vain was made, and how many calls that took.
fn in_vain(sky: &Sky, bench: &mut Bench) -> usize {
    sky.doom(None);
    let Ended::Finished(outcome) = bench.apply(&group(HOOK), &mut Script::default()) else {
        panic!("nothing kills it");
    };
    let problems = told(&outcome.diagnostics);
    assert_eq!(outcome.outcome, RunOutcome::Failed, "{problems}");
    assert!(problems.contains("could not scale"), "{problems}");
    assert!(is_tainted(bench), "{problems}");
    sky.calls()
}

/// The hook is taken away: the group is made anew, and there is one.
fn mend(sky: &Sky, bench: &mut Bench, story: &str) {
    let wanted = group("");
    finished(bench, &wanted, &mut Script::default(), story);
    assert!(!is_tainted(bench), "{story}");
    assert_eq!(sky.inventory().counts()["autoscaling.groups"], 1, "{story}");
    at_rest(sky, bench, &wanted, &sky.inventory(), story);
}

#[test]
fn waiting_in_vain_fails_the_run_and_taints() {
    let sky = Sky::new(1);
    let mut bench = sky.bench(Bench::new(7));
    in_vain(&sky, &mut bench);
    mend(&sky, &mut bench, "waited in vain");
}

#[test]
fn what_another_process_cannot_finish_is_tainted() {
    let calls = {
        let sky = Sky::new(1);
        in_vain(&sky, &mut sky.bench(Bench::new(7)))
    };
    let sky = Sky::new(1);
    let mut bench = sky.bench(Bench::new(7));
    // The group is there, and waited for.
    sky.doom(Some((calls - 4, Moment::Before)));
    let work = || bench.apply(&group(HOOK), &mut Script::default());
    assert!(catch_unwind(AssertUnwindSafe(work)).is_err(), "it did not die");
    sky.doom(None);
    bench.restart();
    let mut bench = sky.bench(bench);
    let open = bench.state().open.len();
    assert!(open > 0, "the group is under an open intent");
    mend(&sky, &mut bench, "died while it waited in vain");
}
