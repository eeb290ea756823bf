//! Snapshots of etcd: on a schedule and before the membership changes; checked, then kept, so many of them.

mod restore;

use std::path::Path;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::primitives::ByteStream;

use crate::aws::{broken, refused, s3};
use crate::document::Source;
use crate::etcd::Etcd;
use crate::membership::stamp;
use crate::problem::Problem;

pub use restore::restore;

/// Takes a snapshot of the member of the node that runs in a directory, to a file; gives its size.
///
/// # Errors
/// When no node runs there, or its etcd gives none.
pub async fn snapshot(directory: &Path, to: &Path) -> Result<u64, Problem> {
    const WHAT: &str = "There is no snapshot";
    let layout = crate::layout::Layout::new(directory);
    let read = |path: std::path::PathBuf| {
        std::fs::read(&path).map_err(|error| Problem::file(WHAT, &path, &error))
    };
    let bundle = read(layout.in_tree("etcd-ca/bundle.pem"))?;
    let (certificate, key) =
        (read(layout.certificate("etcd-healthcheck"))?, read(layout.key("etcd-healthcheck"))?);
    let client = crate::https::Client::trusting(&bundle, Some((&certificate, &key)))
        .map_err(|error| Problem::new(WHAT, format!("{error}.")))?;
    let address = crate::status::standing(directory)?.address()?;
    let etcd = Etcd::new(client, &crate::facts::https(address, crate::facts::ETCD_CLIENT));
    etcd.snapshot(to).await.map_err(|error| Problem::new(WHAT, format!("{error}.")))
}

/// Keeps the newest `keep` snapshots of a directory: their names are in the order of time.
pub(crate) fn prune(directory: &Path, keep: usize) {
    let files =
        std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|end| end == "db")).collect();
    found.sort();
    for old in found.iter().rev().skip(keep) {
        let _ = std::fs::remove_file(old);
    }
}

/// The name of a snapshot taken now.
pub(crate) fn name(cluster: &str, now: jiff::Timestamp) -> String {
    format!("{cluster}-{}.db", stamp(now))
}

/// Takes a snapshot, and brings it to where it is kept; gives its name there.
pub(crate) async fn take(
    etcd: &Etcd,
    name: &str,
    to: &Source,
    keep: usize,
    scratch: &Path,
    aws: Option<&SdkConfig>,
) -> Result<String, Problem> {
    let failed =
        |error: crate::etcd::EtcdError| Problem::new("There is no snapshot", format!("{error}."));
    match to {
        Source::Directory { path } => {
            crate::files::directory(path)?;
            let file = path.join(name);
            etcd.snapshot(&file).await.map_err(failed)?;
            prune(path, keep);
            Ok(file.display().to_string())
        }
        Source::S3 { bucket, prefix } => {
            let aws = aws.ok_or_else(|| {
                Problem::new("There is no snapshot", "There is no AWS configuration.")
            })?;
            crate::files::directory(scratch)?;
            let file = scratch.join(name);
            etcd.snapshot(&file).await.map_err(failed)?;
            let done = upload(aws, bucket, prefix, name, &file, keep).await;
            let _ = std::fs::remove_file(&file);
            done
        }
        Source::Ssm { .. } => {
            Err(Problem::new("There is no snapshot", "SSM is no place for snapshots."))
        }
    }
}

fn key(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") }
}

pub(crate) async fn upload(
    aws: &SdkConfig,
    bucket: &str,
    prefix: &str,
    name: &str,
    file: &Path,
    keep: usize,
) -> Result<String, Problem> {
    const WHAT: &str = "A snapshot cannot be brought to S3";
    let client = s3(aws);
    let body = ByteStream::from_path(file)
        .await
        .map_err(|error| Problem::new(WHAT, format!("{error}.")))?;
    let put = client.put_object().bucket(bucket).key(key(prefix, name)).body(body);
    put.send().await.map_err(|error| refused(WHAT, &error))?;
    let mut listed =
        client.list_objects_v2().bucket(bucket).prefix(key(prefix, "")).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = listed.next().await {
        let page = page.map_err(|error| refused("Old snapshots cannot be listed", &error))?;
        found.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
    }
    found.retain(|key| key.ends_with(".db"));
    found.sort();
    for old in found.iter().rev().skip(keep) {
        let gone = client.delete_object().bucket(bucket).key(old).send().await;
        gone.map_err(|error| refused("An old snapshot cannot be deleted", &error))?;
    }
    Ok(format!("s3://{bucket}/{}", key(prefix, name)))
}

/// Brings a snapshot here, from a file or S3; gives where it is.
pub(crate) async fn bring(from: &str, scratch: &Path) -> Result<std::path::PathBuf, Problem> {
    const WHAT: &str = "The snapshot cannot be had";
    let Some(place) = from.strip_prefix("s3://") else { return Ok(from.into()) };
    let (bucket, key) = place
        .split_once('/')
        .ok_or_else(|| Problem::new(WHAT, format!("{from} names no object.")))?;
    let client = s3(&crate::aws::config().await);
    let object = client
        .get_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await
        .map_err(|error| refused(WHAT, &error))?;
    let bytes = object.body.collect().await.map_err(|error| broken(WHAT, &error))?;
    crate::files::directory(scratch)?;
    let file = scratch.join("restored-from-s3.db");
    crate::files::write(&file, &bytes.into_bytes(), 0o600)?;
    Ok(file)
}

/// Is a snapshot due? `last` is how long ago the last one was taken.
pub(crate) fn is_due(last: Option<Duration>, every: Duration) -> bool {
    last.is_none_or(|ago| ago >= every)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_other_files_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        for minute in 10..20 {
            let now = format!("2026-11-27T00:{minute}:00Z").parse().unwrap();
            std::fs::write(dir.path().join(name("demo", now)), "x").unwrap();
        }
        std::fs::write(dir.path().join("readme"), "x").unwrap();
        prune(dir.path(), 3);
        let mut left: Vec<String> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        let expected =
            ["17", "18", "19"].map(|minute| format!("demo-20261127T00{minute}00000Z.db"));
        assert_eq!(left[..3], expected);
        assert_eq!(left[3], "readme");
    }
}
