//! The AWS SDK for a node: its machine's role, its region, and `AWS_ENDPOINT_URL` where that is set.

use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider as Tls;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use crate::problem::{Problem, chain};

fn loader() -> ConfigLoader {
    let http = Builder::new().tls_provider(Tls::Rustls(CryptoMode::Ring)).build_https();
    aws_config::defaults(BehaviorVersion::latest()).http_client(http)
}

/// The configuration of every client.
pub(crate) async fn config() -> SdkConfig {
    loader().load().await
}

/// S3's client. What stands in for AWS has no names for buckets in its DNS.
pub(crate) fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    let of_its_own = config.endpoint_url().is_some();
    let settings = aws_sdk_s3::config::Builder::from(config).force_path_style(of_its_own).build();
    aws_sdk_s3::Client::from_conf(settings)
}

/// What AWS refused.
pub(crate) fn refused(what: &str, error: &(dyn std::error::Error + 'static)) -> Problem {
    Problem::new(what, format!("AWS says: {}.", chain(error)))
}

#[cfg(test)]
mod tests;
