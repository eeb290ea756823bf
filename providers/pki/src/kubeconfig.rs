//! `pki_kubeconfig`: a kubeconfig of a server, whom to trust and who one is. Nothing in it is made: it is planned whole.

use kprov_core::{Host, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, Creation, PlanRequest, PlannedObject, ProviderError,
    ResourceSchema, Schema, StateOnly, with_attributes,
};

use crate::fields::{self, bad, computed, quoted, text_or_unknown};
use crate::pem_arguments;

/// The resource type.
#[derive(Debug)]
pub(crate) struct PkiKubeconfig;

const ARGUMENTS: [&str; 9] = [
    "server",
    "ca_pem",
    "client_certificate_pem",
    "client_private_key_pem",
    "cluster_name",
    "user_name",
    "context_name",
    "namespace",
    "tls_server_name",
];

pub(crate) fn schema() -> ResourceSchema {
    let given = || Attribute::new(Type::String).required();
    let optional = |text: &str| fields::optional(Type::String, text);
    let name = |default: &str, text: &str| {
        Attribute::new(Type::String).default(default.into()).describe(text)
    };
    let attributes = [
        ("server", given().describe("Where the API is: https://NAME:6443.")),
        ("ca_pem", given().describe("Certificates of the authorities that the server's certificate may be of: an authority's bundle_pem.")),
        ("client_certificate_pem", given().describe("The client's certificate.")),
        ("client_private_key_pem", given().sensitive().describe("The client's private key.")),
        ("cluster_name", name("kubernetes", "Name of the cluster within the file.")),
        ("user_name", name("admin", "Name of the user within the file.")),
        ("context_name", optional("Name of the context (default: user_name@cluster_name).")),
        ("namespace", optional("The context's namespace.")),
        ("tls_server_name", optional("The name that the server's certificate must have, where it is not the one of server.")),
        ("content", computed(Type::String, "The kubeconfig, YAML.").sensitive()),
    ];
    let text = "A kubeconfig with a client certificate.";
    ResourceSchema {
        schema: Schema { version: 0, block: Block::of(text, attributes) },
        creation: Creation::Local,
    }
}

/// What a kubeconfig says.
#[derive(Debug)]
pub(crate) struct Kubeconfig<'a> {
    pub(crate) server: &'a str,
    pub(crate) ca_pem: &'a str,
    pub(crate) certificate_pem: &'a str,
    pub(crate) key_pem: &'a str,
    pub(crate) cluster: &'a str,
    pub(crate) user: &'a str,
    pub(crate) context: Option<&'a str>,
    pub(crate) namespace: Option<&'a str>,
    pub(crate) tls_server_name: Option<&'a str>,
}

impl Kubeconfig<'_> {
    /// YAML; names are quoted as JSON, which YAML takes.
    pub(crate) fn text(&self) -> String {
        let data = |pem: &str| kprov_pki::base64(pem.as_bytes());
        let own = format!("{}@{}", self.user, self.cluster);
        let context = quoted(self.context.unwrap_or(&own));
        let (cluster, user) = (quoted(self.cluster), quoted(self.user));
        let mut text = "apiVersion: v1\nkind: Config\nclusters:\n".to_owned();
        text +=
            &format!("  - name: {cluster}\n    cluster:\n      server: {}\n", quoted(self.server));
        text += &format!("      certificate-authority-data: {}\n", data(self.ca_pem));
        if let Some(name) = self.tls_server_name {
            text += &format!("      tls-server-name: {}\n", quoted(name));
        }
        text += &format!(
            "contexts:\n  - name: {context}\n    context:\n      cluster: {cluster}\n      user: {user}\n"
        );
        if let Some(namespace) = self.namespace {
            text += &format!("      namespace: {}\n", quoted(namespace));
        }
        text += &format!("current-context: {context}\nusers:\n  - name: {user}\n    user:\n");
        text += &format!("      client-certificate-data: {}\n", data(self.certificate_pem));
        text += &format!("      client-key-data: {}\n", data(self.key_pem));
        text
    }
}

/// The content; `None` while an argument is unknown.
fn content(object: &Value) -> Option<String> {
    if !fields::all_known(object, &ARGUMENTS) {
        return None;
    }
    let text = |name| fields::text(object, name);
    let kubeconfig = Kubeconfig {
        server: text("server")?,
        ca_pem: text("ca_pem")?,
        certificate_pem: text("client_certificate_pem")?,
        key_pem: text("client_private_key_pem")?,
        cluster: text("cluster_name")?,
        user: text("user_name")?,
        context: text("context_name"),
        namespace: text("namespace"),
        tls_server_name: text("tls_server_name"),
    };
    Some(kubeconfig.text())
}

/// Do the arguments fit together?
fn faults(object: &Value) -> Vec<AttributeError> {
    let text = |name| fields::text(object, name);
    let mut problems = Vec::new();
    if text("server").is_some_and(|server| !server.starts_with("https://")) {
        problems.push(bad(
            "server",
            "Invalid server",
            "The server is https://NAME[:PORT]; a client certificate is of no use without TLS.",
        ));
    }
    problems.extend(pem_arguments::certificates(object, "ca_pem").err());
    let certificate = pem_arguments::certificates(object, "client_certificate_pem");
    let key = pem_arguments::one_key(object, "client_private_key_pem");
    match (certificate, key) {
        (Ok(Some(chain)), Ok(Some(key))) => {
            // The client's own is the first of its chain.
            let own = chain.certificates().first().map(|it| it.matches(&key));
            if let Some(Err(why)) = own {
                problems.push(bad("client_private_key_pem", "Not a pair", format!("{why}.")));
            }
        }
        (certificate, key) => problems.extend(certificate.err().into_iter().chain(key.err())),
    }
    problems
}

impl StateOnly for PkiKubeconfig {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        faults(config)
    }

    fn plan(&self, request: PlanRequest<'_>) -> Result<PlannedObject, ProviderError> {
        let text = text_or_unknown(content(request.proposed));
        Ok(with_attributes(request.proposed, [("content", text)]).into())
    }

    fn make(&self, _host: &dyn Host, planned: &Value) -> Result<Value, ProviderError> {
        fields::refuse(faults(planned))?;
        Ok(with_attributes(planned, [("content", text_or_unknown(content(planned)))]))
    }

    fn update(&self, host: &dyn Host, _: &Value, planned: &Value) -> Result<Value, ProviderError> {
        self.make(host, planned)
    }
}
