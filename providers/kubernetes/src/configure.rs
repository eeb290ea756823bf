//! The `provider` block: where the cluster is and who one is to it. Nothing is asked of the network here.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use kprov_core::{Host, Path, PathStep, Str, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, NestedBlock, Nesting, ProviderError, Schema, attribute,
};
use kube::config::{AuthInfo, ExecConfig, ExecInteractiveMode, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use regex::Regex;

use crate::cluster::Cluster;
use crate::metadata::Ignored;

/// Counted requests.
pub(crate) type Calls = Arc<Mutex<BTreeMap<String, u64>>>;

pub(crate) fn schema() -> Schema {
    let text = || Attribute::new(Type::String).optional();
    let list = || Attribute::new(Type::list(Type::String)).optional();
    let mut block = Block::of(
        "A Kubernetes cluster.",
        [
            ("host", text().describe("URL of the API server. KUBE_HOST.")),
            ("username", text().describe("User of basic authentication. KUBE_USER.")),
            ("password", text().sensitive().describe("Its password. KUBE_PASSWORD.")),
            (
                "insecure",
                Attribute::new(Type::Bool)
                    .optional()
                    .describe("Do not verify the server's certificate. KUBE_INSECURE."),
            ),
            (
                "tls_server_name",
                text().describe(
                    "Name that the server's certificate must have. KUBE_TLS_SERVER_NAME.",
                ),
            ),
            (
                "client_certificate",
                text().describe("PEM of the client's certificate. KUBE_CLIENT_CERT_DATA."),
            ),
            ("client_key", text().sensitive().describe("PEM of its key. KUBE_CLIENT_KEY_DATA.")),
            (
                "cluster_ca_certificate",
                text().describe("PEM of the authorities to trust. KUBE_CLUSTER_CA_CERT_DATA."),
            ),
            ("config_paths", list().describe("kubeconfig files. KUBE_CONFIG_PATHS.")),
            ("config_path", text().describe("A kubeconfig file. KUBE_CONFIG_PATH.")),
            ("config_context", text().describe("Its context. KUBE_CTX.")),
            ("config_context_auth_info", text().describe("Its user. KUBE_CTX_AUTH_INFO.")),
            ("config_context_cluster", text().describe("Its cluster. KUBE_CTX_CLUSTER.")),
            ("token", text().sensitive().describe("Bearer token. KUBE_TOKEN.")),
            ("proxy_url", text().describe("Proxy to go through. KUBE_PROXY_URL.")),
            ("ignore_annotations", list().describe("Expressions of annotations not to look at.")),
            ("ignore_labels", list().describe("Expressions of labels not to look at.")),
        ],
    );
    block.blocks = blocks();
    Schema { version: 0, block }
}

fn blocks() -> BTreeMap<Str, NestedBlock> {
    let list = || Attribute::new(Type::list(Type::String)).optional();
    let exec = Block::of(
        "A command that prints credentials.",
        [
            (
                "api_version",
                Attribute::new(Type::String).required().describe("client.authentication.k8s.io/v1"),
            ),
            ("command", Attribute::new(Type::String).required().describe("The program.")),
            ("args", list().describe("Its arguments.")),
            (
                "env",
                Attribute::new(Type::map(Type::String))
                    .optional()
                    .describe("Its environment, besides ours."),
            ),
        ],
    );
    let experiments = Block::of(
        "Accepted and of no effect.",
        [("manifest_resource", Attribute::new(Type::Bool).optional().describe("Always on."))],
    );
    let once = |block| NestedBlock {
        nesting: Nesting::List,
        block,
        min_items: 0,
        max_items: 1,
        force_new: false,
    };
    [("exec".into(), once(exec)), ("experiments".into(), once(experiments))].into()
}

pub(crate) fn validate(config: &Value) -> Vec<AttributeError> {
    let mut problems = Vec::new();
    let get = |name: &str| attribute(config, name);
    if let Some(host) = get("host").as_str()
        && url(host).is_none()
    {
        let message = format!("{host:?} is no URL of an API server: \"https://NAME:6443\".");
        problems.push(AttributeError::new(Path::attribute("host"), "Invalid URL", message));
    }
    let pems = [
        ("cluster_ca_certificate", "CERTIFICATE"),
        ("client_certificate", "CERTIFICATE"),
        ("client_key", "PRIVATE KEY"),
    ];
    for (name, kind) in pems {
        let value = get(name);
        if value.as_str().is_some_and(|text| !text.contains("-----BEGIN ") || !text.contains(kind))
        {
            let message =
                format!("This must be the PEM text of a {}, not its path.", kind.to_lowercase());
            problems.push(AttributeError::new(Path::attribute(name), "Not PEM", message));
        }
    }
    for (a, b) in [("client_certificate", "client_key"), ("client_key", "client_certificate")] {
        if !get(a).is_null() && get(b).is_null() {
            let message = format!("{a} is of no use without {b}.");
            problems.push(AttributeError::new(Path::attribute(a), "Half a pair", message));
        }
    }
    for name in ["ignore_annotations", "ignore_labels"] {
        for (at, item) in get(name).as_items().into_iter().flatten().enumerate() {
            if let Some(Err(error)) = item.as_str().map(Regex::new) {
                let path = Path::attribute(name).then(PathStep::Index(at as u64));
                problems.push(AttributeError::new(path, "Invalid expression", error.to_string()));
            }
        }
    }
    problems
}

/// What is configured, or else in the environment.
struct Settings<'a> {
    config: &'a Value,
    host: &'a Arc<dyn Host>,
}

