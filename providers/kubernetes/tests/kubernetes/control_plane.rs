//! etcd, kube-apiserver and kube-controller-manager on free loopback ports, with throw-away certificates.
//!
//! Each program runs below a shell that waits for its standard input to end, and then ends the program by its id: so
//! nothing outlives the tests, however they end. One control plane serves all tests of the binary.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use kprov_core::Value;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use tempfile::TempDir;

const STARTS_WITHIN: Duration = Duration::from_secs(120);
/// The last argument before the program's own is a directory that goes with the program, or empty.
const RUN: &str = r#"program=$1; log=$2; gone=$3; shift 3
"$program" "$@" >>"$log" 2>&1 </dev/null & id=$!
read -r _; kill -KILL "$id"; wait "$id" 2>/dev/null
[ -z "$gone" ] || rm -rf "$gone" 2>/dev/null"#;

/// A program that ends with this.
struct Program {
    shell: Child,
}

impl Program {
    fn start(program: &Path, log: &Path, arguments: &[String]) -> Program {
        Program::start_with(program, log, "".as_ref(), arguments)
    }

    /// The directory goes with the program.
    fn start_with(program: &Path, log: &Path, gone: &Path, arguments: &[String]) -> Program {
        let mut command = Command::new("sh");
        command.arg("-c").arg(RUN).arg("sh").arg(program).arg(log).arg(gone).args(arguments);
        let shell = command.stdin(Stdio::piped()).spawn().expect("a shell");
        Program { shell }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// A certificate and its key, in PEM.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

impl Authority {
    fn new() -> Authority {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a certificate").pem();
        Authority { issuer: Issuer::new(params, key), certificate }
    }

    fn issue(&self, user: &str, group: Option<&str>, names: &[&str]) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.distinguished_name.push(DnType::CommonName, user);
        if let Some(group) = group {
            params.distinguished_name.push(DnType::OrganizationName, group);
        }
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate").pem();
        Identity { certificate, key: key.serialize_pem() }
    }
}

/// A control plane. Ends when dropped, or with the test process.
pub(crate) struct ControlPlane {
    pub(crate) directory: TempDir,
    pub(crate) host: String,
    pub(crate) ca: String,
    pub(crate) admin: Identity,
    /// Somebody who may do nothing.
    pub(crate) nobody: Identity,
    programs: PathBuf,
    api_server_arguments: Vec<String>,
    // Dropped in this order.
    controllers: Option<Program>,
    api_server: Option<Program>,
    _etcd: Program,
}

/// Where the programs are; `None` says that it was told so.
fn programs() -> Option<PathBuf> {
    if let Some(directory) = std::env::var_os("KPROV_PEERS_BIN") {
        return Some(PathBuf::from(directory));
    }
    let required = std::env::var("KPROV_PEERS").is_ok_and(|value| value == "required");
    assert!(
        !required,
        "KPROV_PEERS=required, but KPROV_PEERS_BIN does not say where etcd and Kubernetes are"
    );
    eprintln!(
        "NOT TESTED: no etcd and Kubernetes here; see `cargo xtask peers programs` and KPROV_PEERS_BIN"
    );
    None
}

/// The control plane that all tests share, or `None` where there are no programs.
pub(crate) fn shared() -> Option<&'static ControlPlane> {
    static SHARED: OnceLock<Option<ControlPlane>> = OnceLock::new();
    SHARED.get_or_init(|| Some(ControlPlane::start(&programs()?, true))).as_ref()
}

/// One that a test has for itself, without controllers.
pub(crate) fn own() -> Option<ControlPlane> {
    Some(ControlPlane::start(&programs()?, false))
}

fn port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

