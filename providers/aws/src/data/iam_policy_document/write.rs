//! Writing a document as Go's encoder does: fields in a fixed order, maps by key, `<`, `>` and `&`
//! escaped.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

use super::model::{Condition, Document, Principal, Statement, Texts};

/// With two spaces per level.
pub(super) fn indented(document: &Document) -> String {
    let mut bytes = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b"  ");
    let mut writer = serde_json::Serializer::with_formatter(&mut bytes, format);
    // Writing JSON into memory does not fail.
    let _ = Out::from(document).serialize(&mut writer);
    escaped(&String::from_utf8_lossy(&bytes))
}

/// Without spaces.
pub(super) fn minified(document: &Document) -> String {
    escaped(&serde_json::to_string(&Out::from(document)).unwrap_or_default())
}

/// Go escapes what HTML would take amiss; such characters stand only inside of texts.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => text.push(c),
        }
    }
    text
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Out<'d> {
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'d str,
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'d str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    statement: Vec<StatementOut<'d>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StatementOut<'d> {
    #[serde(skip_serializing_if = "str::is_empty")]
    sid: &'d str,
    #[serde(skip_serializing_if = "str::is_empty")]
    effect: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_action: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_resource: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_principal: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<BTreeMap<&'d str, BTreeMap<&'d str, Json>>>,
}

impl<'d> From<&'d Document> for Out<'d> {
    fn from(document: &'d Document) -> Out<'d> {
        Out {
            version: &document.version,
            id: &document.id,
            statement: document.statements.iter().map(StatementOut::from).collect(),
        }
    }
}

impl<'d> From<&'d Statement> for StatementOut<'d> {
    fn from(statement: &'d Statement) -> StatementOut<'d> {
        StatementOut {
            sid: &statement.sid,
            effect: &statement.effect,
            action: texts(&statement.actions),
            not_action: texts(&statement.not_actions),
            resource: texts(&statement.resources),
            not_resource: texts(&statement.not_resources),
            principal: principals(&statement.principals),
            not_principal: principals(&statement.not_principals),
            condition: conditions(&statement.conditions),
        }
    }
}

fn texts(texts: &Texts) -> Option<Json> {
    match texts {
        Texts::None => None,
        Texts::One(text) => Some(text.as_str().into()),
        Texts::Many(all) => Some(all.clone().into()),
        Texts::Other(json) => Some(json.clone()),
    }
}

/// `"*"` for everyone, else by kind; one identifier stands alone unless it came as a list.
fn principals(all: &[Principal]) -> Option<Json> {
    if let [only] = all
        && only.kind == "*"
        && match &only.identifiers {
            Texts::One(text) => text == "*",
            Texts::Many(texts) => texts.as_slice() == ["*"],
            _ => false,
        }
    {
        return Some("*".into());
    }
    let mut kinds: BTreeMap<&str, Json> = BTreeMap::new();
    for principal in all {
        let before = kinds.remove(principal.kind.as_str());
        let now = match (before, &principal.identifiers) {
            (None, Texts::One(text)) => text.as_str().into(),
            (before, identifiers) => {
                let mut list = match before {
                    None => Vec::new(),
                    Some(Json::Array(list)) => list,
                    Some(one) => vec![one],
                };
                let mut more = match identifiers {
                    Texts::One(text) => vec![text.clone()],
                    Texts::Many(texts) => texts.clone(),
                    Texts::None | Texts::Other(_) => Vec::new(),
                };
                more.sort_by(|a, b| b.cmp(a));
                list.extend(more.into_iter().map(Json::String));
                list.into()
            }
        };
        kinds.insert(&principal.kind, now);
    }
    if kinds.is_empty() {
        None
    } else {
        Some(kinds.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
    }
}

fn conditions(all: &[Condition]) -> Option<BTreeMap<&str, BTreeMap<&str, Json>>> {
    let mut tests: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for condition in all {
        let variables = tests.entry(&condition.test).or_default();
        let values = variables.entry(&condition.variable).or_default();
        values.extend(condition.values.iter().map(String::as_str));
    }
    let json = |values: Vec<&str>| match values[..] {
        [one] => Json::from(one),
        _ => Json::from(values),
    };
    let tests = tests.into_iter().map(|(test, variables)| {
        (test, variables.into_iter().map(|(name, values)| (name, json(values))).collect())
    });
    Some(tests.collect::<BTreeMap<_, _>>()).filter(|tests| !tests.is_empty())
}
