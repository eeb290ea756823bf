//! [`Permission`]: one rule of a security group in its smallest form: a protocol, ports, one source.
//!
//! AWS stores rules in this form, users write them in bundles (several CIDR blocks in one rule). All
//! comparing is done here, by what a rule means: `tcp` is `6`, ports of "all protocols" do not count,
//! IPv6 has many spellings. A description is no part of what a rule is.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroupRule, UserIdGroupPair,
};
use serde_json::{Value as Json, json};

use crate::fields::{Fields, Problems};

/// Rules and their descriptions.
pub(crate) type Permissions = BTreeMap<Permission, String>;

/// Where traffic comes from, or goes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    V4(String),
    V6(String),
    PrefixList(String),
    Group(Group),
}

/// A security group. Whose it is has to be said for those of other accounts, and is no part of what
/// compares.
#[derive(Clone, Debug, Eq)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) owner: Option<String>,
}

impl Group {
    /// `sg-1`, or `123456789012/sg-1`
    pub(crate) fn new(text: impl AsRef<str>) -> Group {
        match text.as_ref().rsplit_once('/') {
            Some((owner, id)) => Group { id: id.to_owned(), owner: Some(owner.to_owned()) },
            None => Group { id: text.as_ref().to_owned(), owner: None },
        }
    }
}

impl PartialEq for Group {
    fn eq(&self, other: &Group) -> bool {
        self.id == other.id
    }
}

impl PartialOrd for Group {
    fn partial_cmp(&self, other: &Group) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Group {
    fn cmp(&self, other: &Group) -> Ordering {
        self.id.cmp(&other.id)
    }
}

impl Source {
    /// A group, by its id.
    pub(crate) fn group(text: impl AsRef<str>) -> Source {
        Source::Group(Group::new(text))
    }
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Permission {
    pub(crate) protocol: String,
    pub(crate) from: Option<i32>,
    pub(crate) to: Option<i32>,
    pub(crate) source: Source,
}

/// Protocols that have a name, and their numbers.
const NAMED: [(&str, &str); 5] =
    [("-1", "all"), ("tcp", "6"), ("udp", "17"), ("icmp", "1"), ("icmpv6", "58")];

/// As AWS writes the protocol.
pub(crate) fn protocol(text: &str) -> String {
    let text = text.to_ascii_lowercase();
    let named = NAMED.iter().find(|(_, number)| *number == text);
    named.map_or(text, |(name, _)| (*name).to_owned())
}

/// Do ports mean anything with that protocol?
fn has_ports(protocol: &str) -> bool {
    matches!(protocol, "tcp" | "udp" | "icmp" | "icmpv6")
}

/// One spelling of an IPv6 block.
fn canonical(block: &str) -> String {
    block.parse::<ipnet::IpNet>().map_or_else(|_| block.to_owned(), |net| net.to_string())
}

impl Permission {
    /// In the form that compares.
    pub(crate) fn new(
        name: &str,
        from: Option<i32>,
        to: Option<i32>,
        source: Source,
    ) -> Permission {
        let protocol = protocol(name);
        let ports = has_ports(&protocol);
        let source = match source {
            Source::V6(block) => Source::V6(canonical(&block)),
            other => other,
        };
        let (from, to) = (from.filter(|_| ports), to.filter(|_| ports));
        Permission { protocol, from, to, source }
    }

