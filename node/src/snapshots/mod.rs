//! Snapshots of etcd: on a schedule and before the membership changes; checked, then kept, so many of each kind.
//!
//! What must hold: a name appears in its place only with a whole snapshot; nothing but older snapshots of the same cluster and
//! kind is ever deleted; while an alarm stands none is taken, since good ones would make room for it.

mod bucket;
mod kept;
mod known;
mod restore;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

use aws_config::SdkConfig;

use crate::document::{Role, Source};
use crate::etcd::{Etcd, EtcdError};
use crate::problem::Problem;

pub(crate) use kept::{name, name_before_change, name_complete};
pub(crate) use known::Known;
pub use restore::restore;

const WHAT: &str = "There is no snapshot";

/// Takes a snapshot of the member of the node that runs in a directory, to a file; gives its size.
///
/// # Errors
/// When no node runs there, its etcd gives none, or an alarm stands.
pub async fn snapshot(directory: &Path, to: &Path) -> Result<u64, Problem> {
    let layout = crate::layout::Layout::new(directory);
    let standing = crate::status::standing(directory)?;
    if !layout.is_locked() {
        let detail = format!(
            "No node runs in {}. Start it first; or restore from a snapshot that was taken on schedule.",
            directory.display()
        );
        return Err(Problem::new(WHAT, detail));
    }
    if standing.role() != Role::Master.word() {
        return Err(Problem::new(WHAT, "A worker has no etcd: take it on a master."));
    }
    let read = |path: std::path::PathBuf| {
        std::fs::read(&path).map_err(|error| Problem::file(WHAT, &path, &error))
    };
    let bundle = read(layout.in_tree("etcd-ca/bundle.pem"))?;
    let (certificate, key) =
        (read(layout.certificate("etcd-healthcheck"))?, read(layout.key("etcd-healthcheck"))?);
    let client = crate::https::Client::trusting(&bundle, Some((&certificate, &key)))
        .map_err(|error| Problem::new(WHAT, format!("{error}.")))?;
    let url = crate::facts::https(standing.address()?, crate::facts::ETCD_CLIENT);
    save(&Etcd::new(client, &url), to).await
}

/// To a file, unless an alarm stands.
async fn save(etcd: &Etcd, to: &Path) -> Result<u64, Problem> {
    let failed = |error: EtcdError| Problem::new(WHAT, format!("{error}."));
    if let Some(alarm) = etcd.status().await.map_err(failed)?.alarms.first() {
        return Err(Problem::new(WHAT, format!("{alarm}.")));
    }
    etcd.snapshot(to).await.map_err(failed)
}

/// Takes a snapshot, brings it to where it is kept, and deletes the oldest of its kind there but `keep`; gives where it is.
pub(crate) async fn take(
    etcd: &Etcd,
    name: &str,
    to: &Source,
    keep: usize,
    scratch: &Path,
    aws: Option<&SdkConfig>,
) -> Result<String, Problem> {
    match to {
        Source::Directory { path } => {
            crate::files::directory(path)?;
            let file = path.join(name);
            save(etcd, &file).await?;
            kept::prune(path, name, keep)?;
            Ok(file.display().to_string())
        }
        Source::S3 { bucket, prefix } => {
            let aws = aws.ok_or_else(|| Problem::new(WHAT, "There is no AWS configuration."))?;
            crate::files::directory(scratch)?;
            let file = scratch.join(name);
            save(etcd, &file).await?;
            let place = bucket::Place { client: crate::aws::s3(aws), bucket, prefix };
            let done = place.upload(name, &file).await;
            let _ = std::fs::remove_file(&file);
            let done = done?;
            place.prune(name, keep).await?;
            Ok(done)
        }
        Source::Ssm { .. } => Err(Problem::new(WHAT, "SSM is no place for snapshots.")),
    }
}

/// Is a snapshot due? `last` is how long ago the last one was taken.
pub(crate) fn is_due(last: Option<Duration>, every: Duration) -> bool {
    last.is_none_or(|ago| ago >= every)
}
