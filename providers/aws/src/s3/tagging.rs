//! Tags of buckets and objects. S3 knows only the whole set, so a change reads it first.

use aws_sdk_s3::types::{Tag, Tagging};

use super::there;
use crate::api::{Api, AwsError};
use crate::resource::Result;
use crate::tags::Tags;

/// A set as S3 takes it.
fn set(tags: &Tags) -> Result<Tagging> {
    let tag = |(key, value)| Tag::builder().key(key).value(value).build().ok();
    let tags = tags.iter().filter_map(tag).collect();
    let set = Tagging::builder().set_tag_set(Some(tags)).build();
    set.map_err(|error| AwsError::refused("InvalidTag", error.to_string()))
}

fn pairs(tags: Vec<Tag>) -> Tags {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

/// Tags of a bucket; `None` where there is no bucket.
pub(super) async fn of_bucket(api: &Api, bucket: &str) -> Result<Option<Tags>> {
    let ask = || api.s3().get_bucket_tagging().bucket(bucket).send();
    match api.call("s3", "GetBucketTagging", ask).await {
        Err(error) if error.is(&["NoSuchBucket"]) => Ok(None),
        result => Ok(Some(there(result)?.map(|it| pairs(it.tag_set)).unwrap_or_default())),
    }
}

/// Sets all tags of a bucket.
pub(super) async fn put_bucket(api: &Api, bucket: &str, tags: &Tags) -> Result<()> {
    let set = set(tags)?;
    let call = || api.s3().put_bucket_tagging().bucket(bucket).tagging(set.clone()).send();
    api.call("s3", "PutBucketTagging", call).await.map(|_| ())
}

/// Tags of an object.
pub(super) async fn of_object(api: &Api, bucket: &str, key: &str) -> Result<Tags> {
    let ask = || api.s3().get_object_tagging().bucket(bucket).key(key).send();
    let answer = there(api.call("s3", "GetObjectTagging", ask).await)?;
    Ok(answer.map(|answer| pairs(answer.tag_set)).unwrap_or_default())
}

/// Sets all tags of an object.
pub(super) async fn put_object(api: &Api, bucket: &str, key: &str, tags: &Tags) -> Result<()> {
    let set = set(tags)?;
    let call = || api.s3().put_object_tagging().bucket(bucket).key(key).tagging(set.clone()).send();
    api.call("s3", "PutObjectTagging", call).await.map(|_| ())
}

/// Tags for the header of a put: `a=b&c=d`, percent-encoded.
pub(super) fn header(tags: &Tags) -> String {
    let encoded = |text: &str| {
        let byte = |byte: u8| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        };
        text.bytes().map(byte).collect::<String>()
    };
    let pairs = tags.iter().map(|(key, value)| format!("{}={}", encoded(key), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_percent_encoded() {
        let tags = Tags::from([("a b".into(), "é&=".into()), ("c".into(), String::new())]);
        assert_eq!(header(&tags), "a%20b=%C3%A9%26%3D&c=");
    }
}