    /// What DescribeSecurityGroupRules says.
    pub(crate) fn of_rule(rule: &SecurityGroupRule) -> Option<Permission> {
        let text = |text: Option<&str>| text.filter(|it| !it.is_empty()).map(str::to_owned);
        let group = rule.referenced_group_info().and_then(|group| group.group_id());
        let source = text(rule.cidr_ipv4())
            .map(Source::V4)
            .or_else(|| text(rule.cidr_ipv6()).map(Source::V6))
            .or_else(|| text(rule.prefix_list_id()).map(Source::PrefixList))
            .or_else(|| text(group).map(Source::group))?;
        let protocol = rule.ip_protocol().unwrap_or("-1");
        Some(Permission::new(protocol, rule.from_port(), rule.to_port(), source))
    }
}

/// What a rule as users write it comes to. `own` is the group that `self` means, where known.
pub(crate) fn written(rule: Fields<'_>, own: &str) -> Vec<Permission> {
    let name = rule.str("protocol").unwrap_or("-1");
    let (from, to) = (rule.i32("from_port"), rule.i32("to_port"));
    let mut sources: Vec<Source> = Vec::new();
    sources.extend(rule.strings("cidr_blocks").into_iter().map(Source::V4));
    sources.extend(rule.strings("ipv6_cidr_blocks").into_iter().map(Source::V6));
    sources.extend(rule.strings("prefix_list_ids").into_iter().map(Source::PrefixList));
    sources.extend(rule.strings("security_groups").into_iter().map(Source::group));
    sources.extend(rule.str("source_security_group_id").map(Source::group));
    if rule.bool("self") == Some(true) {
        sources.push(Source::group(own));
    }
    sources.into_iter().map(|source| Permission::new(name, from, to, source)).collect()
}

/// What several rules come to. Where two say the same, the last one's description stands.
pub(crate) fn all_written<'a>(
    rules: impl IntoIterator<Item = Fields<'a>>,
    own: &str,
) -> Permissions {
    let mut all = Permissions::new();
    for rule in rules {
        let text = rule.str("description").unwrap_or_default();
        all.extend(written(rule, own).into_iter().map(|it| (it, text.to_owned())));
    }
    all
}

/// What DescribeSecurityGroups says.
pub(crate) fn found(permissions: &[IpPermission]) -> Permissions {
    let mut all = Permissions::new();
    for rule in permissions {
        let name = rule.ip_protocol().unwrap_or("-1");
        let mut add = |source: Option<Source>, text: Option<&str>| {
            if let Some(source) = source {
                let permission = Permission::new(name, rule.from_port(), rule.to_port(), source);
                all.insert(permission, text.unwrap_or_default().to_owned());
            }
        };
        for it in rule.ip_ranges() {
            add(it.cidr_ip.clone().map(Source::V4), it.description());
        }
        for it in rule.ipv6_ranges() {
            add(it.cidr_ipv6.clone().map(Source::V6), it.description());
        }
        for it in rule.prefix_list_ids() {
            add(it.prefix_list_id.clone().map(Source::PrefixList), it.description());
        }
        for it in rule.user_id_group_pairs() {
            add(it.group_id.as_ref().map(Source::group), it.description());
        }
    }
    all
}

/// A protocol and its ports.
type Traffic<P> = (P, Option<i32>, Option<i32>);

/// As the calls take them: one item per protocol and ports.
pub(crate) fn sent<'a>(
    permissions: impl IntoIterator<Item = (&'a Permission, &'a String)>,
) -> Vec<IpPermission> {
    let mut groups: BTreeMap<Traffic<&str>, Vec<(&Source, &String)>> = BTreeMap::new();
    for (it, text) in permissions {
        groups.entry((&it.protocol, it.from, it.to)).or_default().push((&it.source, text));
    }
    let one = |((protocol, from, to), sources): ((&str, Option<i32>, Option<i32>), Vec<_>)| {
        let rule = IpPermission::builder().ip_protocol(protocol);
        let rule = rule.set_from_port(from).set_to_port(to);
        sources.into_iter().fold(rule, with_source).build()
    };
    groups.into_iter().map(one).collect()
}

type Builder = aws_sdk_ec2::types::builders::IpPermissionBuilder;

fn with_source(rule: Builder, (source, text): (&Source, &String)) -> Builder {
    let text = Some(text.clone()).filter(|text| !text.is_empty());
    match source {
        Source::V4(block) => {
            rule.ip_ranges(IpRange::builder().cidr_ip(block).set_description(text).build())
        }
        Source::V6(block) => {
            rule.ipv6_ranges(Ipv6Range::builder().cidr_ipv6(block).set_description(text).build())
        }
        Source::PrefixList(id) => rule.prefix_list_ids(
            PrefixListId::builder().prefix_list_id(id).set_description(text).build(),
        ),
        Source::Group(group) => {
            let pair = UserIdGroupPair::builder().group_id(&group.id);
            let pair = pair.set_user_id(group.owner.clone()).set_description(text);
            rule.user_id_group_pairs(pair.build())
        }
    }
}

