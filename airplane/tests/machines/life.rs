//! How machines begin and end: with their instance, by themselves, with airplane, and after one that was killed.
use crate::place::{DOCUMENT, Place, block, program, text};
use base64::Engine;
use kprov_airplane::Machines;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// One machine with this user data, as the control API shows it when it is in this state.
async fn machine(place: &Place, user_data: &str, state: &str) -> Value {
    let (_, subnets) = place.network();
    place.template(user_data, false);
    let instance = place.launch(&subnets[0]);
    in_state(place, &instance, state).await
}

async fn in_state(place: &Place, instance: &str, state: &str) -> Value {
    let is_so = |m: &Value| m["instance"] == json!(instance) && m["state"] == json!(state);
    let find = || place.machines().into_iter().find(is_so);
    place.until(&format!("{instance} is {state}"), find).await
}

fn pid(machine: &Value) -> Pid {
    Pid::from_raw(i32::try_from(machine["pid"].as_i64().unwrap()).unwrap()).unwrap()
}

fn is_gone(pid: Pid) -> bool {
    // A zombie whose parent does not look is gone as well.
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    test_kill_process(pid).is_err() || stat.is_ok_and(|stat| stat.contains(") Z "))
}

async fn is_told_what_it_is(place: &Place, instance: &str) -> Value {
    place.until("it knows what it is", || place.found(instance)).await
}

#[tokio::test]
async fn instances_without_a_node_document_are_hollow() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::new(home.path()).await;
    let (_, subnets) = place.network();
    place.template("#!/bin/sh\necho hello\n", false);
    let instance = place.launch(&subnets[0]);
    let runs = || (place.instances()[&instance] == "running").then_some(());
    place.until("it runs", runs).await;
    assert_eq!(place.machines(), Vec::<Value>::new());
    place.server.unwrap().stop().await;
}

#[tokio::test]
async fn stopping_and_starting_keeps_directory_and_address() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::new(home.path()).await;
    let first = machine(&place, DOCUMENT, "running").await;
    let instance = text(&first["instance"]);
    assert_eq!(is_told_what_it_is(&place, &instance).await["starts"], 1);
    place.query("ec2", "StopInstances", &[("InstanceId.1", &instance)]);
    let stopped = || (place.instances()[&instance] == "stopped").then_some(());
    place.until("it is stopped", stopped).await;
    assert!(is_gone(pid(&first)));
    std::fs::remove_file(home.path().join("machines").join(&instance).join("node/found.json"))
        .unwrap();
    place.query("ec2", "StartInstances", &[("InstanceId.1", &instance)]);
    let again = in_state(&place, &instance, "running").await;
    assert_eq!((&again["address"], &again["starts"]), (&first["address"], &json!(2)));
    assert_eq!(is_told_what_it_is(&place, &instance).await["starts"], 2);
    place.query("ec2", "RebootInstances", &[("InstanceId.1", &instance)]);
    let rebooted = || {
        let machine = place.machines().remove(0);
        (machine["state"] == "running" && machine["pid"] != again["pid"]).then_some(machine)
    };
    place.until("another process runs", rebooted).await;
    assert!(is_gone(pid(&again)));
    let output = place.until("the console shows it", || {
        let output = place.query("ec2", "GetConsoleOutput", &[("InstanceId", &instance)]);
        let output = crate::place::between(&output, "<output>", "</output>");
        let text = base64::engine::general_purpose::STANDARD.decode(output).unwrap();
        String::from_utf8(text).ok().filter(|text| text.contains("I was told to end"))
    });
    assert!(output.await.contains(&format!("I am \"{instance}\"")));
    place.server.unwrap().stop().await;
}

#[tokio::test]
async fn an_instance_ends_when_its_process_has() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::new(home.path()).await;
    let machine = machine(&place, &format!("{DOCUMENT}# is stubborn\n"), "running").await;
    let instance = text(&machine["instance"]);
    is_told_what_it_is(&place, &instance).await;
    place.query("ec2", "TerminateInstances", &[("InstanceId.1", &instance)]);
    let told = || place.log(&instance).contains("I was told to end").then_some(());
    place.until("it is told", told).await;
    place.airplane.advance(3_600_000);
    assert_eq!(place.instances()[&instance], "shutting-down");
    kill_process(pid(&machine), Signal::KILL).unwrap();
    let terminated = || (place.instances()[&instance] == "terminated").then_some(());
    place.until("it is terminated", terminated).await;
    place.server.unwrap().stop().await;
}

#[tokio::test]
async fn patience_is_finite_and_nobody_of_the_group_is_left() {
    let home = tempfile::tempdir().unwrap();
    let block = block();
    let mut program = program(home.path(), block);
    program.patience = std::time::Duration::from_millis(300);
    let place = Place::start(home.path(), block, Machines::Process(program)).await;
    let machine =
        machine(&place, &format!("{DOCUMENT}# is stubborn, has children\n"), "running").await;
    let instance = text(&machine["instance"]);
    is_told_what_it_is(&place, &instance).await;
    let child = child(home.path(), &instance);
    assert!(!is_gone(child));
    place.server.unwrap().stop().await;
    assert!(is_gone(pid(&machine)));
    assert!(is_gone(child));
}

