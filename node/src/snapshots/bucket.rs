//! Snapshots in S3: brought there with a checksum that S3 compares, and back as a stream.

use std::io::Write;
use std::path::{Path, PathBuf};

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;

use super::kept;
use crate::aws::{broken, refused};
use crate::problem::Problem;

/// Where the snapshots of a cluster are.
pub(crate) struct Place<'a> {
    pub(crate) client: Client,
    pub(crate) bucket: &'a str,
    pub(crate) prefix: &'a str,
}

impl Place<'_> {
    fn key(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}/{name}", self.prefix) }
    }

    /// Brings a file there; gives its place.
    pub(crate) async fn upload(&self, name: &str, file: &Path) -> Result<String, Problem> {
        const WHAT: &str = "A snapshot cannot be brought to S3";
        let body = ByteStream::from_path(file)
            .await
            .map_err(|error| Problem::new(WHAT, format!("{error}.")))?;
        let put = self.client.put_object().bucket(self.bucket).key(self.key(name)).body(body);
        put.send().await.map_err(|error| refused(WHAT, &error))?;
        Ok(format!("s3://{}/{}", self.bucket, self.key(name)))
    }

    /// Deletes what is old.
    pub(crate) async fn prune(&self, name: &str, keep: usize) -> Result<(), Problem> {
        let beginning = self.key("");
        let list = self.client.list_objects_v2().bucket(self.bucket).prefix(&beginning);
        let mut pages = list.into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| refused("Old snapshots cannot be listed", &error))?;
            let keys = page.contents().iter().filter_map(|object| object.key());
            names.extend(keys.filter_map(|key| key.strip_prefix(&beginning)).map(str::to_owned));
        }
        for old in kept::old(names, name, keep) {
            let gone = self.client.delete_object().bucket(self.bucket).key(self.key(&old));
            let gone = gone.send().await;
            gone.map_err(|error| refused("An old snapshot cannot be deleted", &error))?;
        }
        Ok(())
    }
}

/// Brings the object of `s3://BUCKET/KEY` to a file, which is there only when all of it came.
pub(super) async fn bring(client: &Client, from: &str, file: PathBuf) -> Result<PathBuf, Problem> {
    const WHAT: &str = "The snapshot cannot be had";
    let place = from.strip_prefix("s3://").and_then(|place| place.split_once('/'));
    let Some((bucket, key)) = place.filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
    else {
        return Err(Problem::new(WHAT, format!("{from} names no object: s3://BUCKET/KEY.")));
    };
    let asked = client.get_object().bucket(bucket).key(key).send().await;
    let mut body = asked.map_err(|error| refused(WHAT, &error))?.body;
    let part = file.with_extension("part");
    let disk = |error: std::io::Error| Problem::file(WHAT, &part, &error);
    let written = async {
        let mut open = std::fs::File::create(&part).map_err(disk)?;
        while let Some(bytes) = body.try_next().await.map_err(|error| broken(WHAT, &error))? {
            open.write_all(&bytes).map_err(disk)?;
        }
        open.sync_all().and_then(|()| std::fs::rename(&part, &file)).map_err(disk)
    };
    let done = written.await;
    if done.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    done.map(|()| file)
}
