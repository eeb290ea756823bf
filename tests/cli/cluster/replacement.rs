//! A changed line becomes new masters, one after the other, while clients ask: no request fails, nothing that was acknowledged is lost,
//! and at the end there is nothing too many and nothing twice. Also where kprov is killed on the way, again and again.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::laptop::{Laptop, kill};
use crate::draw::Draw;

/// What is changed; another machine type is another template.
fn change(laptop: &Laptop, instance_type: &str) {
    let line = format!(
        "masters = {{ shutdown_delay = \"{}\", instance_type = \"{instance_type}\" }}\n",
        super::laptop::SHUTDOWN_DELAY
    );
    laptop.place.write("masters.auto.tfvars", line);
}

pub(super) fn masters_are_replaced_and_no_request_fails(laptop: &Laptop, instance_type: &str) {
    let before = ids(laptop);
    change(laptop, instance_type);
    let planned = laptop.kprov("plan -airplane");
    for master in &before {
        assert!(planned.contains(master), "{master} is not in the plan:\n{planned}");
    }
    let clients = laptop.clients();
    let begun = Instant::now();
    let applied = laptop.kprov("apply -airplane -auto-approve");
    let (tally, took) = (clients.end(), begun.elapsed().as_secs());
    eprintln!("{applied}");
    eprintln!(
        "three masters replaced in {took} s: {} requests, {} failed, {} put off, {} events, {} watches resumed, p99 {:?}, slowest {:?}",
        tally.answered,
        tally.failed.len(),
        tally.put_off,
        tally.events,
        tally.resumed,
        tally.p99(),
        tally.slowest()
    );
    laptop.none_failed("a rotation of masters", &tally);
    assert!(tally.answered as u64 > 25 * took, "only {} requests in {took} s", tally.answered);
    all_are_new(laptop, &before);
}

/// The same, with kprov killed at drawn moments (`KPROV_KILLS` times) and run again, until it ends by itself.
pub(super) fn kprov_is_killed_on_the_way(laptop: &Laptop, instance_type: &str) {
    let kills = std::env::var("KPROV_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(6);
    let before = ids(laptop);
    change(laptop, instance_type);
    let mut draw = Draw(u64::from(kills));
    let clients = laptop.clients();
    let mut killed: u32 = 0;
    while killed < kills {
        let mut command = laptop.command("apply -airplane -auto-approve");
        let told = laptop.place.path("told.log");
        let log = std::fs::File::create(&told).expect("a file");
        let both = log.try_clone().expect("a file");
        let mut child = command.stdout(log).stderr(both).spawn().expect("kprov");
        let until = Instant::now() + Duration::from_millis(500 + draw.below(9_500) as u64);
        let ended = loop {
            match child.try_wait().expect("a child") {
                Some(status) => break Some(status),
                None if Instant::now() >= until => break None,
                None => std::thread::park_timeout(Duration::from_millis(20)),
            }
        };
        match ended {
            Some(status) => {
                let told = std::fs::read_to_string(&told).unwrap_or_default();
                assert!(status.success(), "apply failed after {killed} kills: {status}\n{told}");
                break;
            }
            None => {
                kill(child.id());
                child.wait().expect("it has ended");
                killed += 1;
            }
        }
    }
    let applied = laptop.kprov("apply -airplane -auto-approve");
    let tally = clients.end();
    eprintln!(
        "killed {killed} times: {} requests, {} failed, {} put off\n{applied}",
        tally.answered,
        tally.failed.len(),
        tally.put_off
    );
    laptop.none_failed("a rotation that was killed", &tally);
    all_are_new(laptop, &before);
}

/// Three masters, none of those before, and no machine too many.
fn all_are_new(laptop: &Laptop, before: &BTreeSet<String>) {
    let after = ids(laptop);
    assert_eq!(after.len(), 3, "{after:?}");
    assert!(after.is_disjoint(before), "{after:?} and before {before:?}");
    for master in laptop.masters() {
        let members = laptop.etcdctl(&master, "member list").expect("etcd answers");
        assert_eq!(members.lines().count(), 3, "{members}");
        assert!(after.iter().all(|id| members.contains(id)), "{members}");
    }
    let planned = laptop.kprov("plan -airplane -detailed-exitcode");
    assert!(planned.contains("No changes."), "{planned}");
    let dump: Json = serde_json::from_str(&laptop.kprov("airplane dump -json")).expect("a dump");
    let of = |ty: &str| {
        let all = dump.as_array().expect("objects").iter();
        all.filter(|object| object["type"] == ty).collect::<Vec<_>>()
    };
    let machines = laptop.machines();
    let mut running: Vec<&str> = machines.iter().map(|machine| machine.id.as_str()).collect();
    let members = of("autoscaling.members");
    let mut members: Vec<&str> =
        members.iter().filter_map(|member| member["id"].as_str()).collect();
    running.sort_unstable();
    members.sort_unstable();
    assert_eq!(members, running, "what the groups have, and what runs");
    for group in of("autoscaling.groups") {
        let text = group.to_string();
        let left = ["kprov-rotation", "kprov.dev/before", "kprov.dev/subnets"];
        assert!(left.iter().all(|it| !text.contains(it)), "something is left: {text}");
    }
    for member in of("autoscaling.members") {
        assert!(member["tags"]["kprov.dev/rotation"].is_null(), "a mark is left: {member}");
    }
}

fn ids(laptop: &Laptop) -> BTreeSet<String> {
    laptop.masters().into_iter().map(|master| master.id).collect()
}
