//! [`Access`]: how one reaches the API, by what stands in a kubeconfig.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use h2::client::SendRequest;
use http::{Method, StatusCode};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::Value as Json;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::wire::{Sent, send};

/// How one reaches the API: what a kubeconfig says.
pub(crate) struct Access {
    address: SocketAddr,
    tls: TlsConnector,
}

impl Access {
    /// By a kubeconfig, as `kubectl config view --raw -o json` shows it.
    pub(crate) fn new(kubeconfig: &Json) -> Access {
        Access::mixed(kubeconfig, kubeconfig)
    }

    /// The server and whom to trust by one, who one is by the other.
    pub(crate) fn mixed(server: &Json, user: &Json) -> Access {
        let cluster = &server["clusters"][0]["cluster"];
        let user = &user["users"][0]["user"];
        let data = |json: &Json| STANDARD.decode(json.as_str().expect("data")).expect("base64");
        let mut roots = rustls::RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(&data(&cluster["certificate-authority-data"])) {
            roots.add(root.expect("a certificate")).expect("an authority");
        }
        let chain = CertificateDer::pem_slice_iter(&data(&user["client-certificate-data"]))
            .collect::<Result<Vec<_>, _>>();
        let key = PrivateKeyDer::from_pem_slice(&data(&user["client-key-data"])).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_client_auth_cert(chain.expect("certificates"), key)
            .expect("a pair");
        config.alpn_protocols = vec![b"h2".to_vec()];
        // Who makes a new connection each time does not go on with an old session.
        config.resumption = rustls::client::Resumption::disabled();
        let url = cluster["server"].as_str().expect("a server");
        let address = url.strip_prefix("https://").expect("https").parse().expect("an address");
        Access { address, tls: TlsConnector::from(Arc::new(config)) }
    }

    pub(super) async fn connect(&self) -> Result<SendRequest<Bytes>, String> {
        let no =
            |what: &'static str| move |error: &dyn std::error::Error| format!("{what}: {error}");
        let tcp = TcpStream::connect(self.address).await.map_err(|e| no("no connection")(&e))?;
        let name = ServerName::from(self.address.ip());
        let tls = self.tls.connect(name, tcp).await.map_err(|e| no("no TLS")(&e))?;
        let (sender, connection) =
            h2::client::handshake(tls).await.map_err(|e| no("no HTTP/2")(&e))?;
        // What it ends with is told to whoever asked on it.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    /// One request on a connection of its own.
    pub(crate) fn status(&self, path: &str) -> Result<StatusCode, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let sender = self.connect().await?;
            match send(sender, Method::GET, path, Bytes::new()).await {
                Sent::Answer(status, _) => Ok(status),
                Sent::Refused | Sent::Unsent | Sent::PutOff(_) => Err("it was refused".to_owned()),
                Sent::Broken(why) => Err(why),
            }
        })
    }
}
