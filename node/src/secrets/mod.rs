//! The PKI tree of the cluster as this node uses it: fetched, checked as a whole, and only then put in the place of the one
//! before, by a rename. Half a tree is never there.

mod check;
mod directory;
mod place;
mod s3;
mod ssm;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use kprov_pki::{MASTER_PATHS, WORKER_PATHS, tree_hash};

use crate::document::{Content, Document, Role, Source};
use crate::problem::Problem;

pub(crate) use check::{check, token_parts};
pub(crate) use place::put;

/// The texts of a tree by path.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Tree(pub(crate) BTreeMap<String, String>);

impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never what is in them.
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Tree {
    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// What a node of this role tells of the tree that it runs with.
    pub(crate) fn told(&self, role: Role) -> String {
        tree_hash(of_role(role), |path| self.get(path)).unwrap_or_default()
    }

    /// What the whole of the tree is, further paths included, as a name.
    pub(crate) fn generation(&self) -> String {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        for (path, text) in &self.0 {
            for part in [path, text] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        crate::binaries::hex(&hash.finalize()[..8])
    }
}

fn of_role(role: Role) -> &'static [&'static str] {
    match role {
        Role::Master => &MASTER_PATHS,
        Role::Worker => &WORKER_PATHS,
    }
}

/// What a role has to have; further paths only where files of the document name them.
pub(crate) fn required(document: &Document) -> Vec<String> {
    let named = document.files.iter().filter_map(|file| match &file.content {
        Content::Secret(path) => Some(path.as_str()),
        Content::Text(_) => None,
    });
    let mut all: Vec<String> =
        of_role(document.role).iter().copied().chain(named).map(str::to_owned).collect();
    all.sort();
    all.dedup();
    all
}

/// Fetches the paths that are there.
pub(crate) async fn fetch(
    source: &Source,
    paths: &[String],
    aws: Option<&SdkConfig>,
) -> Result<Tree, Problem> {
    let no_aws =
        || Problem::new("The PKI tree cannot be fetched", "There is no AWS configuration.");
    let texts = match source {
        Source::Directory { path } => directory::fetch(path, paths)?,
        Source::Ssm { prefix } => ssm::fetch(aws.ok_or_else(no_aws)?, prefix, paths).await?,
        Source::S3 { bucket, prefix } => {
            s3::fetch(aws.ok_or_else(no_aws)?, bucket, prefix, paths).await?
        }
    };
    let missing: Vec<&str> =
        paths.iter().map(String::as_str).filter(|path| !texts.contains_key(*path)).collect();
    if missing.is_empty() {
        return Ok(Tree(texts));
    }
    let detail = format!(
        "{source} {} no {}. Has the PKI been written there (pki_kubernetes), and may this machine read it?",
        if matches!(source, Source::Ssm { .. }) { "have" } else { "has" },
        missing.join(", ")
    );
    Err(Problem::new("The PKI tree is not whole", detail))
}
