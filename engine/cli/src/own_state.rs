//! [`OwnState`]: outputs of kprov's own states, for `terraform_remote_state`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use kprov_apply::stored::decode_state;
use kprov_core::{Host, Str, Value};
use kprov_provider::Registry;
use kprov_provider_builtin::StateReader;
use kprov_state::{SqliteOptions, SqliteStore, State, StateError, Store};

use crate::keys;

/// Opens a database to look at it; nothing is written, and no lock is taken.
#[derive(Debug)]
pub(crate) struct OwnState {
    pub(crate) host: Arc<dyn Host>,
}

#[async_trait]
impl StateReader for OwnState {
    async fn outputs(
        &self,
        database: &Path,
        workspace: &str,
    ) -> Result<Option<BTreeMap<Str, Value>>, String> {
        let open = || -> Result<_, StateError> {
            let vault = keys::vault(&self.host);
            let options = SqliteOptions { vault, ..SqliteOptions::default() };
            let store = SqliteStore::open(database, self.host.clone(), options)?;
            if !store.workspaces()?.iter().any(|name| name == workspace) {
                return Ok(None);
            }
            store.outputs(workspace).map(Some)
        };
        let Some(outputs) = open().map_err(|error| chain(&error))? else { return Ok(None) };
        let state = State { outputs, ..State::default() };
        let (decoded, errors) = decode_state(&state, &Registry::new());
        if let Some(error) = errors.first() {
            return Err(format!("{}: {}", error.address, error.message));
        }
        // Terraform hands them on without their marks, too.
        let outputs = decoded.outputs.into_iter();
        Ok(Some(outputs.map(|(name, value)| (name, value.unmark_deep().0)).collect()))
    }
}

/// The error with its sources.
fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |error| error.source());
    sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
}
