//! The certificates that a TLS server shows: one handshake, and nothing is sent after it.

use std::sync::Arc;
use std::time::Duration;

use kprov_core::{Host, Path};
use kprov_pki::{Certificate, PkiError};
use kprov_provider::ProviderError;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_rustls::TlsConnector;

use crate::proxy::Proxies;

/// A server that does not answer at all is given up after so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where to ask.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) host: String,
    pub(crate) port: u16,
    https: bool,
}

impl Endpoint {
    /// `https://HOST[:PORT][/..]` or `tls://HOST:PORT`
    pub(crate) fn parse(url: &str) -> Result<Endpoint, PkiError> {
        let wrong = |why: &str| PkiError::Invalid(format!("{url:?} {why}"));
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("has no scheme"))?;
        let default = match scheme {
            "https" => Some(443),
            "tls" => None,
            _ => return Err(wrong("is neither https:// nor tls://")),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match authority.strip_prefix('[').and_then(|it| it.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let port = match port {
            Some(port) => port.parse().ok(),
            None => default,
        };
        match port {
            Some(port) if !host.is_empty() => {
                Ok(Endpoint { host: host.to_owned(), port, https: scheme == "https" })
            }
            _ => Err(wrong("has no host or no port")),
        }
    }

    /// Else it is `tls://`, which no proxy stands in front of.
    pub(crate) fn is_https(&self) -> bool {
        self.https
    }
}

/// The chain, the server's own certificate first.
pub(crate) async fn chain(
    endpoint: &Endpoint,
    verify: bool,
    proxies: &Proxies,
    host: &dyn Host,
) -> Result<Vec<Certificate>, ProviderError> {
    let failed = |why: String| {
        let place = format!("{}:{}", endpoint.host, endpoint.port);
        ProviderError::rejected("Failed to read certificates", format!("{place}: {why}"))
            .at(Path::attribute("url"))
    };
    let now = host.now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let config = client(verify, UnixTime::since_unix_epoch(now)).map_err(failed)?;
    let name =
        ServerName::try_from(endpoint.host.clone()).map_err(|why| failed(why.to_string()))?;
    let shake = async {
        let stream = proxies.connect(endpoint, host).await?;
        let shaken = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        shaken.map_err(|why| why.to_string())
    };
    let stream = match tokio::time::timeout(PATIENCE, shake).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(why)) => return Err(failed(why)),
        Err(_) => return Err(failed(format!("no answer within {} s", PATIENCE.as_secs()))),
    };
    let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let all: Result<Vec<_>, _> = shown.iter().map(|der| Certificate::from_der(der)).collect();
    all.map_err(|why| failed(why.to_string()))
}

/// A client at a fixed time, which trusts what the machine trusts, or anybody.
fn client(verify: bool, now: UnixTime) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_details(provider.clone(), Arc::new(At(now)));
    let builder = builder.with_safe_default_protocol_versions().map_err(|why| why.to_string())?;
    let verifier: Arc<dyn ServerCertVerifier> = if verify {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(
                "this machine trusts no authority at all (no CA certificates are installed); \
                        install them, or set verify_chain = false"
                    .to_owned(),
            );
        }
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.build().map_err(|why| why.to_string())?
    } else {
        Arc::new(Anybody(provider))
    };
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    Ok(builder.with_no_client_auth())
}

/// A clock that stands.
#[derive(Debug)]
struct At(UnixTime);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.0)
    }
}

/// Takes any certificate, of which the server must have the key: `verify_chain = false`. Nothing is ever sent to it.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