impl Settings<'_> {
    fn text(&self, name: &str, variable: &str) -> Option<String> {
        let configured = attribute(self.config, name).as_str().map(str::to_owned);
        configured.or_else(|| self.host.env(variable)).filter(|text| !text.is_empty())
    }

    fn texts(&self, name: &str) -> Vec<String> {
        let value = attribute(self.config, name);
        value
            .as_items()
            .into_iter()
            .flatten()
            .filter_map(|item| Some(item.as_str()?.to_owned()))
            .collect()
    }

    fn paths(&self) -> Vec<PathBuf> {
        let mut paths = self.texts("config_paths");
        if paths.is_empty()
            && let Some(all) = self.host.env("KUBE_CONFIG_PATHS")
        {
            paths = all.split(':').filter(|path| !path.is_empty()).map(str::to_owned).collect();
        }
        paths.extend(self.text("config_path", "KUBE_CONFIG_PATH"));
        let home = self.host.env("HOME");
        let full = |path: String| match (path.strip_prefix("~/"), &home) {
            (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
            _ => PathBuf::from(path),
        };
        paths.into_iter().map(full).collect()
    }
}

/// The client. No request is made.
pub(crate) async fn cluster(
    config: &Value,
    host: &Arc<dyn Host>,
    calls: Calls,
) -> Result<Cluster, ProviderError> {
    let settings = Settings { config, host };
    let mut built = base(&settings).await?;
    overlay(&settings, &mut built)?;
    let regexes =
        |name| settings.texts(name).iter().filter_map(|text| Regex::new(text).ok()).collect();
    let ignored =
        Ignored { labels: regexes("ignore_labels"), annotations: regexes("ignore_annotations") };
    connected(built, ignored, host, calls).map_err(|error| {
        let told = ProviderError::rejected("Invalid provider configuration", error.to_string());
        match error {
            kube::Error::ProxyProtocolDisabled { .. }
            | kube::Error::ProxyProtocolUnsupported { .. } => told.at(Path::attribute("proxy_url")),
            _ => told,
        }
    })
}

/// The one door to an API, however it was found. Retries are ours.
pub(crate) fn connected(
    mut config: Config,
    ignored: Ignored,
    host: &Arc<dyn Host>,
    calls: Calls,
) -> Result<Cluster, kube::Error> {
    config.default_retry = false;
    config.connect_timeout = Some(Duration::from_secs(10));
    let url = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    let client = Client::try_from(config)?;
    Ok(Cluster::new(client, host.clone(), url, ignored, calls))
}

/// From kubeconfig files, or from nothing.
async fn base(settings: &Settings<'_>) -> Result<Config, ProviderError> {
    let host = settings.text("host", "KUBE_HOST");
    let paths = settings.paths();
    if paths.is_empty() {
        let Some(host) = host else {
            return Err(ProviderError::rejected(
                "No cluster",
                "Set \"host\" in the provider block (or KUBE_HOST), or a kubeconfig file in \"config_path\".",
            )
            .at(Path::attribute("host")));
        };
        return Ok(Config::new(parsed(&host)?));
    }
    let wrong = |error: kube::config::KubeconfigError| {
        ProviderError::rejected("Cannot use kubeconfig", error.to_string())
            .at(Path::attribute("config_path"))
    };
    let mut merged = Kubeconfig::default();
    for path in &paths {
        let one = Kubeconfig::read_from(path).map_err(wrong)?;
        merged = merged.merge(one).map_err(wrong)?;
    }
    let options = KubeConfigOptions {
        context: settings.text("config_context", "KUBE_CTX"),
        cluster: settings.text("config_context_cluster", "KUBE_CTX_CLUSTER"),
        user: settings.text("config_context_auth_info", "KUBE_CTX_AUTH_INFO"),
    };
    let mut config = Config::from_custom_kubeconfig(merged, &options).await.map_err(wrong)?;
    if let Some(host) = host {
        config.cluster_url = parsed(&host)?;
    }
    Ok(config)
}

