//! [`ReadFile`]: the code of both data sources.

use std::path::Path as FilePath;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kprov_core::{Path, Str, Type, Value};
use kprov_provider::{
    Attribute, Block, CallContext, DataSource, ProviderError, Schema, with_attributes,
};

use crate::{checksums, disk};

/// Reads a file.
#[derive(Debug)]
pub(crate) struct ReadFile;

/// The schema of both; `content` is how the attributes with the content are made.
pub(crate) fn schema(description: &str, content: impl Fn() -> Attribute) -> Schema {
    let name = Attribute::new(Type::String).required();
    let mut block = Block::of(
        description,
        [
            ("filename", name.describe("The file to read; it must exist.")),
            (
                "content",
                content().describe("The content as text; what is not UTF-8 in it is replaced."),
            ),
            ("content_base64", content().describe("The content in base64.")),
        ],
    );
    let sums = checksums::attributes().into_iter();
    block.attributes.extend(sums.map(|(name, attribute)| (Str::from(name), attribute)));
    Schema { version: 0, block }
}

#[async_trait]
impl DataSource for ReadFile {
    async fn read(&self, _context: &CallContext, config: &Value) -> Result<Value, ProviderError> {
        let path = config.get("filename").and_then(Value::as_str).unwrap_or_default();
        let fail = |why: String| {
            ProviderError::rejected(
                "Read local file data source error",
                format!("Cannot read {path}: {why}. Check that the path is right and accessible."),
            )
            .at(Path::attribute("filename"))
        };
        let content = disk::read(FilePath::new(path)).map_err(|error| fail(error.to_string()))?;
        let content = content.ok_or_else(|| fail("there is no such file".to_owned()))?;
        let texts = [
            ("content", Value::string(String::from_utf8_lossy(&content).into_owned())),
            ("content_base64", Value::string(STANDARD.encode(&content))),
        ];
        Ok(with_attributes(config, texts.into_iter().chain(checksums::of(&content))))
    }
}
