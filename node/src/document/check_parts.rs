//! What must hold of the parts of a document that are about one component each.

use std::time::Duration;

use super::check::Checking;
use super::labels;
use super::raw::At;
use super::{ApiServer, Content, Etcd, File, Flags, Kubelet, Role, Runtime, Snapshots, raw};

impl Checking {
    pub(super) fn etcd(&mut self, raw: raw::Etcd) -> Option<Etcd> {
        let snapshots = match raw.snapshots {
            None => None,
            Some(snapshots) => {
                let raw = snapshots.value;
                let every = self.duration(raw.every.as_ref(), 900)?;
                if every < Duration::from_secs(1) {
                    self.wrong::<()>(
                        snapshots.referenced,
                        "Snapshots are at least a second apart.",
                    );
                }
                let keep = raw.keep.map_or(96, |keep| keep.value);
                let to = self.source(raw.to, &["s3", "directory"])?;
                Some(Snapshots {
                    every,
                    keep: usize::try_from(keep).unwrap_or(usize::MAX).max(1),
                    to,
                })
            }
        };
        let quota_bytes = raw.quota_bytes.map_or(8 << 30, |quota| quota.value);
        Some(Etcd { snapshots, quota_bytes, flags: self.flags(raw.flags)? })
    }

    pub(super) fn api_server(&mut self, raw: raw::ApiServer) -> Option<ApiServer> {
        let goaway_chance = match raw.goaway_chance {
            None => 0.001,
            Some(chance) if (0.0..=0.02).contains(&chance.value) => chance.value,
            Some(chance) => {
                self.wrong(chance.referenced, "The API server takes chances from 0 to 0.02.")?
            }
        };
        Some(ApiServer {
            port: raw.port.map_or(6443, |port| port.value),
            shutdown_delay: self.duration(raw.shutdown_delay.as_ref(), 60)?,
            goaway_chance,
            audit_policy: raw.audit_policy.map(|policy| policy.value),
            flags: self.flags(raw.flags)?,
        })
    }

    pub(super) fn flags(&mut self, raw: raw::Flags) -> Option<Flags> {
        let Some(raw) = raw else { return Some(Flags::new()) };
        for name in raw.value.keys().filter(|name| name.starts_with('-')) {
            self.wrong::<()>(
                raw.referenced,
                format!("Flags are written without dashes, not {name:?}."),
            );
        }
        let text = |value: raw::Scalar| match value {
            raw::Scalar::Bool(value) => value.to_string(),
            raw::Scalar::Int(value) => value.to_string(),
            raw::Scalar::Text(value) => value,
        };
        Some(raw.value.into_iter().map(|(name, value)| (name, text(value))).collect())
    }

    pub(super) fn kubelet(&mut self, raw: raw::Kubelet) -> Option<Kubelet> {
        let runtime = match raw.runtime.as_ref().map(|runtime| runtime.value.as_str()) {
            None | Some("containerd") => Runtime::Containerd,
            Some("kwok") => Runtime::Kwok,
            Some(other) => {
                let at = raw.runtime.as_ref()?.referenced;
                self.wrong(at, format!("A runtime is containerd or kwok, not {other:?}."))?
            }
        };
        for taint in &raw.taints {
            let effect = taint.value.rsplit_once(':').map(|(_, effect)| effect);
            if !matches!(effect, Some("NoSchedule" | "PreferNoSchedule" | "NoExecute")) {
                let message = "A taint is KEY=VALUE:EFFECT; effects are NoSchedule, PreferNoSchedule and NoExecute.";
                self.wrong::<()>(taint.referenced, message);
            }
        }
        if let Some(labels) = &raw.labels {
            for (key, value) in &labels.value {
                if let Some(message) = labels::fault(key, value) {
                    self.wrong::<()>(labels.referenced, message);
                }
            }
        }
        let labels = raw.labels.map(|labels| labels.value).unwrap_or_default();
        let taints = raw.taints.into_iter().map(|taint| taint.value).collect();
        Some(Kubelet { runtime, labels, taints, flags: self.flags(raw.flags)? })
    }

    pub(super) fn file(&mut self, raw: At<raw::File>) -> Option<File> {
        let at = raw.referenced;
        let raw = raw.value;
        let path = self.absolute(&raw.path);
        let mode = match &raw.mode {
            None => Some(0o644),
            Some(mode) => match u32::from_str_radix(&mode.value, 8) {
                Ok(bits) if bits <= 0o777 => Some(bits),
                _ => self
                    .wrong(mode.referenced, "A mode is of octal digits in quotes, like \"0644\"."),
            },
        };
        let content = match (raw.content, raw.secret) {
            (Some(text), None) => Content::Text(text),
            (None, Some(path)) => Content::Secret(path.value),
            _ => {
                self.wrong(at, "A file has either \"content\" or a \"secret\"'s path in the tree.")?
            }
        };
        Some(File { path: path?, mode: mode?, content })
    }
}

/// The programs that a role runs.
pub(super) fn needed_programs(role: Option<Role>, runtime: Option<Runtime>) -> Vec<&'static str> {
    match (role, runtime) {
        (Some(Role::Master), _) => {
            vec!["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]
        }
        (Some(Role::Worker), Some(Runtime::Kwok)) => vec!["kwok"],
        (Some(Role::Worker), Some(Runtime::Containerd)) => {
            vec!["containerd", "containerd-shim-runc-v2", "runc", "kubelet"]
        }
        _ => Vec::new(),
    }
}
