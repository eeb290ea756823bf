//! One request, of whose answer the status is wanted: over hyper, and rustls with ring, as everything here speaks HTTP.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::HOST;
use ::http::{Request, StatusCode, Uri};
use bytes::Bytes;
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A server that does not answer at all is asked again later.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whom to trust: the authorities of a PEM, or whom this machine trusts.
///
/// # Errors
/// Where the PEM has no certificate that can be used: why, without quoting it.
pub(super) fn roots(pem: Option<&str>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let Some(pem) = pem else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(roots);
    };
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|_| "It is not PEM.".to_owned())?;
        roots
            .add(certificate)
            .map_err(|_| "It has a certificate that cannot be read.".to_owned())?;
    }
    if roots.is_empty() {
        return Err("It has no certificate: expected the text of a PEM, not its path.".to_owned());
    }
    Ok(roots)
}

/// Asks; `roots` for `https://`.
///
/// # Errors
/// Where there was no answer: why, for people.
pub(super) async fn status(
    request: Request<()>,
    roots: Option<RootCertStore>,
) -> Result<StatusCode, String> {
    match tokio::time::timeout(PATIENCE, asked(request, roots)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

async fn asked(request: Request<()>, roots: Option<RootCertStore>) -> Result<StatusCode, String> {
    let uri = request.uri().clone();
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(if roots.is_some() { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await;
    let stream = stream.map_err(|error| format!("no connection ({error})"))?;
    let Some(roots) = roots else { return exchange(stream, request, &uri).await };
    let untrusted = |error: &dyn Error| format!("no trusted connection ({})", chain(error));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| untrusted(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| untrusted(&error))?;
    let secured = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    exchange(secured.map_err(|error| untrusted(&error))?, request, &uri).await
}

async fn exchange<S>(stream: S, request: Request<()>, uri: &Uri) -> Result<StatusCode, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| format!("the connection broke ({})", chain(&error));
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(broken)?;
    // It ends with the sender.
    tokio::spawn(connection);
    let answer = sender.send_request(with_host(request, uri)).await;
    Ok(answer.map_err(broken)?.status())
}

/// The request line has the path only, the host stands in its header.
fn with_host(request: Request<()>, uri: &Uri) -> Request<Empty<Bytes>> {
    let (mut parts, ()) = request.into_parts();
    let authority = uri.authority().map_or("", |it| it.as_str());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Ok(host) = host.parse() {
        parts.headers.entry(HOST).or_insert(host);
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = path.parse().unwrap_or_default();
    Request::from_parts(parts, Empty::new())
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = inner.source();
    }
    text
}
