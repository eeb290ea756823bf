//! The data source `terraform_remote_state`: outputs of another configuration.
//!
//! Only the backend `local` is known. A path names a Terraform state file; where there is none, but
//! kprov's database lies beside, that one is meant.

use std::io::ErrorKind;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use kprov_core::value::convert;
use kprov_core::{Path, PathStep, Str, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, CallContext, DataSource, ProviderError, Schema, attribute,
    with_attributes,
};

use crate::{StateReader, state_file};

/// kprov's state, in the folder of a configuration.
const DATABASE: &str = "kprov.db";
/// What every sqlite file begins with.
const SQLITE: &[u8] = b"SQLite format 3\0";
/// Backends of Terraform, which are not read here.
const OTHERS: [&str; 10] =
    ["azurerm", "consul", "cos", "gcs", "http", "kubernetes", "oss", "pg", "remote", "s3"];

/// The data source type.
#[derive(Debug, Default)]
pub(crate) struct RemoteState {
    /// Reads kprov's own state.
    pub(crate) reader: Option<Arc<dyn StateReader>>,
}

pub(crate) fn schema() -> Schema {
    let any = || Attribute::new(Type::Dynamic);
    let text = || Attribute::new(Type::String);
    let attributes = [
        ("backend", text().required().describe("How the state is stored; \"local\".")),
        ("config", any().optional().describe("Where: an object with path and workspace_dir.")),
        ("defaults", any().optional().describe("An object of outputs to assume where missing.")),
        ("outputs", any().computed().describe("An object of the other root module's outputs.")),
        ("workspace", text().optional().describe("The workspace to read; \"default\" if null.")),
    ];
    Schema { version: 0, block: Block::of("Outputs of another configuration.", attributes) }
}

fn backend_error(path: Path, message: String) -> AttributeError {
    AttributeError::new(path, "Invalid backend configuration", message)
}

fn check_backend(backend: &Value) -> Option<AttributeError> {
    let message = match backend.as_str()? {
        "local" => return None,
        name if OTHERS.contains(&name) => format!(
            "State of the backend {name:?} cannot be read yet, only that of \"local\". Download the \
             state to a file, and name that."
        ),
        name => format!("There is no backend type named {name:?}."),
    };
    Some(backend_error(Path::attribute("backend"), message))
}

fn check_config(config: &Value) -> Vec<AttributeError> {
    let whole = Path::attribute("config");
    let invalid = |path: &Path, what: &str| {
        let message =
            format!("The given configuration is not valid for backend \"local\": {what}.");
        backend_error(path.clone(), message)
    };
    if config.is_null() || !config.is_known() {
        return Vec::new();
    }
    let Some(entries) = config.as_entries() else {
        return vec![invalid(&whole, "an object is required")];
    };
    let check = |(name, value): &(Str, Value)| {
        let place = whole.then(PathStep::Attribute(name.clone()));
        if !matches!(name.as_str(), "path" | "workspace_dir") {
            return Some(invalid(&place, &format!("unexpected attribute {:?}", name.as_str())));
        }
        match convert(value, &Type::String) {
            Err(_) => Some(invalid(&place, &format!(".{name}: string required"))),
            Ok(text) if text.as_str() == Some("") => Some(AttributeError::new(
                place,
                "Invalid local state file path",
                format!("The {:?} attribute value must not be empty.", name.as_str()),
            )),
            Ok(_) => None,
        }
    };
    entries.iter().filter_map(check).collect()
}

fn check_defaults(defaults: &Value) -> Option<AttributeError> {
    let fine = defaults.is_null() || !defaults.is_known() || defaults.as_entries().is_some();
    (!fine).then(|| {
        AttributeError::new(
            Path::attribute("defaults"),
            "Invalid default values",
            "Defaults must be given in an object value.",
        )
    })
}

/// Where a state may be.
#[derive(Debug, PartialEq, Eq)]
struct Location {
    /// A Terraform state file.
    file: PathBuf,
    /// kprov's database.
    database: PathBuf,
    workspace: String,
}

impl Location {
    /// As the backend `local` finds it: workspaces other than the default have folders.
    fn of(config: &Value) -> Location {
        let backend = attribute(config, "config");
        let text = |name: &str| {
            let text = backend.get(name).and_then(|value| convert(value, &Type::String).ok());
            text.as_ref().and_then(Value::as_str).map(PathBuf::from)
        };
        let workspace = attribute(config, "workspace");
        let workspace = workspace.as_str().filter(|name| !name.is_empty()).unwrap_or("default");
        let (path, folders) = (text("path"), text("workspace_dir"));
        let file = if workspace == "default" {
            path.clone().unwrap_or_else(|| "terraform.tfstate".into())
        } else {
            let folders = folders.clone().unwrap_or_else(|| "terraform.tfstate.d".into());
            folders.join(workspace).join("terraform.tfstate")
        };
        let database = match path.or(folders) {
            // The database itself may be named, too.
            Some(path) if path.file_name().is_some_and(|name| name == DATABASE) => path,
            Some(path) => path.with_file_name(DATABASE),
            None => PathBuf::from(DATABASE),
        };
        Location { file, database, workspace: workspace.to_owned() }
    }

