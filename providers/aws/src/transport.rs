//! [`Transport`]: how requests get to AWS, and by which clock we wait.

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider as Tls, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{SharedHttpClient, http_client_fn};
use kprov_core::Path;
use kprov_provider::ProviderError;

use crate::credentials::SUMMARY;
use crate::fields::Fields;

/// How requests get to AWS, and by which clock we wait. A test (or an AWS in this process) brings
/// its own.
#[derive(Clone, Debug)]
pub struct Transport {
    /// Instead of HTTP over TLS.
    pub http: Option<SharedHttpClient>,
    /// All waiting.
    pub sleep: SharedAsyncSleep,
    /// All looks at the clock, signatures included.
    pub time: SharedTimeSource,
}

impl Default for Transport {
    fn default() -> Transport {
        Transport {
            http: None,
            sleep: SharedAsyncSleep::new(TokioSleep::new()),
            time: SharedTimeSource::new(SystemTimeSource::new()),
        }
    }
}

fn invalid(attribute: &str, message: String) -> ProviderError {
    ProviderError::rejected(SUMMARY, message).at(Path::attribute(attribute))
}

impl Transport {
    /// The HTTP client that the provider block asks for.
    pub(crate) fn http(&self, config: Fields<'_>) -> Result<SharedHttpClient, ProviderError> {
        if let Some(http) = &self.http {
            return Ok(http.clone());
        }
        let tls = match config.str("custom_ca_bundle") {
            None => None,
            Some(path) => {
                let pem = std::fs::read(path).map_err(|error| {
                    invalid("custom_ca_bundle", format!("Cannot read {path}: {error}."))
                })?;
                let trust = TrustStore::default().with_pem_certificate(pem);
                let context = TlsContext::builder().with_trust_store(trust).build();
                Some(context.map_err(|error| {
                    invalid("custom_ca_bundle", format!("{path} has no certificates: {error}."))
                })?)
            }
        };
        let Some(proxy) = proxy(config)? else {
            let builder = Builder::new().tls_provider(Tls::Rustls(CryptoMode::Ring));
            return Ok(match tls {
                Some(context) => builder.tls_context(context).build_https(),
                None => builder.build_https(),
            });
        };
        Ok(http_client_fn(move |settings, components| {
            let builder = Connector::builder()
                .proxy_config(proxy.clone())
                .connector_settings(settings.clone());
            let mut builder = builder;
            builder.set_sleep_impl(components.sleep_impl());
            let builder = builder.tls_provider(Tls::Rustls(CryptoMode::Ring));
            let connector = match &tls {
                Some(context) => builder.tls_context(context.clone()).build(),
                None => builder.build(),
            };
            aws_smithy_runtime_api::client::http::SharedHttpConnector::new(connector)
        }))
    }
}

/// http_proxy, https_proxy, no_proxy; where none is set, the environment's.
fn proxy(config: Fields<'_>) -> Result<Option<ProxyConfig>, ProviderError> {
    let make = |name: &str, make: fn(String) -> Result<ProxyConfig, String>| {
        let made = config.string(name).map(make).transpose();
        made.map_err(|error| invalid(name, format!("Not the URL of a proxy: {error}.")))
    };
    let https = make("https_proxy", |url| ProxyConfig::https(url).map_err(|e| e.to_string()))?;
    let http = make("http_proxy", |url| ProxyConfig::all(url).map_err(|e| e.to_string()))?;
    let proxy = https.or(http);
    Ok(proxy.map(|proxy| match config.str("no_proxy") {
        Some(rules) => proxy.no_proxy(rules),
        None => proxy,
    }))
}
