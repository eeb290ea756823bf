//! [`WrittenFile`]: the code of `local_file` and `local_sensitive_file`.
//!
//! A file is what was written to it: one that others changed counts as gone, so that it is written
//! again, as in Terraform's provider. All arguments replace, so there is no real update.

use std::path::Path as FilePath;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kprov_core::{Path, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, CallContext, CreateRequest, DeleteRequest, Object, ProviderError,
    ReadRequest, Resource, SettleRequest, Settled, UpdateRequest, attribute, with_attributes,
};

use crate::{checksums, disk};

/// One of the two types.
#[derive(Debug)]
pub(crate) struct WrittenFile {
    /// The arguments of which exactly one says what is in the file.
    pub(crate) contents: &'static [&'static str],
}

/// Attributes that both types have, `mode` being the default permissions.
pub(crate) fn attributes(mode: &str) -> [(&'static str, Attribute); 4] {
    let text = || Attribute::new(Type::String).force_new();
    let permission = || text().computed().default(Value::string(mode));
    [
        (
            "directory_permission",
            permission().describe("Permissions of directories that are made, before the umask."),
        ),
        ("file_permission", permission().describe("Permissions of the file, before the umask.")),
        (
            "filename",
            text().required().describe("Where the file is; missing directories are made."),
        ),
        ("source", text().optional().describe("A file to copy; one of the arguments for content.")),
    ]
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

/// Three or four octal digits.
fn permission(text: &str) -> Option<u32> {
    let digits = matches!(text.len(), 3 | 4) && text.bytes().all(|b| matches!(b, b'0'..=b'7'));
    if digits { u32::from_str_radix(text, 8).ok() } else { None }
}

/// Permissions of a planned object. They were validated; the fallback is the strictest.
fn mode(value: &Value, name: &str) -> u32 {
    text(value, name).and_then(permission).unwrap_or(0o700)
}

fn failed(summary: &str, what: &str, why: &std::io::Error) -> ProviderError {
    let message = format!("Cannot {what}: {why}. Check that the path is right and accessible.");
    ProviderError::rejected(summary, message)
}

fn filename(value: &Value) -> Result<&FilePath, ProviderError> {
    text(value, "filename").map(FilePath::new).ok_or_else(|| {
        ProviderError::rejected("Invalid object", "The stored object has no filename.")
            .at(Path::attribute("filename"))
    })
}

impl WrittenFile {
    /// What shall be in the file.
    fn content(&self, planned: &Value) -> Result<Vec<u8>, ProviderError> {
        let set = self.contents.iter().find_map(|&name| Some((name, text(planned, name)?)));
        match set {
            Some(("content_base64", text)) => STANDARD.decode(text).map_err(|_| {
                ProviderError::rejected("Create local file error", "The content is not base64.")
                    .at(Path::attribute("content_base64"))
            }),
            Some(("source", path)) => {
                let fail = |error| {
                    failed("Create local file error", &format!("read {path}"), &error)
                        .at(Path::attribute("source"))
                };
                let absent = || fail(std::io::ErrorKind::NotFound.into());
                disk::read(FilePath::new(path)).map_err(fail)?.ok_or_else(absent)
            }
            Some((_, text)) => Ok(text.as_bytes().to_vec()),
            None => Err(ProviderError::rejected(
                "Create local file error",
                "None of the arguments for content has a value.",
            )),
        }
    }

    fn read_one(&self, prior: Object) -> Result<Option<Object>, ProviderError> {
        let path = filename(&prior.value)?;
        let content = disk::read(path).map_err(|error| {
            failed("Read local file error", &format!("read {}", path.display()), &error)
        })?;
        let same = content.is_some_and(|content| {
            text(&prior.value, "id").is_some_and(|id| id == checksums::id(&content))
        });
        Ok(same.then_some(prior))
    }

    fn check_contents(&self, config: &Value, problems: &mut Vec<AttributeError>) {
        let values = self.contents.iter().map(|&name| (name, attribute(config, name)));
        let set: Vec<_> = values.filter(|(_, value)| !value.is_null()).collect();
        let problem = |name: &str, count: &str| {
            let all = self.contents.join(", ");
            AttributeError::new(
                Path::attribute(name),
                "Invalid Attribute Combination",
                format!("{count} of these arguments are set; exactly one must be: {all}."),
            )
        };
        if set.is_empty() {
            problems.push(problem("content", "None"));
        }
        // One that is not known yet may turn out null.
        let known = set.iter().filter(|(_, value)| value.is_known());
        problems.extend(known.skip(1).map(|(name, _)| problem(name, "Several")));
    }
}

#[async_trait]
impl Resource for WrittenFile {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems = Vec::new();
        self.check_contents(config, &mut problems);
        for name in ["file_permission", "directory_permission"] {
            if text(config, name).is_some_and(|text| permission(text).is_none()) {
                problems.push(AttributeError::new(
                    Path::attribute(name),
                    "Invalid File Permission String Value",
                    "Permissions are three or four octal digits, such as \"0644\".",
                ));
            }
        }
        if text(config, "filename") == Some("") {
            problems.push(AttributeError::new(
                Path::attribute("filename"),
                "Invalid File Name",
                "The file name must not be empty.",
            ));
        }
        if text(config, "content_base64").is_some_and(|text| STANDARD.decode(text).is_err()) {
            problems.push(AttributeError::new(
                Path::attribute("content_base64"),
                "Invalid Base64 Content",
                "The content is not valid base64 of the standard alphabet, with padding.",
            ));
        }
        problems
    }

    async fn read_many(
        &self,
        _context: &CallContext,
        requests: Vec<ReadRequest>,
    ) -> Vec<Result<Option<Object>, ProviderError>> {
        requests.into_iter().map(|request| self.read_one(request.prior)).collect()
    }

    async fn create(
        &self,
        _context: &CallContext,
        request: CreateRequest,
    ) -> Result<Object, ProviderError> {
        let content = self.content(&request.planned)?;
        let new = disk::NewFile {
            path: filename(&request.planned)?,
            content: &content,
            mode: mode(&request.planned, "file_permission"),
            directory_mode: mode(&request.planned, "directory_permission"),
            token: &request.intent.token,
        };
        new.write().map_err(|error| {
            let mut failure = failed("Create local file error", &error.what, &error.source);
            if error.in_place {
                failure.class = kprov_provider::ErrorClass::Ambiguous;
            }
            failure.at(Path::attribute("filename"))
        })?;
        Ok(with_attributes(&request.planned, checksums::of(&content)).into())
    }

    async fn update(
        &self,
        _context: &CallContext,
        request: UpdateRequest,
    ) -> Result<Object, ProviderError> {
        Ok(request.planned.into())
    }

    async fn delete(
        &self,
        _context: &CallContext,
        request: DeleteRequest,
    ) -> Result<(), ProviderError> {
        let path = filename(&request.prior.value)?.to_owned();
        // What others put there, or a replacement made before this one goes, is not ours to remove.
        if self.read_one(request.prior)?.is_none() {
            return Ok(());
        }
        disk::remove(&path).map_err(|error| {
            failed("Delete local file error", &format!("remove {}", path.display()), &error)
        })
    }

    async fn settle(
        &self,
        _context: &CallContext,
        request: SettleRequest,
    ) -> Result<Settled, ProviderError> {
        let object = match request.prior {
            Some(prior) => prior,
            None => {
                disk::clean_up(filename(&request.planned)?, &request.intent.token);
                let content = self.content(&request.planned)?;
                with_attributes(&request.planned, checksums::of(&content)).into()
            }
        };
        Ok(self.read_one(object)?.map_or(Settled::Absent, Settled::Exists))
    }
}
