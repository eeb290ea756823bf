//! `import ADDRESS ID`: one object is taken over into the state; nothing else changes.
//!
//! The planner imports, by an `import` block that stands in no file of the user's: so the
//! configuration decides about the provider exactly as for blocks.

use std::sync::Arc;

use kprov_apply::stored::{encode, stored_schema};
use kprov_core::addr::{parse_instance, quote};
use kprov_core::{Diagnostic, InstanceAddr, ResourceMode};
use kprov_lang::config::load_tree;
use kprov_lang::{FileError, FileKind, Files};
use kprov_plan::Change;
use kprov_state::{Entry, ObjectStatus, StoredObject};

use crate::plan::plan_tree;
use crate::{LockOptions, OpsError, PlanRequest, Project};

/// The block's file, beside the others.
const FILE: &str = "(import).tf";

/// Imports.
///
/// # Errors
/// When the address is not in the configuration, is in the state already, or nothing has that id.
pub fn import(
    project: &Project,
    address: &str,
    id: &str,
    request: &PlanRequest,
    lock: LockOptions,
) -> Result<InstanceAddr, OpsError> {
    let instance = parse_instance(address)
        .map_err(|error| Diagnostic::error("Invalid address", format!("{address:?}: {error}.")))?;
    if instance.resource.mode != ResourceMode::Managed {
        return Err(Diagnostic::error(
            "Invalid address",
            format!("{instance} is not a managed resource: only those can be imported."),
        )
        .into());
    }
    let object_address = instance.clone().current();
    project.record(lock, "import", |state| {
        if state.objects.contains_key(&object_address) {
            return Err(Diagnostic::error(
                "Resource already managed by kprov",
                format!(
                    "kprov is already managing a remote object for {instance}. To import to this \
                     address you must first remove the existing object from the state."
                ),
            )
            .into());
        }
        let change = imported(project, &instance, id, request)?;
        let object = Box::new(stored(project, &change)?);
        Ok(vec![Entry::ObjectSet { address: object_address.clone(), object }])
    })?;
    Ok(instance)
}

fn imported(
    project: &Project,
    instance: &InstanceAddr,
    id: &str,
    request: &PlanRequest,
) -> Result<Change, OpsError> {
    let text = format!("import {{\n  to = {instance}\n  id = {}\n}}\n", quote(id));
    let files = WithBlock { files: project.files.clone(), dir: project.dir.clone(), text };
    let (tree, problems) = load_tree(&files, &project.sources, &*project.embedded, &project.dir);
    if problems.has_errors() {
        return Err(problems.into());
    }
    let module = tree.modules.get(&instance.module.path());
    if !module.is_some_and(|module| module.resources.contains_key(&instance.resource)) {
        let place = match instance.module.is_root() {
            true => "the root module".to_owned(),
            false => instance.module.to_string(),
        };
        return Err(Diagnostic::error(
            "Resource not in configuration",
            format!(
                "There is no block for {instance} in {place}. Before importing this resource, please \
                 create its configuration, for example:\n\nresource {:?} {:?} {{\n  # (resource \
                 arguments)\n}}",
                instance.resource.ty.as_str(),
                instance.resource.name.as_str()
            ),
        )
        .into());
    }
    let request = PlanRequest { targets: vec![instance.to_string()], ..request.clone() };
    let planned = plan_tree(project, &request, tree)?;
    if planned.problems.has_errors() {
        return Err(planned.problems.into());
    }
    let change = planned
        .plan
        .changes
        .into_iter()
        .find(|change| change.addr == *instance && change.importing.is_some());
    change.filter(|change| !change.before.is_null()).ok_or_else(|| {
        Diagnostic::error(
            "Cannot import non-existent remote object",
            format!(
                "While attempting to import an existing object to {instance:?}, the provider found \
                 nothing with the id {id:?}. Only pre-existing objects can be imported; check that \
                 the id is correct.",
                instance = instance.to_string()
            ),
        )
        .into()
    })
}

fn stored(project: &Project, change: &Change) -> Result<StoredObject, Diagnostic> {
    let failed = |why: String| {
        Diagnostic::error("Failed to import", format!("{} cannot be stored: {why}.", change.addr))
    };
    let schema = stored_schema(&project.registry, &change.provider, &change.addr.resource)
        .map_err(failed)?;
    let ty = schema.block.implied_type();
    let (attributes, sensitive_paths) = encode(&change.before, &ty).map_err(failed)?;
    Ok(StoredObject {
        provider: change.provider.clone(),
        schema_version: schema.version,
        attributes,
        sensitive_paths,
        status: ObjectStatus::Ready,
        dependencies: Vec::new(),
        create_before_destroy: false,
        private: change.prior_private.clone(),
    })
}

/// The user's files and one more in the root module.
#[derive(Debug)]
struct WithBlock {
    files: Arc<dyn Files>,
    dir: String,
    text: String,
}

impl WithBlock {
    fn is_block(&self, path: &str) -> bool {
        path == FILE || path.strip_suffix(FILE) == Some(&format!("{}/", self.dir))
    }
}

impl Files for WithBlock {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        if self.is_block(path) { Ok(self.text.clone().into_bytes()) } else { self.files.read(path) }
    }

    fn kind(&self, path: &str) -> Result<Option<FileKind>, FileError> {
        if self.is_block(path) { Ok(Some(FileKind::File)) } else { self.files.kind(path) }
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let mut names = self.files.list(path)?;
        if path == self.dir {
            names.push(FILE.to_owned());
            names.sort();
        }
        Ok(names)
    }

    fn current_dir(&self) -> String {
        self.files.current_dir()
    }

    fn home_dir(&self) -> Option<String> {
        self.files.home_dir()
    }
}