    /// A database stands in for the file that a Terraform configuration has by default, not for one
    /// that was given another name.
    fn may_be_database(&self) -> bool {
        let name = self.file.file_name();
        name.is_some_and(|name| name == "terraform.tfstate" || name == DATABASE)
    }
}

fn failed(message: String) -> ProviderError {
    ProviderError::rejected("Failed to read state file", message).at(Path::attribute("config"))
}

/// The content of a file; `None` where there is none, and where it is empty.
fn read_file(path: &FilePath) -> Result<Option<Vec<u8>>, ProviderError> {
    match std::fs::read(path) {
        Ok(content) => Ok(Some(content).filter(|content| !content.is_empty())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(failed(format!("The state file {} could not be read: {error}.", path.display())))
        }
    }
}

impl RemoteState {
    async fn read_database(&self, location: &Location) -> Result<Option<Outputs>, ProviderError> {
        let database = location.database.display();
        let Some(reader) = &self.reader else {
            return Err(failed(format!(
                "{database} is a database of kprov, not a state file. Run `kprov state pull` in its \
                 folder, save what it prints, and name that file."
            )));
        };
        reader
            .outputs(&location.database, &location.workspace)
            .await
            .map_err(|why| failed(format!("The outputs in {database} could not be read: {why}")))
    }

    async fn outputs(&self, location: &Location) -> Result<Option<Outputs>, ProviderError> {
        match read_file(&location.file)? {
            Some(content) if content.starts_with(SQLITE) => {
                let database = location.file.clone();
                let workspace = location.workspace.clone();
                self.read_database(&Location { file: database.clone(), database, workspace }).await
            }
            Some(content) => {
                let outputs = state_file::outputs(&content).map_err(|why| {
                    let message = format!("{}: {why}", location.file.display());
                    ProviderError::rejected("Unsupported state file format", message)
                        .at(Path::attribute("config"))
                })?;
                Ok(Some(outputs))
            }
            None if location.may_be_database() && location.database.is_file() => {
                self.read_database(location).await
            }
            None => Ok(None),
        }
    }
}

type Outputs = std::collections::BTreeMap<Str, Value>;

#[async_trait]
impl DataSource for RemoteState {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems: Vec<AttributeError> = Vec::new();
        let backend = attribute(config, "backend");
        problems.extend(check_backend(&backend));
        if backend.as_str() == Some("local") {
            problems.extend(check_config(&attribute(config, "config")));
        }
        problems.extend(check_defaults(&attribute(config, "defaults")));
        problems
    }

    async fn read(&self, _context: &CallContext, config: &Value) -> Result<Value, ProviderError> {
        // What was unknown when it was checked is known now.
        if let Some(problem) = self.validate(config).into_iter().next() {
            return Err(ProviderError::rejected(problem.summary, problem.message).at(problem.path));
        }
        let location = Location::of(config);
        let Some(found) = self.outputs(&location).await? else {
            let message = "No stored state was found for the given workspace in the given backend.";
            return Err(ProviderError::rejected("Unable to find remote state", message));
        };
        let defaults = attribute(config, "defaults");
        let mut outputs: Outputs = defaults.as_entries().into_iter().flatten().cloned().collect();
        outputs.extend(found);
        Ok(with_attributes(config, [("outputs", Value::object(outputs))]))
    }
}

#[cfg(test)]
mod tests {
    //! Where a state is looked for.

    use super::*;

    #[test]
    fn a_state_is_where_the_local_backend_has_it() {
        let check = |path: Option<&str>, folder: Option<&str>, workspace: Option<&str>, expect| {
            let text = |text: Option<&str>| text.map_or(Value::Null(Type::String), Value::string);
            let config = Value::object([("path", text(path)), ("workspace_dir", text(folder))]);
            let config = Value::object([("config", config), ("workspace", text(workspace))]);
            let Location { file, database, .. } = Location::of(&config);
            let (wanted_file, wanted_database): (&str, &str) = expect;
            assert_eq!((file, database), (wanted_file.into(), wanted_database.into()));
        };
        check(None, None, None, ("terraform.tfstate", "kprov.db"));
        check(Some("../p/x.tfstate"), None, None, ("../p/x.tfstate", "../p/kprov.db"));
        check(Some("../p/kprov.db"), None, None, ("../p/kprov.db", "../p/kprov.db"));
        check(Some("a/b"), None, Some("default"), ("a/b", "a/kprov.db"));
        check(
            Some("../p/terraform.tfstate"),
            Some("../p/terraform.tfstate.d"),
            Some("w"),
            ("../p/terraform.tfstate.d/w/terraform.tfstate", "../p/kprov.db"),
        );
        check(None, None, Some("w"), ("terraform.tfstate.d/w/terraform.tfstate", "kprov.db"));
        check(None, Some("p/d"), Some("w"), ("p/d/w/terraform.tfstate", "p/kprov.db"));
    }
}
