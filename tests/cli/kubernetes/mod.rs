//! The program against etcd and kube-apiserver: a provider whose configuration is known only once something is made, and
//! the module of add-ons.

// The provider's suite uses all of it.
#[allow(dead_code)]
#[path = "../../../providers/kubernetes/tests/kubernetes/control_plane.rs"]
mod control_plane;

use crate::place::Place;
use control_plane::{ControlPlane, shared};

/// The cluster is an output of something that is made by the same apply.
fn provider(plane: &ControlPlane) -> String {
    format!(
        "resource \"terraform_data\" \"cluster\" {{\n  input = {{ host = {:?}, ca = {:?}, certificate = {:?}, key = {:?} }}\n}}\n\
         provider \"kubernetes\" {{\n  host = terraform_data.cluster.output.host\n  \
         cluster_ca_certificate = terraform_data.cluster.output.ca\n  \
         client_certificate = terraform_data.cluster.output.certificate\n  \
         client_key = terraform_data.cluster.output.key\n}}\n",
        plane.host, plane.ca, plane.admin.certificate, plane.admin.key
    )
}

const OBJECTS: &str = r#"
variable "color" { default = "blue" }
resource "kubernetes_namespace" "shop" {
  metadata { name = "shop" }
}
resource "kubernetes_config_map" "settings" {
  metadata {
    name      = "settings"
    namespace = kubernetes_namespace.shop.metadata[0].name
  }
  data = { color = var.color }
}
resource "kubernetes_secret" "key" {
  metadata {
    generate_name = "key-"
    namespace     = kubernetes_namespace.shop.metadata[0].name
  }
  data = { password = "correct horse" }
}
resource "kubernetes_manifest" "web" {
  manifest = {
    apiVersion = "apps/v1"
    kind       = "Deployment"
    metadata   = { name = "web", namespace = kubernetes_namespace.shop.metadata[0].name }
    spec = {
      replicas = 0
      selector = { matchLabels = { app = "web" } }
      template = {
        metadata = { labels = { app = "web" } }
        spec     = { containers = [{ name = "web", image = "web:${kubernetes_config_map.settings.data.color}" }] }
      }
    }
  }
}
output "uid" { value = kubernetes_namespace.shop.metadata[0].uid }
"#;

#[test]
fn a_cluster_that_the_same_apply_makes() {
    let Some(plane) = shared() else { return };
    let place = Place::new(&format!("{}{OBJECTS}", provider(plane)));
    place.kprov("validate").succeeds();
    let told = place.kprov("apply -auto-approve").succeeds();
    told.hides("correct horse").says(&["5 added"]);
    place.kprov("plan -detailed-exitcode").succeeds();
    let image =
        || plane.kubectl(&["get", "deploy", "-n", "shop", "web", "-o", "jsonpath={..image}"]);
    assert_eq!(image(), "web:blue");
    // What another client changes is seen and put right; what it adds is its own.
    plane.kubectl(&["set", "image", "-n", "shop", "deploy/web", "web=other:1"]);
    plane.kubectl(&["label", "-n", "shop", "deploy/web", "theirs=1"]);
    place.kprov("plan -detailed-exitcode").exits(2).says(&["other:1", "web:blue"]);
    place.kprov("apply -auto-approve").fails(&["kubectl", "force_conflicts"]);
    let forced = OBJECTS
        .replace("  manifest = {", "  field_manager { force_conflicts = true }\n  manifest = {");
    place.write("main.tf", format!("{}{forced}", provider(plane)));
    place.kprov("apply -auto-approve -var color=red").succeeds();
    assert_eq!(image(), "web:red");
    let label = plane.kubectl(&[
        "get",
        "deploy",
        "-n",
        "shop",
        "web",
        "-o",
        "jsonpath={.metadata.labels.theirs}",
    ]);
    assert_eq!(label, "1");
    place.kprov("plan -detailed-exitcode -var color=red").succeeds();
    place.kprov("destroy -auto-approve").succeeds();
    let left = plane.kubectl(&["get", "namespace", "shop", "--ignore-not-found", "-o", "name"]);
    assert_eq!(left, "");
}

const ADDONS: &str = r#"
variable "addons" { default = {} }
module "addons" {
  source          = "kprov//kubernetes/addons"
  cluster_name    = "test"
  api_server      = terraform_data.cluster.output.host
  service_cidr    = "10.96.0.0/16"
  bootstrap_token = "abcdef.0123456789abcdef"
  registry        = "mirror.test:5000/all"
  region          = "eu-west-1"
  admin_groups    = ["admins"]
  addons          = var.addons
}
output "images" { value = module.addons.images }
"#;

/// Add-ons, and what their objects and accounts are called.
const ALL: [(&str, &str); 4] = [
    ("coredns", "coredns"),
    ("kube_proxy", "kube-proxy"),
    ("network", "flannel"),
    ("cluster_autoscaler", "cluster-autoscaler"),
];

