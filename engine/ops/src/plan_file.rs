//! Saved plans: `plan -out=FILE`.
//!
//! ```text
//! "kprov plan\n" | version, 4 bytes | SHA-256 of the rest, 32 bytes | deflate(JSON of PlanFile)
//! ```
//! Version 1 is as above; in version 2, that of plans with anything secret in them, what follows the
//! digest is sealed by the project's [`Vault`].
//!
//! The file is complete or it is refused: the digest finds every truncation and every changed byte.
//! It never holds ephemeral values.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use kprov_core::value::text_may_have_marks;
use kprov_core::{Diagnostic, Diagnostics, Host, ModulePath, Str, Value};
use kprov_lang::config::{ModuleTree, load_tree};
use kprov_plan::Plan;
use kprov_provider::rotation::MachineId;
use kprov_state::{KeyError, Vault};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::json::prior_values;
use crate::rotation::PlannedRotation;
use crate::secrets::is_secret;
use crate::{PlanRequest, Planned, Project, Snapshot};

const MAGIC: &[u8] = b"kprov plan\n";
const VERSION: u32 = 1;
const VERSION_SEALED: u32 = 2;

/// What a sealed content is bound to.
const KIND: &str = "plan file";
const HEADER: usize = MAGIC.len() + 4 + 32;

/// A larger content is not a plan that we wrote.
const CONTENT_MAX: u64 = 4 << 30;

/// What a saved plan holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlanFile {
    /// The plan.
    pub plan: Plan,
    /// The configuration that was planned.
    pub configuration: Snapshot,
    /// The root module's directory.
    pub dir: String,
    /// The state that was planned from.
    pub lineage: String,
    /// Its serial.
    pub serial: u64,
    /// Its workspace.
    pub workspace: String,
    /// Root variables as given; ephemeral ones are not here.
    pub variables: BTreeMap<Str, Value>,
    /// `-no-defer`
    pub no_defer: bool,
    /// `-refresh=false`
    pub skip_refresh: bool,
    /// `values` of the refreshed state, in the format of `show -json`.
    pub prior_values: Option<serde_json::Value>,
    /// What becomes of clusters whose groups are rotated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rotations: Vec<PlannedRotation>,
    /// Machines that `-rotate` named: later phases of its apply go by them, too.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub named: BTreeSet<MachineId>,
    /// Is anything in it known to be secret? Marks are not looked at yet.
    #[serde(skip)]
    secret: bool,
}

impl PlanFile {
    /// The file's content for a plan of the project.
    pub fn of(planned: &Planned, project: &Project) -> PlanFile {
        let root = planned.tree.modules.get(&ModulePath::root());
        let is_ephemeral = |name: &Str| {
            root.and_then(|root| root.variables.get(name)).is_none_or(|found| found.ephemeral)
        };
        let is_sensitive = |name: &Str| {
            root.and_then(|root| root.outputs.get(name)).is_some_and(|output| output.sensitive)
        };
        let given = planned.variables.iter().filter(|(name, _)| !is_ephemeral(name));
        PlanFile {
            plan: planned.plan.clone(),
            configuration: Snapshot::of(&planned.tree, &project.sources),
            dir: project.dir.clone(),
            lineage: planned.state.lineage.clone(),
            serial: planned.state.serial,
            workspace: planned.options.workspace.to_string(),
            variables: given.map(|(name, value)| (name.clone(), value.clone())).collect(),
            no_defer: planned.options.no_defer,
            skip_refresh: !planned.options.refreshed,
            prior_values: prior_values(
                &planned.state,
                &planned.prior,
                &planned.plan,
                &is_sensitive,
            ),
            rotations: planned.rotations.clone(),
            named: planned.named.clone(),
            secret: is_secret(planned, &project.vault),
        }
    }

    /// The configuration that was planned, from the file.
    pub fn load(&self, project: &Project) -> (ModuleTree, Diagnostics) {
        load_tree(&self.configuration, &project.sources, &*project.embedded, &self.dir)
    }

    /// The choices that it was made with; later phases of its apply go by them, too.
    pub(crate) fn request(&self) -> PlanRequest {
        PlanRequest {
            mode: self.plan.mode,
            targets: self.plan.targets.clone(),
            excludes: self.plan.excludes.clone(),
            replace: self.plan.replace.clone(),
            // Named machines are in the file by their ids.
            rotate: Vec::new(),
            rotate_only: self.plan.rotate_only,
            renew: Vec::new(),
            skip_refresh: self.skip_refresh,
            no_defer: self.no_defer,
            // Variables are in the file as values.
            variables: Vec::new(),
            environment_names: Vec::new(),
        }
    }

