//! A master is replaced, as a rotation does it: all that is asked of nodes goes over their leases (docs/adr/0005).

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value as Json, json};

use crate::cluster::{Cluster, NAMES, files, peers};
use crate::writers::Writers;

const NEW: usize = 3;

impl Cluster {
    fn lease(&self, via: usize, n: usize) -> Option<Json> {
        let name = format!("kprov-node-{}", NAMES[n]);
        let said = self.kubectl(via, &["get", "lease", "-n", "kube-system", &name, "-o", "json"]);
        serde_json::from_str(&said.ok()?).ok()
    }

    /// What the lease of a node tells, by the name of the annotation.
    fn told(&self, via: usize, n: usize, what: &str) -> Json {
        let lease = self.lease(via, n).unwrap_or_default();
        let text = lease["metadata"]["annotations"][format!("kprov.dev/{what}")].as_str();
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// Asks something of a node, as kprov does.
    pub(crate) fn ask(&self, via: usize, n: usize, asked: &Json) {
        let patch = json!({"metadata": {"annotations": {"kprov.dev/asked": asked.to_string()}}});
        let name = format!("kprov-node-{}", NAMES[n]);
        let args = ["patch", "lease", "-n", "kube-system", &name, "--type=merge", "-p"];
        let patch = patch.to_string();
        let args: Vec<&str> = args.into_iter().chain([patch.as_str()]).collect();
        self.kubectl(via, &args).expect("it is asked");
    }

    /// Asks, and waits for the answer: how, and why.
    fn asks(&self, via: usize, n: usize, asked: &Json) -> (String, String) {
        self.ask(via, n, asked);
        let mut answer = Json::Null;
        self.until(&format!("{} answers {asked}", NAMES[n]), 90, |it| {
            answer = it.told(via, n, "done");
            answer["token"] == asked["token"]
        });
        let text = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
        (text("how"), text("why"))
    }

    fn does(&self, via: usize, n: usize, asked: &Json) {
        let (how, why) = self.asks(via, n, asked);
        assert_eq!(how, "done", "{asked}: {why}");
    }

    fn refuses(&self, via: usize, n: usize, asked: &Json, words: &str) {
        let (how, why) = self.asks(via, n, asked);
        assert!(how == "failed" && why.contains(words), "{asked}: {how} {why}");
    }

    /// Names of those that etcd lists, as a node tells it.
    fn listed(&self, via: usize, n: usize) -> Vec<String> {
        let view = self.told(via, n, "etcd-view");
        let members = view["members"].as_array().cloned().unwrap_or_default();
        let voters = members.iter().filter(|it| it["voter"] == true && it["started"] == true);
        let mut names: Vec<String> =
            voters.filter_map(|it| it["name"].as_str().map(str::to_owned)).collect();
        names.sort();
        names
    }

    /// Which node leads etcd, as one of them tells it.
    fn leads(&self, via: usize) -> usize {
        let view = self.told(via, via, "etcd-view");
        let members = view["members"].as_array().expect("members");
        let leader = members.iter().find(|it| it["id"] == view["leader"]).expect("a leader");
        NAMES.iter().position(|name| leader["name"] == *name).expect("one of us")
    }
}

#[test]
fn a_master_is_replaced_over_its_lease_and_no_write_is_lost() {
    let Some(bin) = peers() else { return };
    let mut cluster = Cluster::new(bin, 218);
    cluster.all_masters();
    for n in 0..3 {
        cluster.start(n);
    }
    cluster.until_ready(&[0, 1, 2], 240);

    // They tell what they are, and agree.
    let names = ["a", "b", "c"].map(str::to_owned);
    cluster.until("leases tell of etcd and the API server", 60, |it| {
        (0..3).all(|n| {
            let (view, api) = (it.told(0, n, "etcd-view"), it.told(0, n, "api"));
            view["healthy"] == true && it.listed(0, n) == names && api["ready"] == true
        })
    });
    let views: Vec<Json> = (0..3).map(|n| cluster.told(0, n, "etcd-view")).collect();
    assert!(views.iter().all(|view| view["leader"] == views[0]["leader"]), "{views:?}");
    assert!(views[0]["term"].as_u64() > Some(0) && views[0]["alarms"] == json!([]), "{views:?}");
    let api = cluster.told(0, 1, "api");
    assert_eq!((&api["version"], &api["serving"]), (&json!("1.36.3"), &json!(true)), "{api}");
    assert_eq!((&api["shutdownDelay"], &api["goaway"]), (&json!(2), &json!(0.001)), "{api}");
    let served = api["names"].as_array().expect("names");
    assert!(served.contains(&json!(cluster.address(0))), "the endpoint is not in {api}");
    let mut writers = Writers::start(&cluster, &[0, 1, 2]);

    // What a machine before was asked is nothing to this one; then a snapshot, once for its token.
    let old = json!({"step": "stop-api", "token": "o-1", "since": "2026-01-01T00:00:00Z"});
    cluster.refuses(0, 1, &old, "a machine that was here before");
    let since = jiff::Timestamp::now().to_string();
    let asked = json!({"step": "snapshot", "token": "s-1", "since": since});
    let before = cluster.told(0, 1, "snapshot");
    cluster.does(0, 1, &asked);
    let taken = cluster.told(0, 1, "snapshot");
    assert!(taken != before && taken["verified"] == true && taken["complete"] == false, "{taken}");
    // Who asks never takes the annotation away, and the node leaves it alone.
    let lease = cluster.lease(0, 1).expect("a lease");
    assert_eq!(lease["metadata"]["annotations"]["kprov.dev/asked"], asked.to_string());

    // Leadership goes where it is to go; who does not lead has nothing to do.
    let old = cluster.leads(0);
    let heir = usize::from(old == 0);
    let term = cluster.told(0, old, "etcd-view")["term"].as_u64();
    let moves = |token: &str, to: &str| json!({"step": "move-leader", "token": token, "to": to});
    cluster.refuses(0, old, &moves("m-0", "nobody"), "machine nobody");
    cluster.does(0, old, &moves("m-1", NAMES[heir]));
    cluster.until("all say who leads now", 30, |it| {
        (0..3).all(|n| it.told(0, n, "etcd-view")["term"].as_u64() > term) && it.leads(0) == heir
    });
    cluster.does(0, old, &moves("m-2", NAMES[heir]));
    let so_far = writers.so_far();
    assert!(so_far.lost.is_empty(), "{:?}", so_far.lost);

    // A fourth joins while three are well.
    cluster.start(NEW);
    cluster.until_ready(&[NEW], 180);
    let four = ["a", "b", "c", "w"].map(str::to_owned);
    cluster.until("four vote", 30, |it| it.listed(0, 0) == four);

    // A member that is well leaves by its own machine only.
    let view = cluster.told(0, 2, "etcd-view");
    let id = view["member"].as_str().expect("its member").to_owned();
    let remove = |token: &str| json!({"step": "remove-member", "token": token, "id": id});
    cluster.refuses(0, 0, &remove("r-0"), "is well");

    // Its API server stops, and it tells that through the load balancer, which is node 0 here.
    writers.end(2);
    let begun = Instant::now();
    cluster.does(0, 2, &json!({"step": "stop-api", "token": "p-1"}));
    assert!(begun.elapsed() >= Duration::from_secs(2), "it was not unready for its delay");
    cluster.until("its lease says that it serves nobody", 30, |it| {
        let api = it.told(0, 2, "api");
        api["ready"] == false && api["serving"] == false
    });
    let pids = |it: &Cluster, name: &str| files(&it.directory(2).join("run"), name).len();
    for name in ["kube-apiserver.pid", "kube-scheduler.pid", "kube-controller-manager.pid"] {
        assert_eq!(pids(&cluster, name), 0, "{name}");
    }
    // A node that is killed comes back as what it was: a member without an API server.
    cluster.node(2).signal(Signal::KILL);
    cluster.node(2).wait(Duration::from_secs(10));
    cluster.start(2);
    cluster.until("its member is back, and tells it", 90, |it| {
        let status = it.status(2).unwrap_or_default();
        status["phase"].to_string().contains("its API server was stopped")
            && status["view"]["healthy"] == true
            && status["done"]["token"] == "p-1"
            && it.told(0, 2, "done")["token"] == "p-1"
    });
    assert_eq!(pids(&cluster, "kube-apiserver.pid"), 0);

    // Its member leaves, and does not come back, though its node is started again.
    cluster.does(0, 2, &remove("r-1"));
    let three = ["a", "b", "w"].map(str::to_owned);
    cluster.until("three are left", 30, |it| [0, 1, NEW].iter().all(|n| it.listed(0, *n) == three));
    assert!(!cluster.at("claims/members/c").exists());
    assert_eq!(pids(&cluster, "etcd.pid"), 0);
    let quick = |cluster: &mut Cluster| {
        let begun = Instant::now();
        assert_eq!(cluster.node(2).stop(), 0);
        assert!(begun.elapsed() < Duration::from_secs(10), "it took {:?}", begun.elapsed());
    };
    quick(&mut cluster);
    let renewed = |it: &Cluster| it.lease(0, 2).map(|lease| lease["spec"]["renewTime"].clone());
    let last = renewed(&cluster);
    cluster.start(2);
    cluster.until("it renews its lease, and has left", 60, |it| {
        let phase = it.status(2).map(|status| status["phase"].to_string()).unwrap_or_default();
        phase.contains("has left the cluster") && renewed(it).is_some_and(|now| last != Some(now))
    });
    assert_eq!(pids(&cluster, "etcd.pid"), 0);
    // Its machine ends, and nothing is left to be done.
    quick(&mut cluster);
    assert_eq!(cluster.members(0).len(), 3);
    assert!(!cluster.at("claims/members/c").exists());
    let tally = writers.so_far();
    eprintln!("{} writes, {} lost, slowest {:?}", tally.written, tally.lost.len(), tally.slowest);
    assert!(tally.lost.is_empty(), "{:?}", tally.lost);
    assert!(tally.written > 300, "only {} writes", tally.written);
}
