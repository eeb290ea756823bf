//! A policy document in memory: reading JSON, merging by Sid.

use serde_json::Value as Json;

/// A document.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    pub(super) version: String,
    pub(super) id: String,
    pub(super) statements: Vec<Statement>,
}

/// A statement. What is empty is not written.
#[derive(Clone, Debug, Default)]
pub(super) struct Statement {
    pub(super) sid: String,
    pub(super) effect: String,
    pub(super) actions: Texts,
    pub(super) not_actions: Texts,
    pub(super) resources: Texts,
    pub(super) not_resources: Texts,
    pub(super) principals: Vec<Principal>,
    pub(super) not_principals: Vec<Principal>,
    pub(super) conditions: Vec<Condition>,
}

/// Whether a list of one is written as a list depends on where it comes from.
#[derive(Clone, Debug, Default)]
pub(super) enum Texts {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
    /// From JSON that IAM itself would not take; written as it was.
    Other(Json),
}

impl Texts {
    /// One alone, or many in descending order, as hashicorp/aws writes sets.
    pub(super) fn sorted(mut texts: Vec<String>) -> Texts {
        match texts.len() {
            0 => Texts::None,
            1 => Texts::One(texts.swap_remove(0)),
            _ => {
                texts.sort_by(|a, b| b.cmp(a));
                Texts::Many(texts)
            }
        }
    }

    fn of(json: Option<&Json>) -> Texts {
        match json {
            None | Some(Json::Null) => Texts::None,
            Some(Json::String(text)) => Texts::One(text.clone()),
            Some(Json::Array(items)) if items.iter().all(Json::is_string) => {
                let texts = items.iter().filter_map(Json::as_str).map(str::to_owned);
                Texts::Many(texts.collect())
            }
            Some(other) => Texts::Other(other.clone()),
        }
    }
}

/// Who, by kind: "AWS", "Service", "*".
#[derive(Clone, Debug)]
pub(super) struct Principal {
    pub(super) kind: String,
    pub(super) identifiers: Texts,
}

/// A test of a variable.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) test: String,
    pub(super) variable: String,
    pub(super) values: Vec<String>,
}

impl Document {
    /// Lays another document over this one: a statement with the Sid of one that is here takes its
    /// place, others are appended.
    pub(super) fn merge(&mut self, other: Document) {
        if !other.id.is_empty() {
            self.id = other.id;
        }
        if other.version > self.version {
            self.version = other.version;
        }
        for statement in other.statements {
            let same = |it: &&mut Statement| !it.sid.is_empty() && it.sid == statement.sid;
            match self.statements.iter_mut().find(same) {
                Some(here) => *here = statement,
                None => self.statements.push(statement),
            }
        }
    }
}

/// Reads a document.
///
/// # Errors
/// In words, when it is not a policy.
pub(super) fn parse(text: &str) -> Result<Document, String> {
    let json: Json = serde_json::from_str(text).map_err(|error| format!("Not JSON: {error}."))?;
    let entries = json.as_object().ok_or("A policy is a JSON object.")?;
    let word =
        |name: &str| get(entries, name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let statements = match get(entries, "Statement") {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::Array(items)) => items.iter().map(statement).collect::<Result<_, _>>()?,
        Some(one) => vec![statement(one)?],
    };
    Ok(Document { version: word("Version"), id: word("Id"), statements })
}

/// Member names are told without regard to case, as Go's JSON does.
fn get<'j>(entries: &'j serde_json::Map<String, Json>, name: &str) -> Option<&'j Json> {
    let found = entries.get(name);
    found.or_else(|| entries.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|it| it.1))
}

fn statement(json: &Json) -> Result<Statement, String> {
    let entries = json.as_object().ok_or("A statement is a JSON object.")?;
    let word =
        |name: &str| get(entries, name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let texts = |name: &str| Texts::of(get(entries, name));
    Ok(Statement {
        sid: word("Sid"),
        effect: word("Effect"),
        actions: texts("Action"),
        not_actions: texts("NotAction"),
        resources: texts("Resource"),
        not_resources: texts("NotResource"),
        principals: principals(get(entries, "Principal"))?,
        not_principals: principals(get(entries, "NotPrincipal"))?,
        conditions: conditions(get(entries, "Condition"))?,
    })
}

fn principals(json: Option<&Json>) -> Result<Vec<Principal>, String> {
    let entries = match json {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::String(_)) => {
            let everyone = Texts::Many(vec!["*".to_owned()]);
            return Ok(vec![Principal { kind: "*".to_owned(), identifiers: everyone }]);
        }
        Some(Json::Object(entries)) => entries,
        Some(_) => return Err("A principal is \"*\" or an object.".to_owned()),
    };
    let each = entries.iter().map(|(kind, value)| match Texts::of(Some(value)) {
        Texts::None | Texts::Other(_) => {
            Err(format!("The principals {kind:?} are neither text nor a list of texts."))
        }
        identifiers => Ok(Principal { kind: kind.clone(), identifiers }),
    });
    each.collect()
}

fn conditions(json: Option<&Json>) -> Result<Vec<Condition>, String> {
    let Some(json) = json.filter(|json| !json.is_null()) else { return Ok(Vec::new()) };
    let tests = json.as_object().ok_or("A condition is an object.")?;
    let mut all = Vec::new();
    for (test, variables) in tests {
        let variables = variables.as_object().ok_or("A condition's test is an object.")?;
        for (variable, value) in variables {
            let word = |json: &Json| match json {
                Json::String(text) => Ok(text.clone()),
                Json::Bool(truth) => Ok(truth.to_string()),
                Json::Number(number) => Ok(number.to_string()),
                _ => Err(format!("The value of the condition {variable:?} is not text.")),
            };
            let values = match value {
                Json::Array(items) => items.iter().map(word).collect::<Result<_, _>>()?,
                one => vec![word(one)?],
            };
            all.push(Condition { test: test.clone(), variable: variable.clone(), values });
        }
    }
    Ok(all)
}
