//! Golden flags: a changed flag is seen in review.

use crate::binaries::Programs;
use crate::document::Document;
use crate::layout::Layout;
use crate::testing;

use super::*;

fn shown(document: &Document, make: impl Fn(Setting<'_>) -> Vec<Invocation>) -> String {
    let (facts, layout) = (testing::facts(), Layout::new(&document.directory));
    let binaries = Programs::in_directory(std::path::Path::new("/opt/bin"));
    let made = make(Setting { document, facts: &facts, layout: &layout, binaries: &binaries });
    let lines =
        made.iter().map(|it| format!("{}\n  {}", it.program.display(), it.arguments.join("\n  ")));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_masters_flags() {
    let document = testing::document();
    insta::assert_snapshot!("etcd", shown(&document, |it| vec![etcd(it, &Start::Found)]));
    insta::assert_snapshot!("api-server", shown(&document, |it| vec![api_server(it)]));
    insta::assert_snapshot!(
        "controller-manager",
        shown(&document, |it| vec![controller_manager(it)])
    );
    insta::assert_snapshot!("scheduler", shown(&document, |it| vec![scheduler(it)]));
}

#[test]
fn joining_names_all_members_and_older_etcds_have_other_flags() {
    let document = Document::parse(&testing::MASTER.replace("3.6.16", "3.5.21")).unwrap();
    let members = vec![
        ("b".to_owned(), "https://b:2380".to_owned()),
        ("a".to_owned(), "https://a:2380".to_owned()),
    ];
    let found = shown(&document, |it| vec![etcd(it, &Start::Join(members.clone()))]);
    assert!(found.contains("--initial-cluster=b=https://b:2380,a=https://a:2380\n"), "{found}");
    assert!(
        found.contains("--initial-cluster-state=existing")
            && !found.contains("initial-cluster-token"),
        "{found}"
    );
    assert!(
        found.contains("--experimental-initial-corrupt-check=true")
            && !found.contains("feature-gates"),
        "{found}"
    );
}

#[test]
fn flags_of_the_document_replace_ours() {
    let text = format!("{}scheduler: {{flags: {{leader-elect: false, v: 4}}}}\n", testing::MASTER);
    let found = shown(&Document::parse(&text).unwrap(), |it| vec![scheduler(it)]);
    assert!(
        found.contains("--leader-elect=false") && !found.contains("--leader-elect=true"),
        "{found}"
    );
    assert!(found.ends_with("--v=4"), "{found}");
}

#[test]
fn a_workers_flags() {
    let text = testing::MASTER.replace("role: master", "role: worker");
    let text = format!("{text}kubelet: {{labels: {{a: b}}, taints: ['k=v:NoSchedule']}}\n");
    let containerd = Document::parse(&text).unwrap();
    let all = |it: Setting<'_>| worker(it).into_iter().map(|(_, invocation)| invocation).collect();
    insta::assert_snapshot!("worker", shown(&containerd, all));
    let kwok = Document::parse(&text.replace("kubelet: {", "kubelet: {runtime: kwok, ")).unwrap();
    insta::assert_snapshot!("kwok", shown(&kwok, all));
}

#[test]
fn a_masters_configuration() {
    let document = testing::document();
    let (facts, layout) = (testing::facts(), Layout::new(&document.directory));
    let binaries = Programs::in_directory(std::path::Path::new("/opt/bin"));
    let setting =
        Setting { document: &document, facts: &facts, layout: &layout, binaries: &binaries };
    let all: Vec<String> = config::of_master(setting)
        .into_iter()
        .map(|(name, text)| format!("# {name}\n{text}"))
        .collect();
    insta::assert_snapshot!("config", all.join("\n"));
}

#[test]
fn a_workers_configuration() {
    let text = testing::MASTER.replace("role: master", "role: worker");
    let text = text.replace("{from: static, name: a, address: 10.0.1.5}", "{from: ec2}");
    let text = format!("{text}kubelet: {{taints: ['k=v:NoSchedule', 'only:NoExecute']}}\n");
    let document = Document::parse(&text).unwrap();
    let (mut facts, layout) = (testing::facts(), Layout::new(&document.directory));
    facts.zone = Some("eu-west-1a".to_owned());
    let binaries = Programs::in_directory(std::path::Path::new("/opt/bin"));
    let setting =
        Setting { document: &document, facts: &facts, layout: &layout, binaries: &binaries };
    let all: Vec<String> = worker_config::of_worker(setting, "/etc/resolv.conf")
        .into_iter()
        .filter(|(name, _)| *name != kwok::STAGES_FILE)
        .map(|(name, text)| format!("# {name}\n{text}"))
        .collect();
    insta::assert_snapshot!("worker-config", all.join("\n"));
}
