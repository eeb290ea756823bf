//! How the node of a directory stands, for people and programs.

use std::fmt::Write;
use std::path::Path;

use super::Report;
use crate::layout::Layout;
use crate::problem::Problem;

/// How a node stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    running: bool,
    report: Report,
}

/// Reads how the node of a directory stands.
///
/// # Errors
/// When no node ever ran there.
pub fn standing(directory: &Path) -> Result<Standing, Problem> {
    let layout = Layout::new(directory);
    let text = std::fs::read(layout.status()).map_err(|error| {
        let detail =
            format!("{}: {error}. Start one with \"kprov node up\".", layout.status().display());
        Problem::new("No node ran here", detail)
    })?;
    let report = serde_json::from_slice(&text).map_err(|error| {
        Problem::new(
            "The node's status cannot be read",
            format!("{}: {error}.", layout.status().display()),
        )
    })?;
    Ok(Standing { running: layout.is_locked(), report })
}

impl Standing {
    /// It runs, all of it is ready, and no alarm of etcd stands.
    pub fn is_ready(&self) -> bool {
        let alarmed = self.report.etcd.as_ref().is_some_and(|etcd| !etcd.alarms.is_empty());
        self.running && self.report.ready && !alarmed
    }

    pub(crate) fn role(&self) -> &str {
        &self.report.role
    }

    pub(crate) fn address(&self) -> Result<std::net::IpAddr, Problem> {
        self.report.address.parse().map_err(|_| {
            Problem::new(
                "The node's status makes no sense",
                format!("It says that its address is {:?}.", self.report.address),
            )
        })
    }

    /// For programs.
    pub fn json(&self) -> serde_json::Value {
        let mut json = serde_json::to_value(&self.report).unwrap_or_default();
        json["running"] = self.running.into();
        json["ready"] = self.is_ready().into();
        json
    }
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Report { role, name, cluster, address, phase, .. } = &self.report;
        let doing = if self.running { phase.as_str() } else { "does not run" };
        writeln!(f, "{role} {name} of {cluster} at {address}: {doing}")?;
        if let Some(problem) = &self.report.problem {
            writeln!(f, "problem: {problem}")?;
        }
        if let Some(etcd) = &self.report.etcd {
            let member = etcd.member.as_deref().unwrap_or("none yet");
            writeln!(
                f,
                "etcd: member {member}, {}",
                if etcd.voter { "voter" } else { &etcd.doing }
            )?;
            for other in &etcd.members {
                let kind = if other.voter { "voter" } else { "learner" };
                let health = if other.healthy { "answers" } else { "does not answer" };
                writeln!(f, "  {} {} {kind}, {health}", other.id, other.name)?;
            }
        }
        for part in &self.report.components {
            let state = serde_json::to_value(part.state).unwrap_or_default();
            let pid = part.pid.map_or_else(String::new, |pid| format!(", process {pid}"));
            let mut line = format!("{}: {}{pid}", part.name, state.as_str().unwrap_or_default());
            if part.restarts > 0 {
                let _ = write!(line, ", {} restarts", part.restarts);
            }
            writeln!(f, "{line}")?;
            if let Some(error) = &part.last_error {
                writeln!(f, "  {}", error.replace('\n', "\n  "))?;
            }
        }
        let soonest = self.report.certificates.iter().min_by_key(|expiry| expiry.until.clone());
        if let Some(expiry) = soonest {
            writeln!(
                f,
                "certificates: {}, {} ends first, {}",
                self.report.certificates.len(),
                expiry.name,
                expiry.until
            )?;
        }
        if let Some(snapshot) = &self.report.last_snapshot {
            writeln!(f, "last snapshot: {snapshot}")?;
        }
        Ok(())
    }
}
