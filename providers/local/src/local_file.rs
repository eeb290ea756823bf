//! Schema of `local_file`.

use kprov_core::{Str, Type};
use kprov_provider::{Attribute, Block, Creation, ResourceSchema, Schema};

use crate::{checksums, written_file};

/// Arguments that say what is in the file.
pub(crate) const CONTENTS: [&str; 4] = ["content", "sensitive_content", "content_base64", "source"];

pub(crate) fn schema() -> ResourceSchema {
    let text = || Attribute::new(Type::String).optional().force_new();
    let mut block = Block::of(
        "A file with the given content.",
        [
            ("content", text().describe("The content, as text.")),
            ("content_base64", text().describe("The content, in base64; for binary content.")),
            (
                "sensitive_content",
                text()
                    .sensitive()
                    .describe("The content, as text that is not shown.")
                    .deprecated("Use local_sensitive_file instead."),
            ),
        ],
    );
    let shared = written_file::attributes("0777").into_iter().chain(checksums::attributes());
    block.attributes.extend(shared.map(|(name, attribute)| (Str::from(name), attribute)));
    ResourceSchema { schema: Schema { version: 0, block }, creation: Creation::Name }
}