fn each_is_switched_alone_and_takes_its_rights_along(plane: &ControlPlane, place: &Place) {
    let of = |name: &str| {
        let kinds = "deploy,ds,cm,svc,pdb,sa";
        let objects = plane.kubectl(&["get", kinds, "-n", "kube-system", "-o", "name"]);
        let rights = plane.kubectl(&["get", "clusterrole,clusterrolebinding", "-o", "name"]);
        let ours = objects.lines().chain(rights.lines().filter(|line| line.contains("/kprov:")));
        let dns = if name == "coredns" { "kube-dns" } else { name };
        ours.filter(|line| line.contains(name) || line.contains(dns)).count()
    };
    for (off, _) in ALL {
        let switched = ALL.map(|(addon, _)| format!("{addon} = {{ enabled = {} }}", addon != off));
        place.write("terraform.tfvars", format!("addons = {{ {} }}\n", switched.join(", ")));
        place.kprov("apply -auto-approve").succeeds();
        place.kprov("plan -detailed-exitcode").succeeds();
        for (addon, name) in ALL {
            let found = of(name);
            assert_eq!(found == 0, addon == off, "{off} is off, {addon} has {found} objects");
        }
        let path = "jsonpath={..image}";
        let images = plane.kubectl(&["get", "deploy,ds", "-n", "kube-system", "-o", path]);
        for image in images.split_whitespace() {
            let tag = image.rsplit_once(':').map(|(_, tag)| tag).unwrap_or_default();
            assert!(tag.starts_with('v') && tag.contains('.'), "{image} is not pinned");
        }
    }
}

const CHANGED: &str = r#"{
      coredns            = { overrides = { "Deployment/coredns" = { spec = { replicas = 5, template = { spec = {
                             containers = [{ name = "coredns", resources = { limits = { memory = "1Gi" } } }] } } } } } }
      kube_proxy         = { enabled = false }
      network            = { replace = { "ConfigMap/own" = { apiVersion = "v1", kind = "ConfigMap",
                             metadata = { name = "own", namespace = "kube-system" }, data = { a = "b" } } } }
      cluster_autoscaler = { enabled = true, version = "v9.9.9" }
    }"#;

#[test]
fn add_ons_come_change_and_go() {
    let Some(plane) = shared() else { return };
    let place = Place::new(&format!("{}{ADDONS}", provider(plane)));
    place.kprov("apply -auto-approve").succeeds();
    place.kprov("plan -detailed-exitcode").succeeds();
    let objects = || plane.kubectl(&["get", "deploy,ds,cm", "-n", "kube-system", "-o", "name"]);
    for name in [
        "deployment.apps/coredns",
        "daemonset.apps/kube-proxy",
        "daemonset.apps/flannel",
        "configmap/coredns",
    ] {
        assert!(objects().lines().any(|line| line == name), "{name}: {}", objects());
    }
    assert!(!objects().contains("autoscaler"));
    let jsonpath = |what: &[&str], path: &str| {
        let path = format!("jsonpath={path}");
        let all: Vec<&str> =
            what.iter().copied().chain(["-n", "kube-system", "-o", &path]).collect();
        plane.kubectl(&[&["get"], all.as_slice()].concat())
    };
    let image = jsonpath(&["deploy", "coredns"], "{..image}");
    assert!(image.starts_with("mirror.test:5000/all/coredns/coredns:v"), "{image}");
    let level = jsonpath(
        &["namespace", "kube-system"],
        "{.metadata.labels.pod-security\\.kubernetes\\.io/enforce}",
    );
    assert_eq!(level, "privileged");
    assert_eq!(
        jsonpath(&["secret", "bootstrap-token-abcdef"], "{.type}"),
        "bootstrap.kubernetes.io/token"
    );
    let may = [
        "auth",
        "can-i",
        "create",
        "certificatesigningrequests",
        "--as=x",
        "--as-group=system:bootstrappers",
    ];
    assert_eq!(plane.kubectl(&may).trim(), "yes");

    each_is_switched_alone_and_takes_its_rights_along(plane, &place);

    place.write("terraform.tfvars", format!("addons = {CHANGED}\n"));
    place.kprov("apply -auto-approve").succeeds();
    place.kprov("plan -detailed-exitcode").succeeds();
    assert_eq!(jsonpath(&["deploy", "coredns"], "{.spec.replicas}"), "5");
    assert_eq!(jsonpath(&["deploy", "coredns"], "{..limits.memory}"), "1Gi");
    assert_eq!(jsonpath(&["deploy", "coredns"], "{..requests.memory}"), "70Mi");
    let command = jsonpath(&["deploy", "cluster-autoscaler"], "{..command}");
    assert!(command.contains("k8s.io/cluster-autoscaler/test"), "{command}");
    for name in ["kube-proxy", "flannel"] {
        assert!(!objects().contains(name), "{name} is still there");
    }
    assert!(objects().contains("configmap/own"));

    place.write(
        "terraform.tfvars",
        "addons = { coredns = { overrides = { \"Deployment/none\" = {} } } }\n",
    );
    place.kprov("plan").fails(&["Deployment/none"]);
    place.write("terraform.tfvars", "");
    place.kprov("destroy -auto-approve").succeeds();
    assert!(!objects().contains("coredns"));
}
