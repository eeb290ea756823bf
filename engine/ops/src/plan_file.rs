//! Saved plans: `plan -out=FILE`.
//!
//! ```text
//! "kprov plan\n" | version, 4 bytes | SHA-256 of the rest, 32 bytes | deflate(JSON of PlanFile)
//! ```
//! The file is complete or it is refused: the digest finds every truncation and every changed byte.
//! It never holds ephemeral values. Sensitive ones are in it, as in Terraform's: keep it like a state.

use std::collections::BTreeMap;
use std::io::{BufWriter, Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use kprov_core::{Diagnostic, Diagnostics, ModulePath, Str, Value};
use kprov_lang::config::{ModuleTree, load_tree};
use kprov_plan::Plan;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::json::prior_values;
use crate::{PlanRequest, Planned, Project, Snapshot};

const MAGIC: &[u8] = b"kprov plan\n";
const VERSION: u32 = 1;
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
}

impl PlanFile {
    /// The file's content for a plan.
    pub fn of(planned: &Planned, sources: &kprov_lang::SourceMap, dir: &str) -> PlanFile {
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
            configuration: Snapshot::of(&planned.tree, sources),
            dir: dir.to_owned(),
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
            renew: Vec::new(),
            skip_refresh: self.skip_refresh,
            no_defer: self.no_defer,
            // Variables are in the file as values.
            variables: Vec::new(),
            environment_names: Vec::new(),
        }
    }

    /// As bytes.
    ///
    /// # Errors
    /// When a value in the plan cannot be written, which is a bug.
    pub fn encode(&self) -> Result<Vec<u8>, Diagnostic> {
        let failed = |why: String| {
            Diagnostic::error(
                "Failed to write plan file",
                format!("The plan could not be put into a file: {why}."),
            )
        };
        let mut out = Vec::from(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.resize(HEADER, 0);
        let encoder = DeflateEncoder::new(out, Compression::fast());
        // JSON comes in scraps, and the encoder clears 32 KB of its buffer for each of them.
        let mut buffered = BufWriter::with_capacity(64 << 10, encoder);
        serde_json::to_writer(&mut buffered, self).map_err(|error| failed(error.to_string()))?;
        let encoder = buffered.into_inner().map_err(|error| failed(error.to_string()))?;
        let mut out = encoder.finish().map_err(|error| failed(error.to_string()))?;
        let digest = Sha256::digest(&out[HEADER..]);
        out[MAGIC.len() + 4..HEADER].copy_from_slice(&digest);
        Ok(out)
    }

    /// Reads what [`PlanFile::encode`] wrote.
    ///
    /// # Errors
    /// When it is something else, is damaged, or another version of kprov wrote it.
    pub fn decode(bytes: &[u8], name: &str) -> Result<PlanFile, Diagnostic> {
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
        if version != VERSION {
            return refused(
                "Plan file of another version",
                format!(
                    "{name:?} was written by another version of kprov (plan format {version}, this \
                     one reads {VERSION}). Make the plan anew with this kprov, or apply it with the \
                     one that made it."
                ),
            );
        }
        if Sha256::digest(content).as_slice() != &header[MAGIC.len() + 4..] {
            let why = "its checksum is wrong: it was cut short or changed";
            return refused("Damaged plan file", damaged(name, why));
        }
        let mut text = Vec::new();
        let mut decoder = DeflateDecoder::new(content).take(CONTENT_MAX);
        if let Err(error) = decoder.read_to_end(&mut text) {
            return refused("Damaged plan file", damaged(name, &error.to_string()));
        }
        serde_json::from_slice(&text).or_else(|error| {
            refused("Damaged plan file", damaged(name, &format!("its content is wrong: {error}")))
        })
    }
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
