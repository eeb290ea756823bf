//! kwok in the place of a kubelet: its flags, and what it is to say of nodes and pods. A node is ready at once, pods run as
//! soon as they are bound, those of Jobs are done as soon as they run, and deleted ones go.

use super::flags::Flags;
use super::{Invocation, Setting};

const PORT: u16 = 10247;

/// kwok for this one node, with this node's own certificate.
pub(super) fn kwok(setting: Setting<'_>) -> Invocation {
    let mut flags = Flags::default();
    flags
        .set("kubeconfig", setting.config("kubelet.kubeconfig"))
        .set("config", setting.config(STAGES_FILE))
        .set("manage-all-nodes", false)
        .set("manage-single-node", &setting.facts.name)
        .set("node-ip", setting.facts.private)
        .set("node-port", PORT)
        .set("cidr", setting.document.cluster.pod_cidr)
        .set("server-address", std::net::SocketAddr::new(setting.facts.reach, PORT))
        .set("node-lease-duration-seconds", 40);
    let arguments = flags.arguments(&setting.document.kubelet.flags);
    Invocation { program: setting.program("kwok"), arguments }
}

pub(super) const STAGES_FILE: &str = "kwok.yaml";

/// What it is to say. Its node is of the document's version, as one with a kubelet is.
pub(super) fn stages(setting: Setting<'_>) -> String {
    STAGES.replace("VERSION", &setting.document.versions.kubernetes.to_string())
}

/// kwok's stages: when they apply, and the status that they write.
const STAGES: &str = r#"apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: node-ready}
spec:
  resourceRef: {apiGroup: v1, kind: Node}
  selector:
    matchExpressions:
    - {key: '.status.conditions.[] | select( .type == "Ready" ) | .status', operator: NotIn, values: ["True"]}
  next:
    statusTemplate: |
      {{ $now := Now }}
      phase: Running
      conditions:
      {{ range NodeConditions }}
      - type: {{ .type | Quote }}
        status: {{ .status | Quote }}
        reason: {{ .reason | Quote }}
        message: {{ .message | Quote }}
        lastHeartbeatTime: {{ $now | Quote }}
        lastTransitionTime: {{ $now | Quote }}
      {{ end }}
      addresses:
      - {type: InternalIP, address: {{ NodeIP | Quote }}}
      - {type: Hostname, address: {{ NodeName | Quote }}}
      capacity: {cpu: "8", memory: 32Gi, pods: "110"}
      allocatable: {cpu: "8", memory: 32Gi, pods: "110"}
      nodeInfo: {kubeletVersion: vVERSION, operatingSystem: linux}
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-running}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchExpressions:
    - {key: .metadata.deletionTimestamp, operator: DoesNotExist}
    - {key: .status.phase, operator: In, values: [Pending]}
  next:
    statusTemplate: |
      {{ $now := Now }}
      phase: Running
      startTime: {{ $now | Quote }}
      conditions:
      - {type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }}}
      - {type: ContainersReady, status: "True", lastTransitionTime: {{ $now | Quote }}}
      - {type: Ready, status: "True", lastTransitionTime: {{ $now | Quote }}}
      containerStatuses:
      {{ range .spec.containers }}
      - name: {{ .name | Quote }}
        image: {{ .image | Quote }}
        ready: true
        restartCount: 0
        state: {running: {startedAt: {{ $now | Quote }}}}
      {{ end }}
      {{ with NodeIPsWith .spec.nodeName }}
      hostIP: {{ index . 0 | Quote }}
      {{ end }}
      {{ with PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) }}
      podIP: {{ index . 0 | Quote }}
      podIPs: [{ip: {{ index . 0 | Quote }}}]
      {{ end }}
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-of-a-job-done}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchExpressions:
    - {key: .metadata.deletionTimestamp, operator: DoesNotExist}
    - {key: .status.phase, operator: In, values: [Running]}
    - {key: '.metadata.ownerReferences.[].kind', operator: In, values: [Job]}
  next:
    statusTemplate: |
      {{ $now := Now }}
      phase: Succeeded
      containerStatuses:
      {{ range .spec.containers }}
      - name: {{ .name | Quote }}
        image: {{ .image | Quote }}
        ready: false
        restartCount: 0
        state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}}
      {{ end }}
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: pod-gone}
spec:
  resourceRef: {apiGroup: v1, kind: Pod}
  selector:
    matchExpressions:
    - {key: .metadata.deletionTimestamp, operator: Exists}
  next: {delete: true}
"#;
