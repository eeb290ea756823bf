//! Emptying a bucket, old versions and delete markers included.

use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use crate::api::{Api, AwsError};
use crate::resource::Result;

/// Versions and markers of keys that begin with `prefix` and of which `wanted` says so, a page at a
/// time: what is gone is not listed again.
pub(super) async fn delete_versions(
    api: &Api,
    bucket: &str,
    prefix: &str,
    wanted: impl Fn(&str) -> bool + Send + Sync,
) -> Result<()> {
    let mut from: (Option<String>, Option<String>) = (None, None);
    loop {
        let ask = || {
            api.s3()
                .list_object_versions()
                .bucket(bucket)
                .set_prefix(Some(prefix.to_owned()).filter(|prefix| !prefix.is_empty()))
                .set_key_marker(from.0.clone())
                .set_version_id_marker(from.1.clone())
                .send()
        };
        let page = api.call("s3", "ListObjectVersions", ask).await?;
        let versions = page.versions().iter().map(|it| (it.key(), it.version_id()));
        let markers = page.delete_markers().iter().map(|it| (it.key(), it.version_id()));
        let doomed: Vec<ObjectIdentifier> = versions
            .chain(markers)
            .filter_map(|(key, version)| {
                let key = key.filter(|key| wanted(key))?;
                let identifier = ObjectIdentifier::builder().key(key);
                identifier.set_version_id(version.map(str::to_owned)).build().ok()
            })
            .collect();
        delete(api, bucket, doomed).await?;
        if page.is_truncated() != Some(true) {
            return Ok(());
        }
        from = (page.next_key_marker, page.next_version_id_marker);
    }
}

async fn delete(api: &Api, bucket: &str, doomed: Vec<ObjectIdentifier>) -> Result<()> {
    for group in doomed.chunks(1000) {
        let batch = Delete::builder().set_objects(Some(group.to_vec())).quiet(true).build();
        let batch = batch.map_err(|error| AwsError::refused("InvalidDelete", error.to_string()))?;
        let call = || api.s3().delete_objects().bucket(bucket).delete(batch.clone()).send();
        let answer = api.call("s3", "DeleteObjects", call).await?;
        if let Some(failed) = answer.errors().first() {
            let message = format!(
                "{:?} cannot be deleted: {}",
                failed.key().unwrap_or_default(),
                failed.message().unwrap_or_default()
            );
            return Err(AwsError::refused(failed.code().unwrap_or("Failed"), message));
        }
    }
    Ok(())
}
