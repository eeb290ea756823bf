//! Schema of `local_sensitive_file`: its content is never shown.

use kprov_core::{Str, Type};
use kprov_provider::{Attribute, Block, Creation, ResourceSchema, Schema};

use crate::{checksums, written_file};

/// Arguments that say what is in the file.
pub(crate) const CONTENTS: [&str; 3] = ["content", "content_base64", "source"];

pub(crate) fn schema() -> ResourceSchema {
    let text = || Attribute::new(Type::String).optional().force_new().sensitive();
    let mut block = Block::of(
        "A file with content that is not shown.",
        [
            ("content", text().describe("The content, as text.")),
            ("content_base64", text().describe("The content, in base64; for binary content.")),
        ],
    );
    let shared = written_file::attributes("0700").into_iter().chain(checksums::attributes());
    block.attributes.extend(shared.map(|(name, attribute)| (Str::from(name), attribute)));
    ResourceSchema { schema: Schema { version: 0, block }, creation: Creation::Name }
}
