//! The AWS SDK for a node: its machine's role, its region, and `AWS_ENDPOINT_URL` where that is set.

use aws_config::imds;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_sdk_ssm::error::ProvideErrorMetadata;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider as Tls;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::problem::{Problem, chain};

fn http() -> SharedHttpClient {
    Builder::new().tls_provider(Tls::Rustls(CryptoMode::Ring)).build_https()
}

fn loader() -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest()).http_client(http())
}

/// The client of the instance's metadata, which takes no client of HTTP from the configuration.
pub(crate) fn metadata() -> imds::Client {
    let provider = ProviderConfig::without_region().with_http_client(http());
    imds::Client::builder().configure(&provider).build()
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
pub(crate) fn refused<E>(what: &str, error: &E) -> Problem
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    // The SDK's own text leaves out what the service said.
    let said = match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => chain(error),
    };
    Problem::new(what, format!("AWS says: {}.", said.trim_end_matches('.')))
}

/// An answer of AWS that ended in the middle.
pub(crate) fn broken(what: &str, error: &(dyn std::error::Error + 'static)) -> Problem {
    Problem::new(what, format!("The answer of AWS breaks off: {}.", chain(error)))
}

#[cfg(test)]
pub(crate) mod tests;
