//! [`Inventory`]: what an airplane holds, so that two of them can be compared.
//!
//! What must hold: two undisturbed applies of one configuration have equal inventories, whatever ids,
//! addresses and times came out; two inventories with a difference that users would see (an object
//! twice, one that nobody wants, a rule that is missing) are not equal.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// What AWS writes down about the past, and what it holds in transit.
const HISTORY: [&str; 4] =
    ["autoscaling.activities", "route53.changes", "sqs.graves", "sqs.messages"];

/// What stays visible for a while after it is gone: such an object is marked as implicit.
const GHOSTS: [&str; 3] = ["ec2.instances", "ec2.nat_gateways", "kms.keys"];

/// Drawn, counted, or said of the past.
const PASSING: [&str; 16] = [
    "activity",
    "active",
    "deleted",
    "done",
    "index",
    "kprov:op",
    "launch_index",
    "mac",
    "next_look",
    "number",
    "reference",
    "retry_at",
    "servers",
    "suffix",
    "token",
    "transition",
];

/// Objects, each as a line of text without what is drawn; as often as they are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory(BTreeMap<String, usize>);

impl Inventory {
    /// Of a dump.
    pub fn of(dump: &Value) -> Inventory {
        let objects = dump.as_array().expect("a list of objects");
        let labels = labels(objects);
        let mut lines = BTreeMap::new();
        for object in objects.iter().filter(|it| counts(it)) {
            let ty = text(object, "type");
            let value = plain(&object["value"], &labels);
            let tags = plain(&object["tags"], &labels);
            *lines.entry(format!("{ty} {value} {tags}")).or_default() += 1;
        }
        Inventory(lines)
    }

    /// How many objects of which type.
    pub fn counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for (line, count) in &self.0 {
            let ty = line.split(' ').next().unwrap_or_default();
            *counts.entry(ty).or_default() += count;
        }
        counts
    }

    /// What differs, line by line: `+` is here and not there, `-` the other way round.
    pub fn differences(&self, expected: &Inventory) -> Vec<String> {
        let lines: BTreeSet<&String> = self.0.keys().chain(expected.0.keys()).collect();
        let count = |inventory: &Inventory, line| inventory.0.get(line).copied().unwrap_or(0);
        let differing = lines.into_iter().filter_map(|line| {
            let (here, there) = (count(self, line), count(expected, line));
            let sign = if here > there { '+' } else { '-' };
            (here != there).then(|| format!("{sign}{} {line}", here.abs_diff(there)))
        });
        differing.collect()
    }
}

fn text<'v>(object: &'v Value, name: &str) -> &'v str {
    object[name].as_str().unwrap_or_default()
}

fn counts(object: &Value) -> bool {
    let (ty, implicit) = (text(object, "type"), object["implicit"] == true);
    let gone = implicit && GHOSTS.contains(&ty);
    // A zone's own records, the options that every region of an account has, and service-linked roles.
    let aws_own = implicit && ["route53.records", "ec2.dhcp_options", "iam.roles"].contains(&ty);
    !gone && !aws_own && !HISTORY.contains(&ty)
}

/// What stands for an id: what people call the object.
fn labels(objects: &[Value]) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for object in objects {
        let (ty, id) = (text(object, "type"), text(object, "id"));
        let name = [&object["tags"]["Name"], &object["value"]["name"]];
        let name = name.into_iter().find_map(Value::as_str).unwrap_or_default();
        labels.insert(id.to_owned(), format!("<{ty} {}>", without_drawn(name)));
    }
    labels
}

fn plain(value: &Value, labels: &BTreeMap<String, String>) -> Value {
    match value {
        Value::Object(entries) => {
            let kept = entries.iter().filter(|(name, _)| !PASSING.contains(&name.as_str()));
            // Names are ids in places, and ids of objects that this one knows are in arrays.
            let plain = kept.map(|(name, value)| (name.clone(), plain(value, labels)));
            Value::Object(plain.collect::<Map<String, Value>>())
        }
        Value::Array(items) => array(items, labels),
        Value::Number(number) if number.as_f64().is_some_and(|it| it > 1e12) => "time".into(),
        Value::String(text) => match labels.get(text) {
            Some(label) => label.as_str().into(),
            None => without_drawn(text).into(),
        },
        other => other.clone(),
    }
}

