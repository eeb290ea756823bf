//! Claims in S3: PutObject with `If-None-Match: *` writes only what is not there. They go with their bucket.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;

use super::Claims;
use crate::aws::{broken, refused, s3};
use crate::problem::Problem;

/// Claims below a prefix in a bucket.
#[derive(Clone, Debug)]
pub(crate) struct InBucket {
    client: aws_sdk_s3::Client,
    bucket: String,
    prefix: String,
}

impl InBucket {
    pub(crate) fn new(aws: &SdkConfig, bucket: &str, prefix: &str) -> InBucket {
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        InBucket { client: s3(aws), bucket: bucket.to_owned(), prefix }
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// What one says; `None` where it is not there.
    async fn one(&self, name: &str) -> Result<Option<String>, Problem> {
        let what = format!("The claim {name} cannot be read from S3");
        let asked = self.client.get_object().bucket(&self.bucket).key(self.key(name)).send().await;
        let object = match asked {
            Ok(object) => object,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(refused(&what, &error)),
        };
        let bytes = object.body.collect().await.map_err(|error| broken(&what, &error))?;
        Ok(Some(String::from_utf8_lossy(&bytes.into_bytes()).into_owned()))
    }
}

#[async_trait]
impl Claims for InBucket {
    async fn all(&self) -> Result<BTreeMap<String, String>, Problem> {
        let asked = self.client.list_objects_v2().bucket(&self.bucket).prefix(&self.prefix);
        let mut pages = asked.into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| refused("Claims cannot be listed in S3", &error))?;
            let keys = page.contents().iter().filter_map(|object| object.key());
            names.extend(keys.filter_map(|key| key.strip_prefix(&self.prefix)).map(str::to_owned));
        }
        let mut all = BTreeMap::new();
        for name in names {
            // One that was deleted in between is not there.
            if let Some(value) = self.one(&name).await? {
                all.insert(name, value);
            }
        }
        Ok(all)
    }

    async fn write_once(&self, name: &str, value: &str) -> Result<bool, Problem> {
        let put = self.client.put_object().bucket(&self.bucket).key(self.key(name));
        let body = ByteStream::from(value.as_bytes().to_vec());
        match put.body(body).if_none_match("*").send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("PreconditionFailed") => Ok(false),
            Err(error) => {
                Err(refused(&format!("The claim {name} cannot be written to S3"), &error))
            }
        }
    }

    async fn overwrite(&self, name: &str, value: &str) -> Result<(), Problem> {
        let put = self.client.put_object().bucket(&self.bucket).key(self.key(name));
        let done = put.body(ByteStream::from(value.as_bytes().to_vec())).send().await;
        done.map(drop)
            .map_err(|error| refused(&format!("The claim {name} cannot be written to S3"), &error))
    }

    /// Between the two another one may have written; nobody relies on `founder` alone, and other claims are deleted by their
    /// own machine only.
    async fn delete(&self, name: &str, value: &str) -> Result<(), Problem> {
        if self.one(name).await?.as_deref() != Some(value) {
            return Ok(());
        }
        let gone =
            self.client.delete_object().bucket(&self.bucket).key(self.key(name)).send().await;
        gone.map(drop).map_err(|error| {
            refused(&format!("The claim {name} cannot be deleted from S3"), &error)
        })
    }
}
