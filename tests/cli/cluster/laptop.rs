//! [`Laptop`]: examples/cluster with its airplane, whose machines are processes, and kubectl beside it.
//!
//! What must hold: airplane and machines end with the value, also when the test fails.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::clients::{self, Access, Clients, Tally};
use crate::airplane::copy_example;
use crate::place::Place;

/// Nothing that is waited for takes as long, on a machine that does other things as well.
const PATIENCE: Duration = Duration::from_secs(240);

/// Of API servers, as examples/cluster/airplane.tfvars says.
pub(crate) const SHUTDOWN_DELAY: &str = "5s";

/// See the module.
#[derive(Debug)]
pub(crate) struct Laptop {
    pub(crate) place: Place,
    programs: PathBuf,
}

/// The directory of etcd and Kubernetes; without it the test says so and tests nothing.
pub(crate) fn programs(test: &str) -> Option<PathBuf> {
    if let Some(directory) = std::env::var_os("KPROV_PEERS_BIN") {
        return Some(directory.into());
    }
    let required = std::env::var("KPROV_PEERS").is_ok_and(|it| it == "required");
    assert!(!required, "{test} needs KPROV_PEERS_BIN, the directory of etcd and Kubernetes");
    eprintln!(
        "NOT TESTED: {test}: KPROV_PEERS_BIN does not say where etcd and Kubernetes are (cargo xtask peers programs)"
    );
    None
}

impl Laptop {
    /// The example, and an airplane that flies.
    pub(crate) fn new(programs: PathBuf) -> Laptop {
        let laptop = Laptop { place: Place::empty(), programs };
        copy_example("cluster", &laptop.place);
        // Machines are processes, because there are programs for nodes.
        laptop.kprov("airplane start -clock scaled:20");
        laptop
    }

    /// Runs the program, and wants success.
    #[track_caller]
    pub(crate) fn kprov(&self, line: &str) -> String {
        self.told(line).unwrap_or_else(|told| panic!("kprov {line}\n{told}\n{}", self.logs()))
    }

    /// Runs the program.
    pub(crate) fn told(&self, line: &str) -> Result<String, String> {
        output(self.command(line), None)
    }

    /// The program, to be run.
    pub(crate) fn command(&self, line: &str) -> Command {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut command = self.place.command(&words);
        command.env("KPROV_NODE_BINARIES", &self.programs);
        command
    }

    /// Asks the cluster through its load balancer, as administrator.
    pub(crate) fn kubectl(&self, line: &str, input: Option<&str>) -> Result<String, String> {
        let file = self.place.path("kubeconfig");
        if !file.exists() {
            std::fs::write(&file, self.kprov("output -raw kubeconfig")).expect("a file");
        }
        let mut command = Command::new(self.programs.join("kubectl"));
        self.place.surround(&mut command);
        command.arg("--kubeconfig").arg(&file).args(line.split_whitespace());
        output(command, input)
    }

    /// The administrator's kubeconfig, as kubectl understands it.
    pub(crate) fn kubeconfig(&self) -> Json {
        let shown = self.kubectl("config view --raw -o json", None).expect("a kubeconfig");
        serde_json::from_str(&shown).expect("JSON")
    }

    /// From now on the kubeconfig of the last apply.
    pub(crate) fn reread(&self) {
        std::fs::remove_file(self.place.path("kubeconfig")).expect("it was read once");
    }

    /// Clients of the API, which are there from now on.
    pub(crate) fn clients(&self) -> Clients {
        let namespace = clients::NAMESPACE;
        if self.kubectl(&format!("get namespace {namespace}"), None).is_err() {
            self.kubectl(&format!("create namespace {namespace}"), None).expect("a namespace");
            let names = clients::NAMES.map(str::to_owned).into_iter();
            // So that a list of all is long.
            let others = (0..200).map(|number| format!("other-{number}"));
            let padding = "x".repeat(1000);
            let objects = names.chain(others).map(|name| {
                let metadata = format!("{{name: {name}, namespace: {namespace}}}");
                let data = format!("{{padding: {padding}}}");
                format!("{{apiVersion: v1, kind: ConfigMap, metadata: {metadata}, data: {data}}}")
            });
            let objects = objects.collect::<Vec<_>>().join("\n---\n");
            self.kubectl("create -f -", Some(&objects)).expect("objects");
        }
        Clients::start(Access::new(&self.kubeconfig()))
    }