/// No order is promised; tags stand as pairs in some places.
fn array(items: &[Value], labels: &BTreeMap<String, String>) -> Value {
    let ours = |item: &&Value| {
        let names = [&item[0], &item["Key"], &item["key"]];
        !names.into_iter().any(|name| name == "kprov:op")
    };
    let mut items: Vec<Value> = items.iter().filter(ours).map(|it| plain(it, labels)).collect();
    items.sort_by_key(Value::to_string);
    Value::Array(items)
}

/// The text with `#` for ids and times in it.
fn without_drawn(text: &str) -> String {
    if is_address(text) {
        return "address".to_owned();
    }
    let (mut out, mut rest) = (String::new(), text);
    while let Some(first) = rest.chars().next() {
        let uuid = rest.get(..36).filter(|it| fits(it, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh"));
        let time = rest.get(..19).filter(|it| fits(it, "dddd-dd-ddTdd:dd:dd"));
        if let Some(found) = uuid {
            out.push('#');
            rest = &rest[found.len()..];
        } else if time.is_some() {
            out.push_str("time");
            rest = rest.split_once('Z').map_or("", |(_, rest)| rest);
        } else if first.is_ascii_alphanumeric() {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            out.push_str(if is_drawn(word) { "#" } else { word });
            rest = after;
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

/// `h`: a hexadecimal digit, `d`: a digit.
fn fits(text: &str, pattern: &str) -> bool {
    text.chars().zip(pattern.chars()).all(|(c, wanted)| match wanted {
        'h' => c.is_ascii_hexdigit(),
        'd' => c.is_ascii_digit(),
        other => c == other,
    })
}

fn is_drawn(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let capitals = word.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
    let hexadecimal = word.chars().all(|c| c.is_ascii_hexdigit());
    word.len() >= 6 && digits > 0 && hexadecimal || word.len() >= 16 && (capitals || digits > 0)
}

/// An IPv4 address, alone or in a name.
fn is_address(text: &str) -> bool {
    text.parse::<std::net::Ipv4Addr>().is_ok()
        || text.strip_prefix("ip-").is_some_and(|it| it.starts_with("10-"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn subnet(id: &str, name: &str) -> Value {
        json!({"type": "ec2.subnets", "id": id, "implicit": false, "value": {"cidr": "10.0.0.0/24"},
            "tags": {"Name": name, "kprov:op": id}})
    }

    fn user(subnet: &str) -> Value {
        json!({"type": "ec2.nat_gateways", "id": "nat-1", "implicit": false,
            "value": {"subnet": subnet, "created": 1_795_729_902_968_u64}})
    }

    #[test]
    fn ids_do_not_matter_and_what_they_stand_for_does() {
        let one = Inventory::of(&json!([subnet("subnet-0a1b2c3d", "a"), user("subnet-0a1b2c3d")]));
        let same = Inventory::of(&json!([user("subnet-9f8e7d6c"), subnet("subnet-9f8e7d6c", "a")]));
        assert_eq!(one.differences(&same), Vec::<String>::new());
        let other =
            Inventory::of(&json!([user("subnet-9f8e7d6c"), subnet("subnet-9f8e7d6c", "b")]));
        assert_eq!(one.differences(&other).len(), 4);
    }

    #[test]
    fn twice_is_not_once() {
        let once = Inventory::of(&json!([subnet("subnet-1", "a")]));
        let twice = Inventory::of(&json!([subnet("subnet-1", "a"), subnet("subnet-2", "a")]));
        assert_eq!(twice.differences(&once).len(), 1);
        assert_eq!(twice.counts()["ec2.subnets"], 2);
    }

    #[test]
    fn ghosts_are_gone_and_keys_that_are_there_are_not() {
        let key =
            |implicit| json!([{"type": "kms.keys", "id": "k", "implicit": implicit, "value": {}}]);
        assert_eq!(Inventory::of(&key(true)), Inventory::default());
        assert_ne!(Inventory::of(&key(false)), Inventory::default());
    }
}
