//! A certificate of a kubelet, asked for at the API: the request, its approval, what was issued.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kprov_pki::{CertificateRequest, DistinguishedName, PkiError, PrivateKey};
use serde_json::{Value as Json, json};

use super::{Api, ApiError};

const PATH: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";

/// How a request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Issued(String),
    Refused(String),
    Open,
}

/// The request for a node's certificate.
fn object(node: &str, key: &PrivateKey) -> Result<(String, Json), PkiError> {
    let mut subject = DistinguishedName::common(format!("system:node:{node}"));
    subject.organizations = vec!["system:nodes".to_owned()];
    let request = CertificateRequest::new(&subject, &[], key)?;
    // The key decides the name, so that asking again is the same request.
    let name = format!("kprov-{node}-{}", &key.public_key().sha256()[..16]);
    let object = json!({
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": name},
        "spec": {
            "signerName": "kubernetes.io/kube-apiserver-client-kubelet",
            "request": STANDARD.encode(request.to_pem()),
            "usages": ["digital signature", "client auth"],
        },
    });
    Ok((name, object))
}

/// Asks, and waits until it is issued or refused. The caller looks after the time.
pub(crate) async fn certificate(
    api: &Api,
    node: &str,
    key: &PrivateKey,
) -> Result<Asked, ApiError> {
    let (name, object) = object(node, key)?;
    match api.create(PATH, &object).await {
        Ok(_) | Err(ApiError::Refused(409, _)) => {}
        Err(error) => return Err(error),
    }
    loop {
        let asked = read(&api.get(&format!("{PATH}/{name}")).await?);
        if asked != Asked::Open {
            return Ok(asked);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// What became of it.
fn read(request: &Json) -> Asked {
    let conditions =
        request["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let bad = conditions.iter().find(|it| matches!(it["type"].as_str(), Some("Denied" | "Failed")));
    if let Some(condition) = bad {
        return Asked::Refused(
            condition["message"].as_str().unwrap_or("no reason was given").to_owned(),
        );
    }
    let certificate =
        request["status"]["certificate"].as_str().and_then(|text| STANDARD.decode(text).ok());
    match certificate.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(text) if !text.is_empty() => Asked::Issued(text),
        _ => Asked::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_open_until_it_is_issued_or_refused() {
        assert_eq!(read(&json!({})), Asked::Open);
        let approved = json!({"status": {"conditions": [{"type": "Approved"}]}});
        assert_eq!(read(&approved), Asked::Open);
        let issued = json!({"status": {"conditions": [{"type": "Approved"}], "certificate": STANDARD.encode("PEM")}});
        assert_eq!(read(&issued), Asked::Issued("PEM".into()));
        let denied =
            json!({"status": {"conditions": [{"type": "Denied", "message": "who are you"}]}});
        assert_eq!(read(&denied), Asked::Refused("who are you".into()));
    }
}
