//! One health check of a load balancer: a connection, and where the group asks for it a request on it, in the clear or by
//! TLS. As with AWS no certificate is looked at: whoever answers, answers for the target.
use crate::service::elbv2::health::{Check, Question};
use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Does the target pass?
pub(crate) async fn passes(check: &Check) -> bool {
    let Ok(stream) = TcpStream::connect(check.address).await else { return false };
    let Some(question) = &check.question else { return true };
    let host = check.address.to_string();
    let status = match question.secure {
        false => ask(stream, &host, question).await,
        true => {
            let Some(connector) = connector() else { return false };
            let name = ServerName::IpAddress(check.address.ip().into());
            match connector.connect(name, stream).await {
                Ok(stream) => ask(stream, &host, question).await,
                Err(_) => None,
            }
        }
    };
    status.is_some_and(|status| question.passes(status))
}

async fn ask<S>(stream: S, host: &str, question: &Question) -> Option<u16>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    let driving = tokio::spawn(connection);
    let request = Request::get(&question.path)
        .header("host", host)
        .header("user-agent", "ELB-HealthChecker/2.0")
        .header("connection", "close")
        .body(Empty::<Bytes>::new())
        .ok()?;
    let status = sender.send_request(request).await.ok().map(|answer| answer.status().as_u16());
    driving.abort();
    status
}

fn connector() -> Option<TlsConnector> {
    static CONFIG: OnceLock<Option<Arc<ClientConfig>>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let schemes = provider.signature_verification_algorithms.supported_schemes();
        let config = ClientConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions().ok()?;
        let anybody = Arc::new(Anybody { schemes });
        let config = config.dangerous().with_custom_certificate_verifier(anybody);
        Some(Arc::new(config.with_no_client_auth()))
    });
    config.clone().map(TlsConnector::from)
}

/// Takes every certificate.
#[derive(Debug)]
struct Anybody {
    schemes: Vec<SignatureScheme>,
}

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
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}