/// What is said here counts more than what is in files.
fn overlay(settings: &Settings<'_>, config: &mut Config) -> Result<(), ProviderError> {
    let encoded = |text: String| base64::engine::general_purpose::STANDARD.encode(text);
    if let Some(pem) = settings.text("cluster_ca_certificate", "KUBE_CLUSTER_CA_CERT_DATA") {
        config.root_cert = Some(certificates(&pem)?);
    }
    let insecure = attribute(settings.config, "insecure").as_bool();
    let insecure = insecure.or_else(|| {
        settings.host.env("KUBE_INSECURE").map(|text| matches!(text.as_str(), "1" | "true"))
    });
    config.accept_invalid_certs = insecure.unwrap_or(config.accept_invalid_certs);
    if let Some(name) = settings.text("tls_server_name", "KUBE_TLS_SERVER_NAME") {
        config.tls_server_name = Some(name);
    }
    if let Some(proxy) = settings.text("proxy_url", "KUBE_PROXY_URL") {
        let proxy = proxy.parse().map_err(|_| {
            ProviderError::rejected("Invalid URL", format!("{proxy:?} is no URL of a proxy."))
                .at(Path::attribute("proxy_url"))
        })?;
        config.proxy_url = Some(proxy);
    }
    let auth = &mut config.auth_info;
    if let Some(pem) = settings.text("client_certificate", "KUBE_CLIENT_CERT_DATA") {
        *auth = AuthInfo { client_certificate_data: Some(encoded(pem)), ..AuthInfo::default() };
    }
    if let Some(pem) = settings.text("client_key", "KUBE_CLIENT_KEY_DATA") {
        auth.client_key_data = Some(encoded(pem).into());
    }
    if let Some(token) = settings.text("token", "KUBE_TOKEN") {
        *auth = AuthInfo { token: Some(token.into()), ..AuthInfo::default() };
    }
    if let Some(user) = settings.text("username", "KUBE_USER") {
        auth.username = Some(user);
        auth.password = settings.text("password", "KUBE_PASSWORD").map(Into::into);
    }
    if let Some([exec]) = attribute(settings.config, "exec").as_items() {
        *auth = AuthInfo { exec: Some(command(exec)), ..AuthInfo::default() };
    }
    Ok(())
}

fn command(block: &Value) -> ExecConfig {
    let text = |name: &str| attribute(block, name).as_str().map(str::to_owned);
    let args = attribute(block, "args");
    let args =
        args.as_items().into_iter().flatten().filter_map(|item| Some(item.as_str()?.to_owned()));
    let env = attribute(block, "env");
    let env = env.as_entries().into_iter().flatten().filter_map(|(name, value)| {
        let pair = [("name", name.as_str()), ("value", value.as_str()?)];
        Some(
            pair.map(|(key, text)| (key.to_owned(), text.to_owned()))
                .into_iter()
                .collect::<HashMap<_, _>>(),
        )
    });
    ExecConfig {
        api_version: text("api_version"),
        command: text("command"),
        args: Some(args.collect()),
        env: Some(env.collect()),
        drop_env: None,
        install_hint: None,
        interactive_mode: Some(ExecInteractiveMode::Never),
        provide_cluster_info: false,
        cluster: None,
        other: BTreeMap::new(),
    }
}

fn url(text: &str) -> Option<http::Uri> {
    let text = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let uri: http::Uri = text.parse().ok()?;
    (matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()).then_some(uri)
}

fn parsed(host: &str) -> Result<http::Uri, ProviderError> {
    url(host).ok_or_else(|| {
        ProviderError::rejected("Invalid URL", format!("{host:?} is no URL of an API server."))
            .at(Path::attribute("host"))
    })
}

/// The certificates of a bundle, each in DER.
fn certificates(pem: &str) -> Result<Vec<Vec<u8>>, ProviderError> {
    let mut all = Vec::new();
    for block in pem.split("-----BEGIN CERTIFICATE-----").skip(1) {
        let body: String =
            block.split("-----END").next().unwrap_or_default().split_whitespace().collect();
        all.extend(crate::config_map::decoded(&body));
    }
    if all.is_empty() {
        return Err(ProviderError::rejected(
            "Invalid provider configuration",
            "cluster_ca_certificate has no certificate in PEM.",
        )
        .at(Path::attribute("cluster_ca_certificate")));
    }
    Ok(all)
}
