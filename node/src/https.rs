//! A small HTTP/1.1 client over TCP or TLS: etcd's JSON gateway, the API server, health checks, artifacts. One connection
//! per request; every request has a deadline.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Why there was no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error("{0} is no URL that can be asked")]
    Url(String),
    #[error("no connection to {0}: {1}")]
    Connect(String, String),
    #[error("no trusted connection to {0}: {1}")]
    Tls(String, String),
    #[error("{0} broke off: {1}")]
    Broken(String, String),
    #[error("{0} gave no answer within {1:?}")]
    Late(String, Duration),
    #[error("certificates cannot be used: {0}")]
    Certificates(String),
}

/// An answer that was read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).trim().to_owned()
    }
}

/// Asks servers whose certificates it can check.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    tls: Option<Arc<ClientConfig>>,
}

impl Client {
    /// For `http://` only.
    pub(crate) fn plain() -> Client {
        Client { tls: None }
    }

    /// Trusts the authorities of `bundle` and shows `identity` (certificate chain, key), all PEM.
    pub(crate) fn trusting(
        bundle: &[u8],
        identity: Option<(&[u8], &[u8])>,
    ) -> Result<Client, NoAnswer> {
        let bad = |error: &dyn std::fmt::Display| NoAnswer::Certificates(error.to_string());
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(bundle) {
            roots.add(certificate.map_err(|e| bad(&e))?).map_err(|e| bad(&e))?;
        }
        Client::with(roots, identity)
    }

    /// Trusts what this machine trusts.
    pub(crate) fn public() -> Result<Client, NoAnswer> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Client::with(roots, None)
    }

    fn with(roots: RootCertStore, identity: Option<(&[u8], &[u8])>) -> Result<Client, NoAnswer> {
        let bad = |error: &dyn std::fmt::Display| NoAnswer::Certificates(error.to_string());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| bad(&e))?;
        let builder = builder.with_root_certificates(roots);
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain: Result<Vec<_>, _> =
                    CertificateDer::pem_slice_iter(certificate).collect();
                let key = PrivateKeyDer::from_pem_slice(key)
                    .map_err(|_| bad(&"the key cannot be read"))?;
                builder
                    .with_client_auth_cert(chain.map_err(|e| bad(&e))?, key)
                    .map_err(|e| bad(&e))?
            }
        };
        Ok(Client { tls: Some(Arc::new(config)) })
    }

    /// Asks, and reads the whole answer.
    pub(crate) async fn ask(
        &self,
        request: Request<Vec<u8>>,
        patience: Duration,
    ) -> Result<Answer, NoAnswer> {
        let place = place(request.uri());
        let asking = async {
            let (parts, body) = self.open(request).await?.into_parts();
            let body = body
                .collect()
                .await
                .map_err(|error| NoAnswer::Broken(place.clone(), error.to_string()))?;
            Ok(Answer { status: parts.status, body: body.to_bytes() })
        };
        match tokio::time::timeout(patience, asking).await {
            Ok(answer) => answer,
            Err(_) => Err(NoAnswer::Late(place, patience)),
        }
    }

    /// GET.
    pub(crate) async fn get(&self, url: &str, patience: Duration) -> Result<Answer, NoAnswer> {
        let request = Request::builder().method(Method::GET).uri(url).body(Vec::new());
        self.ask(request.map_err(|_| NoAnswer::Url(url.to_owned()))?, patience).await
    }

    /// Asks; the body comes as it comes. The caller looks after the time.
    pub(crate) async fn open(
        &self,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Incoming>, NoAnswer> {
        let uri = request.uri().clone();
        let place = place(&uri);
        let (host, secure) =
            (uri.host().unwrap_or_default().to_owned(), uri.scheme_str() == Some("https"));
        let bare = host.trim_matches(['[', ']']);
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let connect = |error: std::io::Error| NoAnswer::Connect(place.clone(), error.to_string());
        let stream = TcpStream::connect((bare, port)).await.map_err(connect)?;
        let request = without_authority(request);
        if !secure {
            return exchange(stream, request, &place).await;
        }
        let Some(config) = &self.tls else { return Err(NoAnswer::Url(uri.to_string())) };
        let name =
            ServerName::try_from(bare.to_owned()).map_err(|_| NoAnswer::Url(uri.to_string()))?;
        let secured = TlsConnector::from(Arc::clone(config)).connect(name, stream).await;
        let secured = secured.map_err(|error| NoAnswer::Tls(place.clone(), error.to_string()))?;
        exchange(secured, request, &place).await
    }
}

fn place(uri: &Uri) -> String {
    uri.authority().map_or_else(|| uri.to_string(), ToString::to_string)
}

/// The request line has the path only, the host stands in its header.
fn without_authority(request: Request<Vec<u8>>) -> Request<Full<Bytes>> {
    let (mut parts, body) = request.into_parts();
    if let Some(host) = parts.uri.authority().and_then(|host| host.as_str().parse().ok()) {
        parts.headers.entry(http::header::HOST).or_insert(host);
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    if let Ok(uri) = path.parse() {
        parts.uri = uri;
    }
    Request::from_parts(parts, Full::new(Bytes::from(body)))
}

async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    place: &str,
) -> Result<Response<Incoming>, NoAnswer>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let broken =
        |error: hyper::Error| NoAnswer::Broken(place.to_owned(), crate::problem::chain(&error));
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // It ends with the answer's body, or when the answer is dropped.
    tokio::spawn(connection);
    sender.send_request(request).await.map_err(broken)
}
