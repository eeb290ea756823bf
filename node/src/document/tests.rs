//! Documents that can work, and faults at their lines.

use super::*;

const MASTER: &str = "\
apiVersion: kprov.dev/v1alpha1
kind: Node
role: master
cluster:
  name: demo
  endpoint: https://127.0.0.1:6443
identity: {from: static, name: a, address: 127.77.0.1}
peers:
  from: static
  members:
    - {name: a, address: 127.77.0.1}
    - {name: b, address: 127.77.0.2}
secrets: {from: directory, path: /pki}
claims: {from: directory, path: /claims}
versions: {kubernetes: 1.36.3, etcd: 3.6.16}
binaries:
  directory: /opt/bin
apiServer:
  flags: {v: 2, profiling: false, feature-gates: A=true}
";

fn faults(text: &str) -> Vec<String> {
    Document::parse(text).expect_err("it is wrong").0.iter().map(Fault::to_string).collect()
}

fn one(from: &str, to: &str) -> String {
    assert!(MASTER.contains(from), "{from}");
    let mut found = faults(&MASTER.replacen(from, to, 1));
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn a_master_has_its_defaults() {
    let document = Document::parse(MASTER).expect("it is right");
    assert_eq!(document.role, Role::Master);
    assert_eq!(document.cluster.endpoint_host, "127.0.0.1");
    assert_eq!(document.cluster.service_cidr.to_string(), "10.96.0.0/12");
    assert_eq!(document.cluster.service_cidr.first_host().to_string(), "10.96.0.1");
    assert_eq!(document.directory, PathBuf::from("/var/lib/kprov"));
    assert_eq!(document.api_server.shutdown_delay, Duration::from_secs(60));
    assert_eq!(document.api_server.flags["v"], "2");
    assert_eq!(document.api_server.flags["profiling"], "false");
    assert_eq!(document.secrets_every, Duration::from_secs(60));
    let Identity::Static { id, .. } = &document.identity else { panic!("static") };
    assert_eq!(id, "a");
}

#[test]
fn json_is_read_too() {
    let json = r#"{"apiVersion":"kprov.dev/v1alpha1","kind":"Node","role":"worker","cluster":{"name":"demo",
        "endpoint":"https://[fd00::1]:6443"},"identity":{"from":"ec2"},"secrets":{"from":"ssm","prefix":"kprov/demo/"},
        "versions":{"kubernetes":"v1.36.3"},"binaries":{"directory":"/b"},"kubelet":{"runtime":"kwok"}}"#;
    let document = Document::parse(json).expect("it is right");
    assert_eq!(document.cluster.endpoint_host, "fd00::1");
    assert_eq!(document.secrets, Source::Ssm { prefix: "/kprov/demo".into() });
}

#[test]
fn newer_versions_say_which_are_known() {
    let said = one("kprov.dev/v1alpha1", "kprov.dev/v2");
    assert!(said.starts_with("line 1, column 13: "), "{said}");
    assert!(
        said.contains("\"kprov.dev/v2\"") && said.contains("knows kprov.dev/v1alpha1"),
        "{said}"
    );
}

#[test]
fn unknown_fields_are_told_at_their_line() {
    let said = one("  name: demo", "  nmae: x\n  name: demo");
    assert!(said.starts_with("line 5,") && said.contains("nmae"), "{said}");
}

#[test]
fn what_cannot_work_is_told_at_its_line() {
    let check = |from: &str, to: &str, line: u64, words: &str| {
        let said = one(from, to);
        assert!(said.starts_with(&format!("line {line},")) && said.contains(words), "{said}");
    };
    check("role: master", "role: boss", 3, "master or worker");
    check("https://127", "http://127", 6, "https://NAME:6443");
    check("address: 127.77.0.1}", "address: here}", 7, "no IP address");
    check("{name: b", "{name: a", 12, "Another member");
    check("path: /pki", "path: /pki, prefix: /x", 13, "has no \"prefix\"");
    check("{from: directory, path: /claims}", "{from: nfs}", 14, "from");
    check("1.36.3", "'1.36'", 15, "no version");
    check("1.36.3", "1.29.0", 15, "older than 1.30");
    check(", etcd: 3.6.16", "", 15, "etcd");
    check("  directory: /opt/bin", "  artifacts: []\n  directory: /opt", 17, "either");
    check("flags: {v: 2", "goawayChance: 0.5\n  flags: {v: 2", 19, "0 to 0.02");
    check("flags: {v: 2", "flags: {--v: 2", 19, "without dashes");
    let role = "kubelet: {labels: {node-role.kubernetes.io/master: ''}}\napiServer:";
    check("apiServer:", role, 18, "may not label itself");
    check("flags: {v: 2", "shutdownDelay: soon\n  flags: {v: 2", 19, "no duration");
}

#[test]
fn several_faults_come_in_the_order_of_lines() {
    let text = MASTER.replace("role: master", "role: boss").replace("1.36.3", "x");
    let found = faults(&text);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("line 3") && found[1].starts_with("line 15"), "{found:?}");
}

#[test]
fn artifacts_that_the_role_runs_are_missed() {
    let artifact = "artifacts: [{name: etcd, sha256: abc, urls: [ftp://x]}]";
    let found = faults(&MASTER.replace("directory: /opt/bin", artifact));
    assert!(found.iter().any(|said| said.contains("64 hexadecimal")), "{found:?}");
    assert!(found.iter().any(|said| said.contains("begins with https://")), "{found:?}");
    assert!(found.iter().any(|said| said.contains("no artifact kube-apiserver")), "{found:?}");
}

#[test]
fn who_takes_snapshots_has_what_restores_them() {
    let names = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];
    let artifacts: Vec<String> = names
        .map(|name| format!("{{name: {name}, sha256: {}, urls: ['https://x/y']}}", "0".repeat(64)))
        .to_vec();
    let text =
        MASTER.replace("directory: /opt/bin", &format!("artifacts: [{}]", artifacts.join(", ")));
    Document::parse(&text).expect("without snapshots it is not needed");
    let text = format!("{text}etcd: {{snapshots: {{to: {{from: directory, path: /s}}}}}}\n");
    let found = faults(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("no artifact etcdutl, which restores snapshots"), "{found:?}");
}

#[test]
fn broken_text_is_a_fault_and_no_panic() {
    for text in
        ["", "{", "- a", "apiVersion: [1]", "apiVersion: kprov.dev/v1alpha1\nkind: Node\n", "\u{0}"]
    {
        assert!(Document::parse(text).is_err(), "{text:?}");
    }
}
