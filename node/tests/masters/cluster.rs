//! A cluster of three masters on loopback addresses of its own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::pki;
use crate::process::{self, Node};

/// Where the real programs are; None where there are none and nobody insists.
pub(crate) fn peers() -> Option<PathBuf> {
    match std::env::var("KPROV_PEERS_BIN")
        .ok()
        .map(PathBuf::from)
        .filter(|path| path.join("etcd").is_file())
    {
        Some(path) => Some(path),
        None => {
            let required = std::env::var("KPROV_PEERS").is_ok_and(|value| value == "required");
            assert!(
                !required,
                "KPROV_PEERS=required, and KPROV_PEERS_BIN names no directory with etcd"
            );
            eprintln!(
                "NOT TESTED: KPROV_PEERS_BIN names no directory with etcd and the control plane"
            );
            None
        }
    }
}

pub(crate) struct Cluster {
    pub(crate) dir: tempfile::TempDir,
    bin: PathBuf,
    net: u8,
    /// Of the worker, where it is a machine of EC2.
    metadata: Option<String>,
    pub(crate) nodes: [Option<Node>; 4],
    /// Further variables of its nodes.
    pub(crate) environment: Vec<(String, String)>,
}

/// All at once: one after the other, the last ones would wait for a quorum that is gone.
impl Drop for Cluster {
    fn drop(&mut self) {
        for node in self.nodes.iter_mut().flatten() {
            node.is_to_end();
        }
    }
}

/// Three masters and a worker.
pub(crate) const NAMES: [&str; 4] = ["a", "b", "c", "w"];
const WORKER: usize = 3;

impl Cluster {
    /// `net` keeps clusters of tests that run at once apart.
    pub(crate) fn new(bin: PathBuf, net: u8) -> Cluster {
        let dir = tempfile::tempdir().expect("a directory");
        pki::write(&dir.path().join("pki"), 1);
        let nodes = [None, None, None, None];
        let cluster = Cluster { dir, bin, net, metadata: None, nodes, environment: Vec::new() };
        let book: Vec<String> =
            (0..4).map(|n| format!("\"10.9.0.{}\": \"{}\"", n + 1, cluster.address(n))).collect();
        std::fs::write(cluster.at("book.json"), format!("{{{}}}", book.join(","))).expect("a file");
        for n in 0..4 {
            std::fs::write(cluster.document(n), cluster.text(n)).expect("a file");
        }
        cluster
    }

    /// A cluster of `a` alone: many things are the same with one.
    pub(crate) fn of_one(bin: PathBuf, net: u8) -> Cluster {
        let cluster = Cluster::new(bin, net);
        cluster.edit(0, ", {name: b, address: 10.9.0.2}, {name: c, address: 10.9.0.3}", "");
        cluster
    }

    /// The fourth is a master, too, and all know it.
    pub(crate) fn all_masters(&self) {
        let last = "{name: c, address: 10.9.0.3}";
        for n in 0..3 {
            self.edit(n, last, &format!("{last}, {{name: w, address: 10.9.0.4}}"));
        }
        let text = std::fs::read_to_string(self.document(0)).expect("a document");
        let directory = |n: usize| format!("directory: {}\n", self.directory(n).display());
        let text = text
            .replace(
                "{from: static, name: a, address: 10.9.0.1}",
                "{from: static, name: w, address: 10.9.0.4}",
            )
            .replace(&directory(0), &directory(WORKER));
        std::fs::write(self.document(WORKER), text).expect("a file");
    }

