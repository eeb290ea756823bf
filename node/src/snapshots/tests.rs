//! Snapshots from a gateway that behaves and one that does not, to a directory and to airplane's S3, and back.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::*;
use crate::aws::tests::{airplane, make_bucket};
use crate::https::Client;
use crate::testing::{Reply, Server};

/// What etcd would stream: pages, and the sum of them.
fn whole() -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..4096_u32).map(|at| (at % 251) as u8).collect();
    bytes.extend_from_slice(&Sha256::digest(&bytes));
    bytes
}

/// As the gateway frames it: JSON objects, one on a line.
fn framed(bytes: &[u8]) -> Vec<u8> {
    let line = |some: &[u8]| {
        format!("{}\n", json!({"result": {"remaining_bytes": "0", "blob": STANDARD.encode(some)}}))
    };
    bytes.chunks(700).map(line).collect::<String>().into_bytes()
}

/// etcd's gateway, of which this is the snapshot and these are the alarms.
async fn etcd(snapshot: Reply, errors: &'static [&'static str]) -> (Server, Etcd) {
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/v3/maintenance/status" => Reply::ok(json!({"leader": "1", "errors": errors}).to_string()),
        "/v3/maintenance/snapshot" => snapshot.clone(),
        _ => Reply::status(404),
    })
    .await;
    let etcd = Etcd::new(Client::plain(), &server.url(""));
    (server, etcd)
}

fn at(minute: u32) -> jiff::Timestamp {
    format!("2026-11-27T00:{minute:02}:00Z").parse().unwrap()
}