    /// No request failed, and what was written is there.
    #[track_caller]
    pub(crate) fn none_failed(&self, during: &str, tally: &Tally) {
        let few = tally.failed.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
        assert!(
            tally.failed.is_empty(),
            "{} of {} requests failed during {during}:\n{few}\n{}",
            tally.failed.len(),
            tally.answered,
            self.logs()
        );
        for (name, number) in &tally.written {
            let path = "jsonpath={.data.number}";
            let line = format!("get configmap {name} -n {} -o {path}", clients::NAMESPACE);
            assert_eq!(self.kubectl(&line, None), Ok(number.to_string()), "{name}");
        }
    }

    /// Asks etcd on a machine, by that machine's own certificate.
    pub(crate) fn etcdctl(&self, machine: &Machine, line: &str) -> Result<String, String> {
        let mut command = Command::new(self.programs.join("etcdctl"));
        self.place.surround(&mut command);
        let node = &machine.directory;
        command
            .arg("--endpoints")
            .arg(format!("https://{}:2379", machine.address))
            .arg("--cacert")
            .arg(node.join("tree/etcd-ca/bundle.pem"))
            .arg("--cert")
            .arg(node.join("certificates/etcd-healthcheck.pem"))
            .arg("--key")
            .arg(node.join("certificates/etcd-healthcheck-key.pem"))
            .args(line.split_whitespace());
        output(command, None)
    }

    /// Objects of the cluster.
    #[track_caller]
    pub(crate) fn objects(&self, what: &str) -> Vec<Json> {
        let told = self.kubectl(&format!("get {what} -o json"), None).expect("an answer");
        let list: Json = serde_json::from_str(&told).expect("JSON");
        list["items"].as_array().expect("a list").clone()
    }

    /// Machines that run.
    pub(crate) fn machines(&self) -> Vec<Machine> {
        let directory = self.place.path(".kprov/machines");
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        entries.filter_map(|entry| Machine::at(&entry.path())).collect()
    }

    /// Those that run as masters.
    pub(crate) fn masters(&self) -> Vec<Machine> {
        let mut machines = self.machines();
        machines.retain(|machine| machine.status["role"] == "master");
        machines
    }

    /// Waits until something holds.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !holds() {
            assert!(begun.elapsed() < PATIENCE, "{what}: waited in vain\n{}", self.logs());
            std::thread::park_timeout(Duration::from_millis(200));
        }
    }

    /// What the machines wrote, for whoever reads why a test failed.
    fn logs(&self) -> String {
        let entries = std::fs::read_dir(self.place.path(".kprov/machines")).into_iter().flatten();
        let logs =
            entries.flatten().filter(|it| it.path().extension().is_some_and(|it| it == "log"));
        let told = logs.map(|log| {
            let text = std::fs::read_to_string(log.path()).unwrap_or_default();
            format!("{}:\n{text}", log.path().display())
        });
        told.collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Laptop {
    fn drop(&mut self) {
        // Nothing is asserted: this also runs when a test has failed.
        let _ = self.place.command(&["airplane", "stop"]).stdout(Stdio::null()).status();
    }
}

/// A machine, as its node tells.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) id: String,
    pub(crate) address: String,
    pub(crate) status: Json,
    /// The node's.
    pub(crate) directory: PathBuf,
}

impl Machine {
    fn at(path: &Path) -> Option<Machine> {
        let directory = path.join("node");
        let text = std::fs::read(directory.join("status.json")).ok()?;
        let status: Json = serde_json::from_slice(&text).ok()?;
        let text = |name: &str| status[name].as_str().unwrap_or_default().to_owned();
        Some(Machine { id: text("id"), address: text("address"), status, directory })
    }

    /// The process of a component.
    pub(crate) fn pid(&self, component: &str) -> Option<u32> {
        let components = self.status["components"].as_array()?;
        let one = components.iter().find(|it| it["name"] == component)?;
        one["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok())
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.status["ready"] == true
    }
}

/// Ends a process as a failing machine would.
pub(crate) fn kill(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    let pid = pid.expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("a process of ours");
}

fn output(mut command: Command, input: Option<&str>) -> Result<String, String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        // Who does not listen says why.
        let _ = stdin.write_all(input.unwrap_or_default().as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(out.into_owned()) } else { Err(format!("{out}{err}")) }
}
