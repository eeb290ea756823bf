//! A connection by the text of a kubeconfig. What is wrong with it is said without quoting it: any of its words may be a
//! secret.

use std::sync::Arc;

use futures::FutureExt;
use kprov_core::Host;
use kprov_provider::ProviderError;
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};

use crate::cluster::Cluster;
use crate::configure::{Calls, connected};
use crate::metadata::Ignored;

/// Makes no request. A kubeconfig whose user is a command has that run.
pub(super) fn cluster(
    kubeconfig: &str,
    host: &Arc<dyn Host>,
    calls: Calls,
) -> Result<Cluster, ProviderError> {
    let read = Kubeconfig::from_yaml(kubeconfig).map_err(|error| wrong(&error))?;
    // It is async, and waits for nothing.
    let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).now_or_never();
    let config = config.unwrap_or(Err(KubeconfigError::FindPath)).map_err(|error| wrong(&error))?;
    if tokio::runtime::Handle::try_current().is_err() {
        return Err(unusable("There is no runtime to connect in. This is a bug in kprov."));
    }
    connected(config, Ignored::default(), host, calls).map_err(|error| {
        let what = match error {
            kube::Error::Auth(_) => {
                "Its user's credentials cannot be had: look at its certificate, key, token or command."
            }
            kube::Error::ProxyProtocolDisabled { .. }
            | kube::Error::ProxyProtocolUnsupported { .. } => "Its proxy-url cannot be used.",
            _ => "Its certificates or its key cannot be used.",
        };
        unusable(what)
    })
}

fn unusable(why: &str) -> ProviderError {
    ProviderError::rejected("Cannot use kubeconfig", why)
}

/// By kind only: texts of the error may quote what it is about.
fn wrong(error: &KubeconfigError) -> ProviderError {
    use KubeconfigError as E;
    unusable(match error {
        E::CurrentContextNotSet => "It has no current-context.",
        E::LoadContext(_) => "It has no context of the name that current-context says.",
        E::LoadClusterOfContext(_) => "It has no cluster of the name that its context says.",
        E::MissingClusterUrl => "Its cluster has no server.",
        E::ParseClusterUrl(_) => "The server of its cluster is no URL: expected https://NAME:6443.",
        E::ParseProxyUrl(_) => "The proxy-url of its cluster is no URL.",
        E::LoadCertificateAuthority(_) | E::ParseCertificates(_) => {
            "Its certificate-authority cannot be read: expected PEM, in base64 where it stands in the kubeconfig."
        }
        E::LoadClientCertificate(_) => "Its client-certificate cannot be read.",
        E::LoadClientKey(_) => "Its client-key cannot be read.",
        E::Parse(_) => {
            "It is not the text of a kubeconfig: YAML with clusters, users, contexts and current-context."
        }
        _ => "It cannot be read.",
    })
}

#[cfg(test)]
mod tests {
    use kprov_provider::testing::FakeHost;

    use super::*;

    const GOOD: &str = "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{name: k, cluster: {server: 'https://127.0.0.1:1'}}]\nusers: [{name: u, user: {token: s3cr3t-t0k3n}}]\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n";

    fn connect(text: &str) -> Result<Cluster, ProviderError> {
        let host: Arc<dyn Host> = Arc::new(FakeHost::new(1));
        cluster(text, &host, Calls::default())
    }

    #[test]
    fn a_kubeconfig_that_is_wrong_is_not_quoted() {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let _in = runtime.enter();
        assert_eq!(connect(GOOD).expect("a connection").url, "https://127.0.0.1:1");
        let cases = [
            ("s3cr3t-t0k3n".to_owned(), "not the text of a kubeconfig"),
            ("users: s3cr3t-t0k3n".to_owned(), "not the text of a kubeconfig"),
            ("{s3cr3t-t0k3n".to_owned(), "not the text of a kubeconfig"),
            (String::new(), "current-context"),
            (GOOD.replace("current-context: c", "current-context: s3cr3t-t0k3n"), "context"),
            (GOOD.replace("https://127.0.0.1:1", "s3cr3t-t0k3n x"), "no URL"),
            (GOOD.replace("token:", "client-key-data:"), "key"),
            (
                GOOD.replace("server:", "certificate-authority-data: s3cr3t-t0k3n, server:"),
                "certificate-authority",
            ),
        ];
        for (text, part) in cases {
            let error = connect(&text).err().unwrap_or_else(|| panic!("accepted: {text}"));
            let says = error.to_string();
            assert!(says.contains(part) && !says.contains("s3cr3t"), "{text}: {says}");
        }
    }

    #[test]
    fn without_a_runtime_it_says_so() {
        assert!(connect(GOOD).err().is_some_and(|error| error.message.contains("runtime")));
    }
}
