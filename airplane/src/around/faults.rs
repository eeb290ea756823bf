//! Faults on order: rules that match calls and say what befalls them. Read from JSON, counted in memory.
use crate::world::ids::Ids;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What befalls a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Effect {
    /// The service's throttling error.
    Throttle,
    /// An error; nothing happened.
    Error {
        code: String,
        #[serde(default)]
        message: String,
        #[serde(default)]
        status: Option<u16>,
    },
    /// The connection ends without an answer, and nothing happened.
    TimeoutBefore,
    /// The connection ends without an answer, but the action was done.
    TimeoutAfter,
    /// The same answer as to the last such call with the same input, whatever changed since.
    StaleRead,
    /// The answer comes late.
    Latency { millis: u64 },
}

/// A rule. Names may hold `*`; what is absent matches everything.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    #[serde(default)]
    pub(crate) service: Option<String>,
    #[serde(default)]
    pub(crate) action: Option<String>,
    #[serde(default)]
    pub(crate) account: Option<String>,
    #[serde(default)]
    pub(crate) region: Option<String>,
    /// Some text value in the input, such as an id or a name.
    #[serde(default)]
    pub(crate) resource: Option<String>,
    /// Only the nth match, counted from 1.
    #[serde(default)]
    pub(crate) nth: Option<u64>,
    /// At most so many times.
    #[serde(default)]
    pub(crate) times: Option<u64>,
    #[serde(default)]
    pub(crate) probability: Option<f64>,
    pub(crate) effect: Effect,
    /// How many calls matched so far.
    #[serde(default)]
    pub(crate) matched: u64,
    /// How often it struck.
    #[serde(default)]
    pub(crate) struck: u64,
}

/// What a rule is matched against.
pub(crate) struct Subject<'a> {
    pub(crate) service: &'a str,
    pub(crate) action: &'a str,
    pub(crate) account: &'a str,
    pub(crate) region: &'a str,
    pub(crate) input: &'a Map<String, Value>,
}

/// Does text match a pattern with `*` and `?`?
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut i, mut j, mut star, mut mark) = (0, 0, None, 0);
    while j < t.len() {
        if i < p.len() && (p[i] == '?' || p[i] == t[j]) && p[i] != '*' {
            i += 1;
            j += 1;
        } else if i < p.len() && p[i] == '*' {
            star = Some(i);
            mark = j;
            i += 1;
        } else if let Some(s) = star {
            i = s + 1;
            mark += 1;
            j = mark;
        } else {
            return false;
        }
    }
    p[i..].iter().all(|c| *c == '*')
}

fn mentions(value: &Value, pattern: &str) -> bool {
    match value {
        Value::String(s) => glob(pattern, s),
        Value::Array(items) => items.iter().any(|v| mentions(v, pattern)),
        Value::Object(map) => map.values().any(|v| mentions(v, pattern)),
        _ => false,
    }
}

/// What the rules say to a call. Latency adds up; of the other effects the first that strikes holds.
pub(crate) fn strike(
    rules: &mut [Rule],
    subject: &Subject<'_>,
    ids: &mut Ids,
) -> (Option<Effect>, u64) {
    let (mut effect, mut delay) = (None, 0);
    for rule in rules {
        let fits =
            |pattern: &Option<String>, text: &str| pattern.as_ref().is_none_or(|p| glob(p, text));
        let all = fits(&rule.service, subject.service)
            && fits(&rule.action, subject.action)
            && fits(&rule.account, subject.account)
            && fits(&rule.region, subject.region)
            && rule
                .resource
                .as_ref()
                .is_none_or(|p| subject.input.values().any(|v| mentions(v, p)));
        if !all {
            continue;
        }
        rule.matched += 1;
        let due = rule.nth.is_none_or(|n| n == rule.matched)
            && rule.times.is_none_or(|t| rule.struck < t)
            && rule.probability.is_none_or(|p| ids.chance(p));
        if !due {
            continue;
        }
        match &rule.effect {
            Effect::Latency { millis } => delay += millis,
            other if effect.is_none() => effect = Some(other.clone()),
            _ => continue,
        }
        rule.struck += 1;
    }
    (effect, delay)
}