    /// Changes the document of a node.
    pub(crate) fn edit(&self, n: usize, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.document(n)).expect("a document");
        assert!(text.contains(from), "{from} in {text}");
        std::fs::write(self.document(n), text.replace(from, to)).expect("a file");
    }

    /// What a node said so far.
    pub(crate) fn said(&self, n: usize) -> String {
        std::fs::read_to_string(self.directory(n).with_extension("out")).unwrap_or_default()
    }

    /// The directory of the programs.
    pub(crate) fn bin(&self) -> &Path {
        &self.bin
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// Of this run's own: all listen on the same ports, and the suite may run twice at once, beside machines of airplane.
    pub(crate) fn address(&self, n: usize) -> String {
        format!("127.{}.{}.{}", 100 + std::process::id() % 100, self.net, n + 1)
    }

    pub(crate) fn document(&self, n: usize) -> PathBuf {
        self.at(&format!("{}.yaml", NAMES[n]))
    }

    pub(crate) fn directory(&self, n: usize) -> PathBuf {
        self.at(NAMES[n])
    }

    fn text(&self, n: usize) -> String {
        let root = self.dir.path().display();
        let (role, further) = if n == WORKER {
            (
                "worker",
                "kubelet: {runtime: kwok, labels: {zone: here}, taints: ['only=tests:NoSchedule']}",
            )
        } else {
            ("master", "apiServer: {shutdownDelay: 2s}\nkubelet: {runtime: kwok}")
        };
        format!(
            "apiVersion: kprov.dev/v1alpha1
kind: Node
role: {role}
cluster: {{name: test, endpoint: 'https://{}:6443'}}
identity: {{from: static, name: {}, address: 10.9.0.{}}}
peers: {{from: static, members: [{{name: a, address: 10.9.0.1}}, {{name: b, address: 10.9.0.2}}, {{name: c, address: 10.9.0.3}}]}}
secrets: {{from: directory, path: {root}/pki, every: 2s}}
claims: {{from: directory, path: {root}/claims}}
versions: {{kubernetes: 1.36.3, etcd: 3.6.16}}
binaries: {{directory: {}}}
directory: {}
etcd: {{snapshots: {{every: 5s, keep: 3, to: {{from: directory, path: {root}/snapshots}}}}}}
{further}
",
            self.address(0),
            NAMES[n],
            n + 1,
            self.bin.display(),
            self.directory(n).display(),
        )
    }

    pub(crate) fn start(&mut self, n: usize) {
        self.nodes[n] = Some(self.launch(n, &[]));
    }

    fn launch(&self, n: usize, further: &[(String, String)]) -> Node {
        let book = format!("file://{}", self.at("book.json").display());
        let metadata = self.metadata.iter().filter(|_| n == WORKER);
        let metadata = metadata.map(|url| (process::METADATA.to_owned(), url.clone()));
        let variables: Vec<_> =
            self.environment.iter().chain(further).cloned().chain(metadata).collect();
        Node::start(&self.document(n), &self.directory(n), &book, &variables)
    }

    /// The worker asks these metadata who it is, and what becomes of it.
    pub(crate) fn worker_of_ec2(&mut self, metadata: &str) {
        let said = "{from: static, name: w, address: 10.9.0.4}";
        let text = self.text(WORKER);
        assert!(text.contains(said), "{text}");
        let text =
            text.replace(said, "{from: ec2}").replace(", taints: ['only=tests:NoSchedule']", "");
        std::fs::write(self.document(WORKER), text).expect("a file");
        self.metadata = Some(metadata.to_owned());
    }

    /// Restores a snapshot on a machine, as `kprov node restore` does; gives what it said where it failed.
    pub(crate) fn restore(&self, n: usize, from: &str) -> Result<(), String> {
        let before = self.said(n).len();
        let variable = (process::RESTORE.to_owned(), from.to_owned());
        match self.launch(n, &[variable]).wait(Duration::from_secs(120)) {
            0 => Ok(()),
            _ => Err(self.said(n)[before..].to_owned()),
        }
    }

    pub(crate) fn node(&mut self, n: usize) -> &mut Node {
        self.nodes[n].as_mut().expect("it was started")
    }

    /// Says how a node does; None while it does not answer.
    pub(crate) fn status(&self, n: usize) -> Option<Json> {
        let (_, body) = get(&self.address(n), "/status")?;
        serde_json::from_str(&body).ok()
    }

    pub(crate) fn is_ready(&self, n: usize) -> bool {
        get(&self.address(n), "/readyz").is_some_and(|(status, _)| status == 200)
    }

    /// Waits until something holds; else tells all that is known of a node.
    pub(crate) fn until(&self, what: &str, seconds: u64, mut holds: impl FnMut(&Cluster) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            if begun.elapsed() > Duration::from_secs(seconds) {
                for (n, name) in NAMES.iter().enumerate() {
                    eprintln!("{name}: {:#}", self.status(n).unwrap_or_default());
                    let said = self.said(n);
                    let lines: Vec<&str> = said.lines().collect();
                    eprintln!("{}", lines[lines.len().saturating_sub(60)..].join("\n"));
                }
                panic!("not within {seconds} s: {what}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        eprintln!("{what}: after {:.1} s", begun.elapsed().as_secs_f64());
    }

    pub(crate) fn until_ready(&self, nodes: &[usize], seconds: u64) {
        self.until(&format!("nodes {nodes:?} are ready"), seconds, |it| {
            nodes.iter().all(|n| it.is_ready(*n))
        });
    }

    fn run(&self, program: &str, args: &[&str], input: &str) -> Result<String, String> {
        let mut command = Command::new(self.bin.join(program));
        command.args(args).env("HOME", self.dir.path()).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program is there");
        if let Some(mut stdin) = child.stdin.take() {
            // Who does not read it says why.
            let _ = stdin.write_all(input.as_bytes());
        }
        let output = child.wait_with_output().expect("it ends");
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if output.status.success() {
            Ok(text)
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// As an administrator, at one node.
    pub(crate) fn kubectl(&self, n: usize, args: &[&str]) -> Result<String, String> {
        let path = |file: &str| self.at(&format!("pki/{file}")).display().to_string();
        let own = [
            format!("--server=https://{}:6443", self.address(n)),
            format!("--certificate-authority={}", path("kubernetes-ca/bundle.pem")),
            format!("--client-certificate={}", path("admin.pem")),
            format!("--client-key={}", path("admin-key.pem")),
            "--request-timeout=10s".to_owned(),
        ];
        self.run(
            "kubectl",
            &own.iter().map(String::as_str).chain(args.iter().copied()).collect::<Vec<_>>(),
            "",
        )
    }

    pub(crate) fn etcdctl(&self, n: usize, args: &[&str]) -> Result<String, String> {
        self.etcdctl_with(n, args, "")
    }

    pub(crate) fn etcdctl_with(
        &self,
        n: usize,
        args: &[&str],
        input: &str,
    ) -> Result<String, String> {
        let path = |file: &str| self.at(&format!("pki/{file}")).display().to_string();
        let own = [
            format!("--endpoints=https://{}:2379", self.address(n)),
            format!("--cacert={}", path("etcd-ca/bundle.pem")),
            format!("--cert={}", path("etcd-admin.pem")),
            format!("--key={}", path("etcd-admin-key.pem")),
        ];
        self.run(
            "etcdctl",
            &own.iter().map(String::as_str).chain(args.iter().copied()).collect::<Vec<_>>(),
            input,
        )
    }

    /// The members of etcd: name, id, is it a voter.
    pub(crate) fn members(&self, n: usize) -> Vec<(String, u64, bool)> {
        let text = self.etcdctl(n, &["member", "list", "-w", "json"]).expect("etcd answers");
        let json: Json = serde_json::from_str(&text).expect("it is JSON");
        let of = |member: &Json| {
            let learner = member["isLearner"].as_bool().unwrap_or(false);
            (
                member["name"].as_str().unwrap_or_default().to_owned(),
                member["ID"].as_u64().unwrap_or(0),
                !learner,
            )
        };
        let mut all: Vec<_> = json["members"].as_array().expect("a list").iter().map(of).collect();
        all.sort();
        all
    }
}

fn get(address: &str, path: &str) -> Option<(u16, String)> {
    let address = format!("{address}:10300").parse().ok()?;
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

/// Files of a directory, by the end of their names.
pub(crate) fn files(directory: &Path, end: &str) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.to_string_lossy().ends_with(end)).collect()
}
