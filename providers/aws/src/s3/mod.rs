//! Resource types of S3, one per file, and what those that belong to a bucket have in common.

pub(crate) mod bucket;
pub(crate) mod emptying;
pub(crate) mod encryption;
pub(crate) mod object;
pub(crate) mod ownership_controls;
pub(crate) mod policy;
pub(crate) mod public_access_block;
pub(crate) mod tagging;
pub(crate) mod versioning;

use crate::api::AwsError;
use crate::fields::Fields;
use crate::resource::Result;

/// The bucket of an object that belongs to one.
pub(crate) fn bucket(object: Fields<'_>) -> &str {
    object.str("bucket").unwrap_or(object.id())
}

/// `None` where the bucket, or what was asked of it, is not there.
pub(crate) fn there<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_absent(error: &AwsError) -> bool {
    error.is_not_found()
        || error.is(&[
            "NoSuchBucketPolicy",
            "NoSuchPublicAccessBlockConfiguration",
            "NoSuchTagSet",
            "OwnershipControlsNotFoundError",
            "ServerSideEncryptionConfigurationNotFoundError",
        ])
}

/// Says which attribute is at fault where the bucket is not there.
pub(crate) fn at_bucket(error: AwsError) -> AwsError {
    if error.is(&["NoSuchBucket"]) { error.at("bucket") } else { error }
}
