//! Schema of the data source `local_file`.

use kprov_core::Type;
use kprov_provider::{Attribute, Schema};

use crate::data_read;

pub(crate) fn schema() -> Schema {
    data_read::schema("Reads a file.", || Attribute::new(Type::String).computed())
}
