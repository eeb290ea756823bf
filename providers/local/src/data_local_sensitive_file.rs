//! Schema of the data source `local_sensitive_file`: the content is never shown.

use kprov_core::Type;
use kprov_provider::{Attribute, Schema};

use crate::data_read;

pub(crate) fn schema() -> Schema {
    data_read::schema("Reads a file whose content is not shown.", || {
        Attribute::new(Type::String).computed().sensitive()
    })
}
