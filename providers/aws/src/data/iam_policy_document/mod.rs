//! `data.aws_iam_policy_document`: JSON of a policy, without a call. Byte for byte what
//! hashicorp/aws writes, as documents are compared and hashed by others.

mod model;
mod write;

use std::collections::BTreeSet;

use async_trait::async_trait;
use kprov_core::{Path, PathStep};

use self::model::{Condition, Document, Principal, Statement, Texts};
use super::AwsData;
use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::resource::Result;
use crate::row::Row;

const OLD: &str = "2008-10-17";
const VERSIONS: [&str; 2] = [OLD, "2012-10-17"];

#[derive(Debug)]
pub(crate) struct IamPolicyDocument;

#[async_trait]
impl AwsData for IamPolicyDocument {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.one_of(config, "version", &VERSIONS);
        for name in ["source_policy_documents", "override_policy_documents"] {
            for (index, text) in config.items(name).iter().enumerate() {
                if let Some(Err(error)) = text.as_str().map(model::parse) {
                    let at = Path::attribute(name).then(PathStep::Index(index as u64));
                    problems.at(at, "Invalid JSON policy", error);
                }
            }
        }
        for (index, statement) in config.blocks("statement").enumerate() {
            check_statement(statement, index, problems);
        }
    }

    async fn read(&self, _api: &Api, config: Fields<'_>) -> Result<Row> {
        let document = merged(config)?;
        let json = write::indented(&document);
        let mut row = Row::new();
        row.set("id", hashcode(&json).to_string())
            .set("minified_json", write::minified(&document))
            .set("json", json);
        Ok(row)
    }
}

fn check_statement(statement: Fields<'_>, index: usize, problems: &mut Problems) {
    let at = |name: &str| {
        Path::attribute("statement")
            .then(PathStep::Index(index as u64))
            .then(PathStep::Attribute(name.into()))
    };
    if let Some(effect) = statement.text("effect")
        && !["Allow", "Deny"].contains(&effect)
    {
        let message = format!("{effect:?} is none of: Allow, Deny.");
        problems.at(at("effect"), "Invalid value", message);
    }
    if let Some(sid) = statement.text("sid")
        && !sid.chars().all(|c| c.is_ascii_alphanumeric())
    {
        let message = format!("A Sid has only letters and digits, not {sid:?}.");
        problems.at(at("sid"), "Invalid Sid", message);
    }
}

/// The sources, then the statements of the configuration, then the overrides.
fn merged(config: Fields<'_>) -> Result<Document> {
    let mut all = Document::default();
    let mut sids = BTreeSet::new();
    for (index, text) in config.strings("source_policy_documents").iter().enumerate() {
        let source = model::parse(text).map_err(|e| refused("source_policy_documents", e))?;
        for sid in source.statements.iter().map(|it| &it.sid).filter(|sid| !sid.is_empty()) {
            if !sids.insert(sid.clone()) {
                let message = format!(
                    "Source document {index} has the Sid {sid:?} a second time: remove it, or \
                     make Sids unique."
                );
                return Err(refused("source_policy_documents", message));
            }
        }
        all.merge(source);
    }
    all.merge(own(config)?);
    for text in config.strings("override_policy_documents") {
        all.merge(model::parse(&text).map_err(|e| refused("override_policy_documents", e))?);
    }
    Ok(all)
}

fn refused(attribute: &str, message: impl Into<String>) -> AwsError {
    AwsError::refused("InvalidPolicyDocument", message).at(attribute)
}

/// The document of the `statement` blocks.
fn own(config: Fields<'_>) -> Result<Document> {
    let version = config.str("version").unwrap_or(VERSIONS[1]);
    let mut sids = BTreeSet::new();
    let mut statements = Vec::new();
    for block in config.blocks("statement") {
        let statement = statement(block, version)?;
        if !statement.sid.is_empty() && !sids.insert(statement.sid.clone()) {
            let message = format!(
                "The Sid {:?} is there twice: remove it, or make Sids unique.",
                statement.sid
            );
            return Err(refused("statement", message));
        }
        statements.push(statement);
    }
    Ok(Document {
        version: version.to_owned(),
        id: config.string("policy_id").unwrap_or_default(),
        statements,
    })
}

fn statement(block: Fields<'_>, version: &str) -> Result<Statement> {
    let vars = |texts: Vec<String>| {
        texts.into_iter().map(|text| variables(text, version)).collect::<Result<Vec<_>>>()
    };
    let sorted = |name: &str| Texts::sorted(block.strings(name));
    let principals = |name: &str| {
        let blocks = block.blocks(name).map(|it| {
            let identifiers = Texts::sorted(vars(it.strings("identifiers"))?);
            Ok(Principal { kind: it.string("type").unwrap_or_default(), identifiers })
        });
        blocks.collect::<Result<Vec<_>>>()
    };
    let conditions = block.blocks("condition").map(|it| {
        Ok(Condition {
            test: it.string("test").unwrap_or_default(),
            variable: it.string("variable").unwrap_or_default(),
            values: vars(it.strings("values"))?,
        })
    });
    Ok(Statement {
        sid: block.string("sid").unwrap_or_default(),
        effect: block.text("effect").unwrap_or("Allow").to_owned(),
        actions: sorted("actions"),
        not_actions: sorted("not_actions"),
        resources: Texts::sorted(vars(block.strings("resources"))?),
        not_resources: Texts::sorted(vars(block.strings("not_resources"))?),
        principals: principals("principals")?,
        not_principals: principals("not_principals")?,
        conditions: conditions.collect::<Result<Vec<_>>>()?,
    })
}

/// `&{...}` stands for a policy variable, as `${...}` would be the configuration's own.
fn variables(text: String, version: &str) -> Result<String> {
    if !text.contains("&{") {
        return Ok(text);
    }
    if version == OLD {
        let message =
            format!("{text:?} has a variable (\"&{{\"), which version {OLD} does not know.");
        return Err(refused("statement", message));
    }
    Ok(text.replace("&{", "${"))
}

/// CRC-32 (IEEE), which Terraform's providers use for ids.
fn hashcode(text: &str) -> u32 {
    !text.bytes().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 }
        })
    })
}

#[cfg(test)]
mod tests;