fn found(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn to_a_directory_they_come_whole_and_the_newest_are_kept() {
    let (_server, etcd) = etcd(Reply::ok(framed(&whole())), &[]).await;
    let dir = tempfile::tempdir().unwrap();
    let to = Source::Directory { path: dir.path().join("kept") };
    for minute in 1..=4 {
        let name = name("demo", at(minute));
        let place = take(&etcd, &name, &to, 2, dir.path(), None).await.unwrap();
        assert_eq!(std::fs::read(place).unwrap(), whole());
    }
    let change = name_before_change("demo", at(1));
    take(&etcd, &change, &to, 2, dir.path(), None).await.unwrap();
    let expected = [change, name("demo", at(3)), name("demo", at(4))];
    assert_eq!(found(&dir.path().join("kept")), expected);
}

#[tokio::test]
async fn what_is_not_whole_is_refused_and_leaves_nothing_and_deletes_nothing() {
    let mut damaged = whole();
    damaged[100] ^= 1;
    let error = json!({"error": {"message": "etcdserver: not capable"}}).to_string();
    let cases = [
        (Reply::ok(framed(&damaged)), "damaged"),
        (Reply::ok(framed(&whole()[..2000])), "no checksum at their end"),
        (Reply { cut: true, ..Reply::ok(framed(&whole()[..2000])) }, "broke off"),
        (Reply::ok(error), "not capable"),
        (Reply::status(503), "503"),
    ];
    for (reply, words) in cases {
        let (_server, etcd) = etcd(reply, &[]).await;
        let dir = tempfile::tempdir().unwrap();
        let good = dir.path().join(name("demo", at(1)));
        std::fs::write(&good, whole()).unwrap();
        let to = Source::Directory { path: dir.path().to_owned() };
        let said = take(&etcd, &name("demo", at(2)), &to, 1, dir.path(), None).await.unwrap_err();
        assert!(said.to_string().contains(words), "{said}");
        assert_eq!(found(dir.path()), [name("demo", at(1))]);
    }
}

#[tokio::test]
async fn none_is_taken_while_an_alarm_stands() {
    let alarm = &["etcdserver: no leader", "memberID:31 alarm:CORRUPT "];
    let (server, etcd) = etcd(Reply::ok(framed(&whole())), alarm).await;
    let dir = tempfile::tempdir().unwrap();
    let to = Source::Directory { path: dir.path().to_owned() };
    let said = take(&etcd, &name("demo", at(2)), &to, 1, dir.path(), None).await.unwrap_err();
    assert!(said.to_string().contains("member 1f raised the alarm CORRUPT"), "{said}");
    assert_eq!(found(dir.path()), [""; 0]);
    assert!(!server.asked().iter().any(|asked| asked.path.ends_with("/snapshot")));
}

#[tokio::test]
async fn to_s3_and_back_they_are_the_same_and_the_newest_are_kept() {
    let (_airplane, aws) = airplane().await;
    let client = crate::aws::s3(&aws);
    make_bucket(&client).await;
    let (_server, etcd) = etcd(Reply::ok(framed(&whole())), &[]).await;
    let dir = tempfile::tempdir().unwrap();
    let to = Source::S3 { bucket: "kept".into(), prefix: "etcd".into() };
    let deeper = format!("etcd/deeper/{}", name("demo", at(0)));
    let other = format!("etcd/{}", name("other", at(0)));
    for key in [&deeper, &other] {
        client.put_object().bucket("kept").key(key).send().await.unwrap();
    }
    for minute in 1..=4 {
        let name = name("demo", at(minute));
        let place = take(&etcd, &name, &to, 2, dir.path(), Some(&aws)).await.unwrap();
        assert_eq!(place, format!("s3://kept/etcd/{name}"));
    }
    assert_eq!(found(dir.path()), [""; 0], "nothing stays on the machine");
    let listed = client.list_objects_v2().bucket("kept").send().await.unwrap();
    let keys: Vec<&str> = listed.contents().iter().filter_map(|object| object.key()).collect();
    let kept = [3, 4].map(|minute| format!("etcd/{}", name("demo", at(minute))));
    assert_eq!(keys, [&deeper, &kept[0], &kept[1], &other]);

    let file = dir.path().join("back.db");
    let from = format!("s3://kept/{}", kept[1]);
    let back = bucket::bring(&client, &from, file.clone()).await.unwrap();
    assert_eq!(std::fs::read(&back).unwrap(), whole());
    let said = bucket::bring(&client, "s3://kept/nothing", file.clone()).await.unwrap_err();
    assert!(said.to_string().contains("NoSuchKey"), "{said}");
    for nowhere in ["s3://kept", "s3://kept/", "s3:///x"] {
        let said = bucket::bring(&client, nowhere, file.clone()).await.unwrap_err();
        assert!(said.to_string().contains("names no object"), "{said}");
    }
    assert_eq!(found(dir.path()), ["back.db"]);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_told_and_nothing_stays_on_the_machine() {
    let (_airplane, aws) = airplane().await;
    let (_server, etcd) = etcd(Reply::ok(framed(&whole())), &[]).await;
    let dir = tempfile::tempdir().unwrap();
    let to = Source::S3 { bucket: "nowhere".into(), prefix: String::new() };
    let said = take(&etcd, &name("demo", at(1)), &to, 2, dir.path(), Some(&aws)).await.unwrap_err();
    assert!(said.to_string().contains("NoSuchBucket"), "{said}");
    assert_eq!(found(dir.path()), [""; 0]);
}

#[test]
fn the_first_one_is_due_at_once() {
    let every = Duration::from_secs(60);
    assert!(is_due(None, every) && is_due(Some(every), every));
    assert!(!is_due(Some(Duration::from_secs(59)), every));
}

#[tokio::test]
async fn a_worker_says_that_it_has_no_etcd() {
    let dir = tempfile::tempdir().unwrap();
    let layout = crate::layout::Layout::new(dir.path());
    let report = crate::status::Report { role: "worker".into(), ..Default::default() };
    std::fs::write(layout.status(), serde_json::to_vec(&report).unwrap()).unwrap();
    let said = snapshot(dir.path(), &dir.path().join("s.db")).await.unwrap_err().to_string();
    assert!(said.contains("No node runs in"), "{said}");
    let _lock = layout.take_lock().unwrap();
    let said = snapshot(dir.path(), &dir.path().join("s.db")).await.unwrap_err().to_string();
    assert!(said.contains("A worker has no etcd"), "{said}");
}
