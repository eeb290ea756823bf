//! Requests of kubelets for the certificates that they serve with: which of them are for the machine that asks. Pure.
//!
//! Kubernetes leaves this to somebody who knows the machines: a kubelet that could have any name or address in its certificate
//! could be the API server's `kubectl exec` into another node. The signer checks the rest once more.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kprov_pki::{CertificateRequest, SubjectAltName};
use serde_json::{Value as Json, json};

use super::{Api, ApiError};

const PATH: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const USER: &str = "system:node:";
const GROUP: &str = "system:nodes";

/// A request that nobody has decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Its object.
    pub(crate) name: String,
    /// The node that asks.
    pub(crate) node: String,
    wanted: Vec<SubjectAltName>,
}

/// All that are open and are for a node by everything that stands in them; what is not is for a person, and stays open.
pub(crate) fn open(list: &Json) -> Vec<Request> {
    let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(read).collect()
}

fn read(object: &Json) -> Option<Request> {
    let spec = &object["spec"];
    let decided = object["status"]["conditions"].as_array().is_some_and(|all| !all.is_empty());
    let user = spec["username"].as_str()?;
    let node = user.strip_prefix(USER).filter(|node| !node.is_empty())?;
    let texts = |part: &Json| -> Vec<String> {
        let all = part.as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect()
    };
    let usages = texts(&spec["usages"]);
    let allowed = ["digital signature", "key encipherment", "server auth"];
    let serves = usages.iter().any(|it| it == "server auth")
        && usages.iter().all(|it| allowed.contains(&it.as_str()));
    let is_node = texts(&spec["groups"]).iter().any(|group| group == GROUP);
    if decided || !serves || !is_node || spec["signerName"] != "kubernetes.io/kubelet-serving" {
        return None;
    }
    let pem = STANDARD.decode(spec["request"].as_str()?).ok()?;
    let request = CertificateRequest::from_pem(std::str::from_utf8(&pem).ok()?).ok()?;
    let subject = request.subject();
    let named = subject.common_name.as_deref() == Some(user) && subject.organizations == [GROUP];
    let wanted = request.names().to_vec();
    (named && !wanted.is_empty()).then(|| Request {
        name: object["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
        node: node.to_owned(),
        wanted,
    })
}

impl Request {
    /// Is it for the machine with this address, and for nothing else?
    pub(crate) fn is_for(&self, address: IpAddr) -> bool {
        self.wanted.iter().all(|name| match name {
            SubjectAltName::Dns(name) => *name == self.node,
            SubjectAltName::Ip(wanted) => *wanted == address,
            SubjectAltName::Uri(_) | SubjectAltName::Email(_) => false,
        })
    }
}

/// What kubelets ask for.
pub(crate) async fn list(api: &Api) -> Result<Json, ApiError> {
    let selector = "fieldSelector=spec.signerName%3Dkubernetes.io%2Fkubelet-serving";
    api.get(&format!("{PATH}?{selector}")).await
}

/// Approves it; one that is gone, or decided meanwhile, is done.
pub(crate) async fn approve(api: &Api, request: &Request) -> Result<(), ApiError> {
    let patch = json!({"status": {"conditions": [{
        "type": "Approved",
        "status": "True",
        "reason": "KprovNode",
        "message": "The node's machine has this name and address.",
    }]}});
    match api.merge(&format!("{PATH}/{}/approval", request.name), &patch).await {
        Ok(_) | Err(ApiError::Refused(404 | 409, _)) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use kprov_pki::{DistinguishedName, KeyAlgorithm, PrivateKey};

    use super::*;
    use crate::randomness;

    const ADDRESS: &str = "10.0.1.9";

    fn request(common_name: &str, organization: &str, names: &[&str]) -> Json {
        let key =
            PrivateKey::generate(KeyAlgorithm::EcdsaP256, &mut randomness::generator().unwrap());
        let mut subject = DistinguishedName::common(common_name.to_owned());
        subject.organizations = vec![organization.to_owned()];
        let name = |text: &&str| match text.parse() {
            Ok(address) => SubjectAltName::Ip(address),
            Err(_) if text.contains("://") => SubjectAltName::Uri((*text).to_owned()),
            Err(_) => SubjectAltName::Dns((*text).to_owned()),
        };
        let names: Vec<SubjectAltName> = names.iter().map(name).collect();
        let made = CertificateRequest::new(&subject, &names, &key.unwrap()).unwrap();
        json!({
            "metadata": {"name": "csr-1"},
            "spec": {
                "signerName": "kubernetes.io/kubelet-serving",
                "username": "system:node:i-1",
                "groups": ["system:nodes", "system:authenticated"],
                "usages": ["digital signature", "server auth"],
                "request": STANDARD.encode(made.to_pem()),
            },
        })
    }

    fn found(object: &Json) -> Option<Request> {
        let mut all = open(&json!({"items": [object]}));
        all.pop()
    }

    fn right() -> Json {
        request("system:node:i-1", "system:nodes", &["i-1", ADDRESS])
    }

    #[test]
    fn a_node_gets_a_certificate_for_its_own_name_and_address() {
        let found = found(&right()).expect("it is one of a node");
        assert_eq!((found.name.as_str(), found.node.as_str()), ("csr-1", "i-1"));
        assert!(found.is_for(ADDRESS.parse().unwrap()));
        assert!(!found.is_for("10.0.1.10".parse().unwrap()), "another machine's address");
    }

    #[test]
    fn names_of_others_are_not_approved() {
        for names in [
            &["i-2", ADDRESS][..],
            &["i-1", ADDRESS, "kubernetes.default.svc"],
            &["i-1", ADDRESS, "10.96.0.1"],
            &["i-1", "spiffe://x/y"],
        ] {
            let asked = request("system:node:i-1", "system:nodes", names);
            assert!(
                !found(&asked).expect("of a node").is_for(ADDRESS.parse().unwrap()),
                "{names:?}"
            );
        }
    }

    #[test]
    fn what_is_no_request_of_a_node_is_left_to_people() {
        let with = |path: &str, value: Json| {
            let mut object = right();
            *object.pointer_mut(path).unwrap() = value;
            object
        };
        for object in [
            request("system:node:i-2", "system:nodes", &["i-1"]),
            request("system:node:i-1", "system:masters", &["i-1"]),
            request("system:node:i-1", "system:nodes", &[]),
            with("/spec/signerName", json!("kubernetes.io/kube-apiserver-client")),
            with("/spec/username", json!("somebody")),
            with("/spec/username", json!("system:node:")),
            with("/spec/groups", json!(["system:authenticated"])),
            with("/spec/usages", json!(["digital signature", "client auth", "server auth"])),
            with("/spec/usages", json!(["digital signature"])),
            with("/spec/request", json!("bm90aGluZw==")),
            json!({}),
        ] {
            assert_eq!(found(&object), None, "{object:#}");
        }
        let mut decided = right();
        decided["status"] = json!({"conditions": [{"type": "Denied"}]});
        assert_eq!(found(&decided), None);
    }
}