impl ControlPlane {
    fn start(programs: &Path, controllers: bool) -> ControlPlane {
        let directory = TempDir::new().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        let authority = Authority::new();
        let server = authority.issue("kube-apiserver", None, &["127.0.0.1", "localhost"]);
        let account = KeyPair::generate().expect("a key");
        let files = [
            ("ca.pem", authority.certificate.clone()),
            ("server.pem", server.certificate),
            ("server.key", server.key),
            ("account.key", account.serialize_pem()),
            ("account.pub", account.public_key_pem()),
        ];
        for (name, content) in files {
            fs::write(at(name), content).expect("a file");
        }
        let (client, peer, secure) = (port(), port(), port());
        let etcd = Program::start_with(
            &programs.join("etcd"),
            &at("etcd.log"),
            directory.path(),
            &etcd(&at("etcd"), client, peer),
        );
        let arguments = api_server(directory.path(), client, secure);
        let admin = authority.issue("admin", Some("system:masters"), &[]);
        let nobody = authority.issue("nobody", None, &[]);
        let mut plane = ControlPlane {
            host: format!("https://127.0.0.1:{secure}"),
            ca: authority.certificate,
            admin,
            nobody,
            programs: programs.to_owned(),
            api_server_arguments: arguments,
            controllers: None,
            api_server: None,
            _etcd: etcd,
            directory,
        };
        plane.write_kubeconfig();
        plane.start_api_server();
        plane.wait_ready();
        if controllers {
            let arguments = plane.controllers();
            let program = plane.programs.join("kube-controller-manager");
            plane.controllers =
                Some(Program::start(&program, &plane.at("controllers.log"), &arguments));
        }
        plane
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn stop_api_server(&mut self) {
        self.api_server = None;
    }

    pub(crate) fn start_api_server(&mut self) {
        let program = self.programs.join("kube-apiserver");
        self.api_server =
            Some(Program::start(&program, &self.at("apiserver.log"), &self.api_server_arguments));
    }

    fn wait_ready(&self) {
        let began = Instant::now();
        loop {
            let answer = self.kubectl_output(&["get", "--raw", "/readyz"]);
            if answer.status.success() {
                return;
            }
            if began.elapsed() > STARTS_WITHIN {
                let log = fs::read_to_string(self.at("apiserver.log")).unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(20).collect();
                panic!(
                    "no API server: {}\n{}",
                    String::from_utf8_lossy(&answer.stderr),
                    tail.join("\n")
                );
            }
            thread::sleep(Duration::from_millis(200));
        }
    }

    fn write_kubeconfig(&self) {
        for (name, content) in
            [("admin.pem", &self.admin.certificate), ("admin.key", &self.admin.key)]
        {
            fs::write(self.at(name), content).expect("a file");
        }
        let config = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: test\nclusters: [{{name: test, cluster: {{server: \
             '{}', certificate-authority: ca.pem}}}}]\nusers: [{{name: admin, user: {{client-certificate: admin.pem, \
             client-key: admin.key}}}}]\ncontexts: [{{name: test, context: {{cluster: test, user: admin}}}}]\n",
            self.host
        );
        fs::write(self.kubeconfig(), config).expect("a file");
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.at("kubeconfig")
    }

    fn controllers(&self) -> Vec<String> {
        let file = |name: &str| self.at(name).display().to_string();
        [
            format!("--kubeconfig={}", file("kubeconfig")),
            format!("--service-account-private-key-file={}", file("account.key")),
            format!("--root-ca-file={}", file("ca.pem")),
            format!("--cert-dir={}", file("certificates")),
            format!("--secure-port={}", port()),
            "--bind-address=127.0.0.1".to_owned(),
            "--leader-elect=false".to_owned(),
            "--use-service-account-credentials".to_owned(),
            "--controllers=namespace,serviceaccount,serviceaccount-token,garbagecollector,\
             clusterrole-aggregation,deployment,replicaset"
                .to_owned(),
        ]
        .into()
    }

    fn kubectl_output(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.programs.join("kubectl"));
        command.arg("--kubeconfig").arg(self.kubeconfig()).args(arguments).stdin(Stdio::null());
        command.output().expect("kubectl")
    }

    /// What another client does.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        let output = self.kubectl_output(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {arguments:?}: {error}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// How many objects of a kind are in a namespace.
    pub(crate) fn count(&self, kind: &str, namespace: &str) -> usize {
        self.kubectl(&["get", kind, "-n", namespace, "-o", "name"]).lines().count()
    }

    /// The `provider` block, as that user.
    pub(crate) fn provider(&self, user: &Identity) -> Value {
        Value::object([
            ("host", Value::string(self.host.as_str())),
            ("cluster_ca_certificate", Value::string(self.ca.as_str())),
            ("client_certificate", Value::string(user.certificate.as_str())),
            ("client_key", Value::string(user.key.as_str())),
        ])
    }
}

fn etcd(directory: &Path, client: u16, peer: u16) -> Vec<String> {
    [
        format!("--data-dir={}", directory.display()),
        format!("--listen-client-urls=http://127.0.0.1:{client}"),
        format!("--advertise-client-urls=http://127.0.0.1:{client}"),
        format!("--listen-peer-urls=http://127.0.0.1:{peer}"),
        format!("--initial-advertise-peer-urls=http://127.0.0.1:{peer}"),
        format!("--initial-cluster=default=http://127.0.0.1:{peer}"),
        "--unsafe-no-fsync".to_owned(),
    ]
    .into()
}

fn api_server(directory: &Path, etcd: u16, port: u16) -> Vec<String> {
    let file = |name: &str| directory.join(name).display().to_string();
    [
        format!("--etcd-servers=http://127.0.0.1:{etcd}"),
        format!("--secure-port={port}"),
        "--bind-address=127.0.0.1".to_owned(),
        "--endpoint-reconciler-type=none".to_owned(),
        "--allow-privileged=true".to_owned(),
        "--authorization-mode=Node,RBAC".to_owned(),
        "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--cert-dir={}", file("certificates")),
        format!("--client-ca-file={}", file("ca.pem")),
        format!("--tls-cert-file={}", file("server.pem")),
        format!("--tls-private-key-file={}", file("server.key")),
        format!("--service-account-key-file={}", file("account.pub")),
        format!("--service-account-signing-key-file={}", file("account.key")),
    ]
    .into()
}