fn child(home: &Path, instance: &str) -> Pid {
    let path = home.join("machines").join(instance).join("node/child");
    Pid::from_raw(std::fs::read_to_string(path).unwrap().parse().unwrap()).unwrap()
}

#[tokio::test]
async fn one_that_powers_off_is_stopped_and_one_that_breaks_down_is_impaired() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::new(home.path()).await;
    let (_, subnets) = place.network();
    place.template(&format!("{DOCUMENT}# powers off\n"), false);
    let off = place.launch(&subnets[0]);
    place.query("ec2", "DeleteLaunchTemplate", &[("LaunchTemplateName", "node")]);
    place.template(&format!("{DOCUMENT}# breaks down\n"), false);
    let broken = place.launch(&subnets[0]);
    let stopped = || (place.instances()[&off] == "stopped").then_some(());
    place.until("one is stopped", stopped).await;
    let ended = in_state(&place, &broken, "ended").await;
    assert_eq!(ended["exit"], json!({"code": 3, "signal": null}));
    assert_eq!(place.instances()[&broken], "running");
    let status = place.query("ec2", "DescribeInstanceStatus", &[("InstanceId.1", &broken)]);
    assert!(status.contains("<status>impaired</status>"), "{status}");
    // It stays so over a restart of airplane.
    let place = place.again().await;
    in_state(&place, &broken, "ended").await;
    place.server.unwrap().stop().await;
}

#[tokio::test]
async fn a_killed_machine_of_a_group_is_replaced() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::new(home.path()).await;
    let (_, subnets) = place.network();
    place.template(DOCUMENT, false);
    place.group(&subnets, None);
    let three = || {
        let running = place.machines().into_iter().filter(|m| m["state"] == "running");
        Some(running.collect::<Vec<_>>()).filter(|machines| machines.len() == 3)
    };
    let before = place.until("three run", three).await;
    let instance = text(&before[0]["instance"]);
    is_told_what_it_is(&place, &instance).await;
    kill_process(pid(&before[0]), Signal::KILL).unwrap();
    let replaced =
        || three().filter(|now| now.iter().all(|m| m["instance"] != before[0]["instance"]));
    let after = place.until("another one stands in its place", replaced).await;
    let addresses: BTreeMap<String, Value> =
        after.iter().chain(&before).map(|m| (text(&m["address"]), m["instance"].clone())).collect();
    assert_eq!(addresses.len(), 4, "an address is not given again at once: {addresses:?}");
    place.server.unwrap().stop().await;
}

#[tokio::test]
async fn machines_end_with_airplane_and_start_again_with_it() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::new(home.path()).await;
    let before = machine(&place, DOCUMENT, "running").await;
    let instance = text(&before["instance"]);
    is_told_what_it_is(&place, &instance).await;
    let place = place.again().await;
    assert!(is_gone(pid(&before)));
    assert!(place.log(&instance).contains("I was told to end"));
    let after = in_state(&place, &instance, "running").await;
    assert_eq!(after["address"], before["address"]);
    assert_eq!(place.instances()[&instance], "running");
    let twice = || place.found(&instance).filter(|found| found["starts"] == 2);
    place.until("it started twice", twice).await;
    place.server.unwrap().stop().await;
}

/// An airplane that was killed, as one that never hears of its machines again: it is leaked, and another one starts.
#[tokio::test]
async fn what_a_killed_airplane_left_ends_before_the_machine_starts_again() {
    let home = tempfile::tempdir().unwrap();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let block = block();
    let path = home.path().to_owned();
    let (before, orphan) = runtime
        .spawn(async move {
            let place = Place::start(&path, block, Machines::Process(program(&path, block))).await;
            let machine = machine(&place, &format!("{DOCUMENT}# has children\n"), "running").await;
            let instance = text(&machine["instance"]);
            is_told_what_it_is(&place, &instance).await;
            let orphan = child(&path, &instance);
            // A machine that nobody told to end: its note and its child are all that is left.
            kill_process(pid(&machine), Signal::STOP).unwrap();
            std::mem::forget(place);
            (machine, orphan)
        })
        .await
        .unwrap();
    // Its tasks end here, and with them the leader; nobody ends the rest of the group.
    runtime.shutdown_background();
    assert!(!is_gone(orphan));
    let place =
        Place::start(home.path(), block, Machines::Remembered(program(home.path(), block))).await;
    let instance = text(&before["instance"]);
    let after = in_state(&place, &instance, "running").await;
    assert_eq!(after["address"], before["address"]);
    assert!(is_gone(pid(&before)) && is_gone(orphan));
    let twice = || place.found(&instance).filter(|found| found["starts"] == 2);
    place.until("it started twice", twice).await;
    place.server.unwrap().stop().await;
}
