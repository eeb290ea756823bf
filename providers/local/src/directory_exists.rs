//! `provider::local::direxists`.

use kprov_core::{Refinements, Type, Value};

/// Is there a directory at the path? Something else there is an error, as in Terraform's provider.
pub(crate) fn directory_exists(arguments: &[Value]) -> Result<Value, String> {
    let [path] = arguments else {
        return Err(format!("direxists takes one argument, a path; there are {}", arguments.len()));
    };
    if !path.is_known() {
        return Ok(Value::refined(Type::Bool, Refinements::not_null()));
    }
    let path = path.as_str().ok_or("the path must be a string that is not null")?;
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Ok(true.into()),
        Ok(_) => Err(format!("{path:?} was found, but is not a directory")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false.into()),
        Err(error) => Err(format!("cannot look at {path:?}: {error}")),
    }
}