    /// As bytes; sealed if there is anything secret in it.
    ///
    /// # Errors
    /// When there is no key to seal it with; when a value in the plan cannot be written, which is a bug.
    pub fn encode(&self, vault: &Vault, host: &dyn Host) -> Result<Vec<u8>, Diagnostic> {
        let failed = |why: String| {
            Diagnostic::error(
                "Failed to write plan file",
                format!("The plan could not be put into a file: {why}."),
            )
        };
        let text = serde_json::to_string(self).map_err(|error| failed(error.to_string()))?;
        let secret = self.secret || text_may_have_marks(&text);
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).map_err(|error| failed(error.to_string()))?;
        let mut content = encoder.finish().map_err(|error| failed(error.to_string()))?;
        let mut version = VERSION;
        if secret && vault.is_on() {
            version = VERSION_SEALED;
            content = vault
                .seal_document(KIND, &content, host)
                .map_err(|error| failed(format!("there are secrets in it, and {error}")))?;
        }
        let mut out = Vec::with_capacity(HEADER + content.len());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&version.to_le_bytes());
        out.extend_from_slice(&Sha256::digest(&content));
        out.extend_from_slice(&content);
        Ok(out)
    }

    /// Reads what [`PlanFile::encode`] wrote.
    ///
    /// # Errors
    /// When it is something else, is damaged, is sealed with a key that `vault` does not have, or
    /// another version of kprov wrote it.
    pub fn decode(bytes: &[u8], name: &str, vault: &Vault) -> Result<PlanFile, Diagnostic> {
        let refused =
            |summary: &'static str, detail: String| Err(Diagnostic::error(summary, detail));
        if !is_plan_file(bytes) {
            let what = if bytes.starts_with(b"PK\x03\x04") {
                "It may be a plan of Terraform: kprov applies its own plans only."
            } else {
                "Plan files are made by \"kprov plan -out=FILE\"."
            };
            return refused(
                "Not a plan file",
                format!("{name:?} is not a plan file of kprov. {what}"),
            );
        }
        let Some((header, content)) = bytes.split_at_checked(HEADER) else {
            return refused("Damaged plan file", damaged(name, "it ends in its header"));
        };
        let mut version = [0; 4];
        version.copy_from_slice(&header[MAGIC.len()..MAGIC.len() + 4]);
        let version = u32::from_le_bytes(version);
        if ![VERSION, VERSION_SEALED].contains(&version) {
            return refused(
                "Plan file of another version",
                format!(
                    "{name:?} was written by another version of kprov (plan format {version}, this \
                     one reads up to {VERSION_SEALED}). Make the plan anew with this kprov, or apply it with the \
                     one that made it."
                ),
            );
        }
        if Sha256::digest(content).as_slice() != &header[MAGIC.len() + 4..] {
            let why = "its checksum is wrong: it was cut short or changed";
            return refused("Damaged plan file", damaged(name, why));
        }
        let content = match version {
            VERSION_SEALED => Cow::Owned(unsealed(content, name, vault)?),
            _ => Cow::Borrowed(content),
        };
        let mut text = Vec::new();
        let mut decoder = DeflateDecoder::new(&*content).take(CONTENT_MAX);
        if let Err(error) = decoder.read_to_end(&mut text) {
            return refused("Damaged plan file", damaged(name, &error.to_string()));
        }
        serde_json::from_slice(&text).or_else(|error| {
            refused("Damaged plan file", damaged(name, &format!("its content is wrong: {error}")))
        })
    }
}

fn unsealed(content: &[u8], name: &str, vault: &Vault) -> Result<Vec<u8>, Diagnostic> {
    vault.open_document(KIND, content).map_err(|error| match error {
        KeyError::Damaged { what } => Diagnostic::error("Damaged plan file", damaged(name, &what)),
        error => Diagnostic::error(
            "Sealed plan file",
            format!(
                "There are secrets in the plan file {name:?}: {error}. Give that key, or make the \
                 plan anew."
            ),
        ),
    })
}

/// Does the file say that it is a plan?
pub fn is_plan_file(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

fn damaged(name: &str, why: &str) -> String {
    format!("{name:?} cannot be used, {why}. Make the plan anew.")
}

/// Writes a plan file: beside its place first, then moved there, so that there is never half of one.
///
/// # Errors
/// When it cannot be written.
pub fn write_plan_file(path: &std::path::Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    let failed = |error: std::io::Error| {
        Diagnostic::error(
            "Failed to write plan file",
            format!("The plan file {path:?} could not be written: {error}."),
        )
    };
    // A device or a pipe is written to, not replaced.
    if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        return std::fs::write(path, bytes).map_err(failed);
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = std::path::PathBuf::from(beside);
    let written = create_private(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let moved = written.and_then(|()| std::fs::rename(&beside, path));
    moved.map_err(|error| {
        // Nothing to do about a leftover that cannot be removed either.
        let _ = std::fs::remove_file(&beside);
        failed(error)
    })
}

/// A new file that only its owner reads.
fn create_private(path: &std::path::Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests;
