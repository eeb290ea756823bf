//! The tree in S3.

use std::collections::BTreeMap;

use aws_config::SdkConfig;

use crate::aws::{broken, refused, s3};
use crate::problem::Problem;

pub(super) async fn fetch(
    aws: &SdkConfig,
    bucket: &str,
    prefix: &str,
    paths: &[String],
) -> Result<BTreeMap<String, String>, Problem> {
    let client = s3(aws);
    let mut texts = BTreeMap::new();
    for path in paths {
        let key = if prefix.is_empty() { path.clone() } else { format!("{prefix}/{path}") };
        let what = format!("s3://{bucket}/{key} cannot be read");
        let object = match client.get_object().bucket(bucket).key(&key).send().await {
            Ok(object) => object,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => {
                continue;
            }
            Err(error) => return Err(refused(&what, &error)),
        };
        let bytes = object.body.collect().await.map_err(|error| broken(&what, &error))?;
        let text =
            String::from_utf8(bytes.to_vec()).map_err(|_| Problem::new(&what, "It is no text."))?;
        texts.insert(path.clone(), text);
    }
    Ok(texts)
}