/// The rules as users write them: those written before with what is left of them, and then what
/// nobody wrote.
pub(crate) fn shown<'a>(
    found: &Permissions,
    before: impl IntoIterator<Item = Fields<'a>>,
    own: &str,
) -> Vec<Json> {
    let mut rest = found.clone();
    let mut rules: Vec<Json> = Vec::new();
    for rule in before {
        let text = rule.str("description").unwrap_or_default();
        let is_there = |it: &Permission| found.get(it).is_some_and(|found| found == text);
        let parts = written(rule, own);
        let none = parts.is_empty();
        let left: Vec<Permission> = parts.into_iter().filter(is_there).collect();
        for it in &left {
            rest.remove(it);
        }
        if none || !left.is_empty() {
            rules.push(left_of(rule, &left, own));
        }
    }
    let mut groups: BTreeMap<(Traffic<String>, String), Vec<Source>> = BTreeMap::new();
    for (it, text) in rest {
        groups.entry(((it.protocol, it.from, it.to), text)).or_default().push(it.source);
    }
    rules.extend(groups.into_iter().map(|(((protocol, from, to), text), sources)| {
        bundle(&protocol, from, to, &text, &sources, own)
    }));
    rules
}

/// A rule in the user's spelling, without what is gone.
fn left_of(rule: Fields<'_>, left: &[Permission], own: &str) -> Json {
    let sources: Vec<&Source> = left.iter().map(|it| &it.source).collect();
    let kept = |name: &str, source: fn(String) -> Source| -> Vec<String> {
        let name_of =
            |text: &String| Permission::new("-1", None, None, source(text.clone())).source;
        let texts = rule.strings(name).into_iter();
        texts.filter(|text| sources.contains(&&name_of(text))).collect()
    };
    let own = Source::group(own);
    json!({
        "cidr_blocks": kept("cidr_blocks", Source::V4),
        "ipv6_cidr_blocks": kept("ipv6_cidr_blocks", Source::V6),
        "prefix_list_ids": kept("prefix_list_ids", Source::PrefixList),
        "security_groups": kept("security_groups", Source::group),
        "self": rule.bool("self") == Some(true) && sources.contains(&&own),
        "description": rule.text("description").unwrap_or_default(),
        "protocol": rule.text("protocol"),
        "from_port": rule.i64("from_port"),
        "to_port": rule.i64("to_port"),
    })
}

fn bundle(
    protocol: &str,
    from: Option<i32>,
    to: Option<i32>,
    text: &str,
    sources: &[Source],
    own: &str,
) -> Json {
    let of = |pick: fn(&Source) -> Option<&String>| -> Vec<&String> {
        sources.iter().filter_map(pick).collect()
    };
    let groups = of(|it| match it {
        Source::Group(group) => Some(&group.id),
        _ => None,
    });
    json!({
        "cidr_blocks": of(|it| match it { Source::V4(block) => Some(block), _ => None }),
        "ipv6_cidr_blocks": of(|it| match it { Source::V6(block) => Some(block), _ => None }),
        "prefix_list_ids": of(|it| match it { Source::PrefixList(id) => Some(id), _ => None }),
        "security_groups": groups.iter().filter(|id| id.as_str() != own).collect::<Vec<_>>(),
        "self": groups.iter().any(|id| id.as_str() == own),
        "description": text,
        "protocol": protocol,
        "from_port": from.unwrap_or(0),
        "to_port": to.unwrap_or(0),
    })
}

/// Checks a rule as users write it; problems are put at the attribute `at`, or at the rule's own
/// attributes where there is none.
pub(crate) fn check(rule: Fields<'_>, at: Option<&str>, problems: &mut Problems) {
    let mut add = |name: &str, summary: &str, message: String| {
        problems.add(at.unwrap_or(name), summary, message);
    };
    for (name, v4, longest) in [("cidr_blocks", true, 32), ("ipv6_cidr_blocks", false, 128)] {
        for block in rule.strings(name) {
            if let Err(why) = crate::cidr::problem(&block, v4, 0, longest) {
                add(name, "Invalid CIDR block", why);
            }
        }
    }
    if rule.text("description").is_some_and(|text| text.chars().count() > 255) {
        add("description", "Value too long", "A description has at most 255 characters.".into());
    }
    let (from, to) = (rule.i64("from_port"), rule.i64("to_port"));
    let Some(name) = rule.str("protocol").or_else(|| rule.str("ip_protocol")).map(protocol) else {
        return;
    };
    if let Some((name, message)) = port_problem(&name, from, to) {
        add(name, "Invalid port", message);
    }
}

