//! Describes: by ids, by filters with wildcards, by tags. Filters name a path in the rendered answer; a path runs through lists.
use super::{State, kinds};
use crate::around::call::Call;
use crate::around::faults::glob;
use crate::wire::fault::Fault;
use crate::world::Millis;
use crate::world::scope::Scope;
use crate::world::table::{Record, Table};
use serde_json::Value;

/// EC2's state as a renderer sees it.
pub(crate) struct View<'a> {
    pub(crate) ec2: &'a State,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) now: Millis,
}

impl View<'_> {
    /// `arn:aws:ec2:REGION:ACCOUNT:RESOURCE`.
    pub(crate) fn arn(&self, resource: &str) -> String {
        format!("arn:aws:ec2:{}:{}:{resource}", self.region, self.account)
    }
}

/// The state of a scope, to render from.
pub(crate) fn view<'a>(scope: &'a mut Scope<'_>) -> View<'a> {
    let (account, region, now) = (scope.account.clone(), scope.region.clone(), scope.now());
    View { ec2: &scope.realm().ec2, account, region, now }
}

/// What a describe action takes.
pub(crate) struct Spec {
    /// Input member with ids.
    pub(crate) ids: &'static str,
    /// Prefix of such ids.
    pub(crate) prefix: &'static str,
    /// Filter names with the path of their values in a rendered object. A path `=PATH` compares the keys of tags.
    pub(crate) filters: &'static [(&'static str, &'static str)],
}

/// The input's filters.
pub(crate) struct Filters(Vec<(String, Vec<String>)>);

impl Filters {
    /// Reads `Filters`, and refuses names that are not known here.
    pub(crate) fn of(call: &Call<'_>, known: &[(&str, &str)]) -> Result<Self, Fault> {
        let mut filters = Vec::new();
        let member = if call.input.contains_key("Filter") { "Filter" } else { "Filters" };
        for filter in call.list(member) {
            let name = filter["Name"].as_str().unwrap_or_default().to_owned();
            let fits = known.iter().any(|(n, _)| *n == name)
                || matches!(name.as_str(), "tag-key" | "tag-value")
                || name.starts_with("tag:");
            if !fits {
                let message = format!("The filter '{name}' is invalid");
                return Err(Fault::new("InvalidParameterValue", message));
            }
            let values: Vec<String> = filter["Values"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|v| v.as_str().map(str::to_owned))
                .collect();
            if values.is_empty() {
                let message = format!("The filter '{name}' must have at least one value");
                return Err(Fault::new("InvalidParameterValue", message));
            }
            if values.len() > 200 {
                let message =
                    "The maximum number of filter values specified on a single call is 200";
                return Err(Fault::new("FilterLimitExceeded", message));
            }
            filters.push((name, values));
        }
        Ok(Filters(filters))
    }

    /// Does a rendered object pass all filters?
    pub(crate) fn pass(&self, known: &[(&str, &str)], object: &Value) -> bool {
        self.0.iter().all(|(name, patterns)| {
            let values = match name.as_str() {
                "tag-key" => tags(object).map(|(k, _)| k.to_owned()).collect(),
                "tag-value" => tags(object).map(|(_, v)| v.to_owned()).collect(),
                name => match name.strip_prefix("tag:") {
                    Some(key) => {
                        tags(object).filter(|(k, _)| *k == key).map(|(_, v)| v.to_owned()).collect()
                    }
                    None => {
                        let mut values = Vec::new();
                        for (_, path) in known.iter().filter(|(n, _)| *n == name) {
                            reach(object, path, &mut values);
                        }
                        values
                    }
                },
            };
            values.iter().any(|v| patterns.iter().any(|p| matches(p, v)))
        })
    }
}

// `\*`, `\?` and `\\` in a pattern stand for themselves.
fn matches(pattern: &str, text: &str) -> bool {
    if !pattern.contains('\\') {
        return glob(pattern, text);
    }
    // Escaped characters become private ones on both sides, so that the glob takes them literally.
    let (mut plain, mut chars) = (String::new(), pattern.chars());
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => plain.push(chars.next().map(literal).unwrap_or('\\')),
            (c, false) => plain.push(c),
        }
    }
    let same: String = text.chars().map(literal).collect();
    let plain: String =
        plain.chars().map(|c| if matches!(c, '*' | '?') { c } else { literal(c) }).collect();
    glob(&plain, &same)
}

fn literal(c: char) -> char {
    match c {
        '*' => '\u{e000}',
        '?' => '\u{e001}',
        c => c,
    }
}

fn tags(object: &Value) -> impl Iterator<Item = (&str, &str)> {
    let list = object.get("Tags").or(object.get("TagSet")).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|t| Some((t["Key"].as_str()?, t["Value"].as_str()?)))
}

/// Collects the scalars at a dotted path as text; a path runs through lists.
pub(crate) fn reach(value: &Value, path: &str, out: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|v| reach(v, path, out)),
        Value::Object(map) => {
            let (head, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(v) = map.get(head) {
                reach(v, rest, out);
            }
        }
        Value::Null => {}
        Value::String(s) if path.is_empty() => out.push(s.clone()),
        other if path.is_empty() => out.push(other.to_string()),
        _ => {}
    }
}

/// The objects of a table that a describe asks for, rendered.
pub(crate) fn describe<T: Record>(
    call: &mut Call<'_>,
    spec: &Spec,
    table: fn(&State) -> &Table<T>,
    render: impl Fn(&View<'_>, &str, &T) -> Value,
) -> Result<Vec<Value>, Fault> {
    let filters = Filters::of(call, spec.filters)?;
    let ids = call.strings(spec.ids);
    let view = view(&mut call.scope);
    let rows: Vec<(&str, &T)> = if ids.is_empty() {
        table(view.ec2).seen(view.now).collect()
    } else {
        let kind = kinds::named(spec.prefix);
        if let Some(bad) = ids.iter().find(|id| table(view.ec2).see(id, view.now).is_none()) {
            return Err(kind.missing(bad));
        }
        table(view.ec2).seen_of(&ids, view.now)
    };
    let rendered = rows.into_iter().map(|(id, row)| render(&view, id, row));
    Ok(rendered.filter(|object| filters.pass(spec.filters, object)).collect())
}