/// What is wrong with the ports of a protocol, and which.
fn port_problem(
    protocol: &str,
    from: Option<i64>,
    to: Option<i64>,
) -> Option<(&'static str, String)> {
    let highest = if protocol.starts_with("icmp") { 255 } else { 65535 };
    let lowest = if protocol.starts_with("icmp") { -1 } else { 0 };
    if !has_ports(protocol) {
        // AWS ignores them; -1 and 0 are what people write.
        let wrong =
            protocol == "-1" && [from, to].iter().flatten().any(|port| !(-1..=0).contains(port));
        let message = || "With all protocols (\"-1\") both ports must be 0.".to_owned();
        return wrong.then(|| ("from_port", message()));
    }
    for (name, port) in [("from_port", from), ("to_port", to)] {
        if port.is_some_and(|port| !(lowest..=highest).contains(&port)) {
            let port = port.unwrap_or_default();
            return Some((
                name,
                format!("Expected {lowest} to {highest} for {protocol}, got {port}."),
            ));
        }
    }
    let reversed =
        !protocol.starts_with("icmp") && from.zip(to).is_some_and(|(from, to)| from > to);
    reversed.then(|| ("to_port", "\"to_port\" must not be below \"from_port\".".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kprov_core::{Type, Value};

    fn rule(protocol: &str, port: i64, blocks: &[&str], text: &str) -> Value {
        let blocks = blocks.iter().map(|block| Value::string(*block)).collect();
        Value::object([
            ("protocol", Value::string(protocol)),
            ("from_port", Value::int(port)),
            ("to_port", Value::int(port)),
            ("cidr_blocks", Value::list(Type::String, blocks)),
            ("description", Value::string(text)),
        ])
    }

    #[test]
    fn a_rule_is_what_it_means_and_not_how_it_is_spelt() {
        let (a, b) = (rule("tcp", 22, &["10.0.0.0/8"], ""), rule("6", 22, &["10.0.0.0/8"], "x"));
        assert_eq!(written(Fields(&a), "sg-1"), written(Fields(&b), "sg-1"));
        let (a, b) = (rule("-1", 0, &["10.0.0.0/8"], ""), rule("all", -1, &["10.0.0.0/8"], ""));
        assert_eq!(written(Fields(&a), "sg-1"), written(Fields(&b), "sg-1"));
        let v6 = |text: &str| Permission::new("tcp", Some(1), Some(1), Source::V6(text.into()));
        assert_eq!(v6("2001:db8:0::/48"), v6("2001:DB8::/48"));
        let group = |text: &str| Permission::new("tcp", None, None, Source::group(text));
        assert_eq!(group("123456789012/sg-2"), group("sg-2"));
    }

    #[test]
    fn rules_are_shown_as_written_without_what_is_gone_and_with_what_was_added() {
        let before = rule("6", 22, &["10.0.0.0/8", "192.168.0.0/16"], "ssh");
        let mut found = all_written([Fields(&before)], "sg-1");
        found.remove(&Permission::new("tcp", Some(22), Some(22), Source::V4("10.0.0.0/8".into())));
        let other = Permission::new("udp", Some(53), Some(53), Source::group("sg-1"));
        found.insert(other, "dns".into());
        let rules = shown(&found, [Fields(&before)], "sg-1");
        assert_eq!(rules.len(), 2);
        assert_eq!(rules[0]["protocol"], "6");
        assert_eq!(rules[0]["cidr_blocks"], json!(["192.168.0.0/16"]));
        assert_eq!((&rules[1]["self"], &rules[1]["description"]), (&json!(true), &json!("dns")));
    }

    #[test]
    fn another_description_is_drift() {
        let before = rule("tcp", 22, &["10.0.0.0/8"], "ssh");
        let mut found = all_written([Fields(&before)], "sg-1");
        found.values_mut().for_each(|text| *text = "other".into());
        let rules = shown(&found, [Fields(&before)], "sg-1");
        assert_eq!(rules.len(), 1);
        assert_eq!(rules[0]["description"], "other");
    }

    #[test]
    fn ports_are_checked_by_protocol() {
        assert!(port_problem("tcp", Some(0), Some(65536)).is_some());
        assert!(port_problem("tcp", Some(443), Some(80)).is_some());
        assert!(port_problem("-1", Some(0), Some(65535)).is_some());
        assert!(port_problem("icmp", Some(8), Some(-1)).is_none());
        assert!(port_problem("-1", Some(0), Some(0)).is_none());
        assert!(port_problem("50", Some(0), Some(0)).is_none());
    }

    #[test]
    fn one_item_per_protocol_and_ports_is_sent() {
        let rules = [rule("tcp", 22, &["10.0.0.0/8"], "a"), rule("tcp", 22, &["10.1.0.0/16"], "b")];
        let all = all_written(rules.iter().map(Fields), "sg-1");
        let sent = sent(&all);
        assert_eq!((sent.len(), sent[0].ip_ranges().len()), (1, 2));
        assert_eq!(found(&sent), all);
    }
}
