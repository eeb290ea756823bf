//! Rules of security groups: what a rule is, how inputs name rules, how answers show them. A rule's identity is its content.
use super::filters::View;
use super::security_group::SecurityGroup;
use super::{cidr, ec2, prefix_list, security_group, tags};
use crate::around::call::Call;
use crate::wire::fault::Fault;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) egress: bool,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, `-1` for all, else a number.
    pub(crate) protocol: String,
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
    pub(crate) source: Source,
    pub(crate) description: Option<String>,
}

/// Where traffic comes from or goes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Source {
    Cidr(String),
    Ipv6(String),
    PrefixList(String),
    Group { account: String, id: String, peering: Option<String> },
}

impl Source {
    /// Is it this group?
    pub(crate) fn is_group(&self, group: &str) -> bool {
        matches!(self, Source::Group { id, .. } if id == group)
    }
}

impl Rule {
    /// Do the two allow the same? Ids and descriptions do not count.
    pub(crate) fn same(&self, other: &Rule) -> bool {
        self.egress == other.egress
            && self.protocol == other.protocol
            && (self.from, self.to) == (other.from, other.to)
            && match (&self.source, &other.source) {
                (Source::Group { id: a, .. }, Source::Group { id: b, .. }) => a == b,
                (a, b) => a == b,
            }
    }

    /// The error for a rule that is there already.
    pub(crate) fn duplicate(&self) -> Fault {
        let peer = match &self.source {
            Source::Cidr(text) | Source::Ipv6(text) | Source::PrefixList(text) => text,
            Source::Group { id, .. } => id,
        };
        let what = match (self.protocol.as_str(), self.from, self.to) {
            ("-1", ..) => "ALL".to_owned(),
            (p @ ("icmp" | "icmpv6"), Some(kind), Some(code)) => {
                format!("{}, type: {kind}, code: {code}", p.to_uppercase())
            }
            (p, Some(from), Some(to)) => {
                format!("{}, from port: {from}, to port: {to}", p.to_uppercase())
            }
            (p, ..) => p.to_uppercase(),
        };
        let message = format!("the specified rule \"peer: {peer}, {what}, ALLOW\" already exists");
        Fault::new("InvalidPermission.Duplicate", message)
    }
}

/// A group's rules of one direction as EC2 groups them: by protocol and ports.
pub(crate) fn permissions(view: &View<'_>, group: &SecurityGroup, egress: bool) -> Vec<Value> {
    let mut list: Vec<Value> = Vec::new();
    let mut keys = Vec::new();
    for rule in group.rules.iter().filter(|r| r.egress == egress) {
        let key = (rule.protocol.clone(), rule.from, rule.to);
        let at = keys.iter().position(|k| *k == key).unwrap_or_else(|| {
            let mut row = json!({"IpProtocol": rule.protocol, "UserIdGroupPairs": [], "IpRanges": [],
                "Ipv6Ranges": [], "PrefixListIds": []});
            if let (Some(from), Some(to)) = (rule.from, rule.to) {
                row["FromPort"] = json!(from);
                row["ToPort"] = json!(to);
            }
            list.push(row);
            keys.push(key);
            list.len() - 1
        });
        let (member, mut item) = match &rule.source {
            Source::Cidr(cidr) => ("IpRanges", json!({"CidrIp": cidr})),
            Source::Ipv6(cidr) => ("Ipv6Ranges", json!({"CidrIpv6": cidr})),
            Source::PrefixList(id) => ("PrefixListIds", json!({"PrefixListId": id})),
            Source::Group { .. } => ("UserIdGroupPairs", pair(view, rule)),
        };
        if let Some(description) = &rule.description {
            item["Description"] = json!(description);
        }
        if let Some(items) = list[at][member].as_array_mut() {
            items.push(item);
        }
    }
    list
}

fn pair(view: &View<'_>, rule: &Rule) -> Value {
    let Source::Group { account, id, peering } = &rule.source else { return json!({}) };
    let mut pair = json!({"GroupId": id, "UserId": account});
    if let Some(pcx) = peering {
        let status = view.ec2.peerings.get(pcx).map(|p| p.status.as_str()).unwrap_or("deleted");
        pair["VpcPeeringConnectionId"] = json!(pcx);
        pair["PeeringStatus"] = json!(status);
        if let Some(group) = view.ec2.security_groups.get(id) {
            pair["VpcId"] = json!(group.vpc);
        }
    }
    pair
}

/// A rule as the rule API shows it.
pub(crate) fn render(view: &View<'_>, group: &str, rule: &Rule) -> Value {
    let mut out = json!({
        "SecurityGroupRuleId": rule.id, "GroupId": group, "GroupOwnerId": view.account, "IsEgress": rule.egress,
        "IpProtocol": rule.protocol, "FromPort": rule.from.unwrap_or(-1), "ToPort": rule.to.unwrap_or(-1),
        "Tags": tags::of(view, &rule.id), "SecurityGroupRuleArn": view.arn(&format!("security-group-rule/{}", rule.id)),
    });
    match &rule.source {
        Source::Cidr(cidr) => out["CidrIpv4"] = json!(cidr),
        Source::Ipv6(cidr) => out["CidrIpv6"] = json!(cidr),
        Source::PrefixList(id) => out["PrefixListId"] = json!(id),
        Source::Group { .. } => out["ReferencedGroupInfo"] = pair(view, rule),
    }
    if let Some(description) = &rule.description {
        out["Description"] = json!(description);
    }
    out
}

/// The rules that a call names by `IpPermissions` or by the old members of its top.
pub(crate) fn asked(call: &mut Call<'_>, group: &str, egress: bool) -> Result<Vec<Rule>, Fault> {
    let permissions = call.list("IpPermissions");
    let old = ["CidrIp", "IpProtocol", "FromPort", "ToPort", "SourceSecurityGroupName"];
    let given: Vec<&str> = old.into_iter().filter(|m| call.get(m).is_some()).collect();
    match (permissions.is_empty(), given.first()) {
        (false, Some(member)) => {
            let message = format!(
                "The parameter 'ipPermissions' may not be used in combination with '{member}'"
            );
            Err(Fault::new("InvalidParameterCombination", message))
        }
        (false, None) => {
            let mut rules = Vec::new();
            for permission in &permissions {
                rules.extend(read(call, group, egress, permission)?);
            }
            refuse_repeats(&rules)?;
            Ok(rules)
        }
        (true, Some(_)) => {
            let mut permission = json!({"IpProtocol": call.opt_str("IpProtocol").unwrap_or_else(|| "-1".to_owned())});
            for member in ["FromPort", "ToPort"] {
                if let Some(port) = call.opt_int(member) {
                    permission[member] = json!(port);
                }
            }
            if let Some(cidr) = call.opt_str("CidrIp") {
                permission["IpRanges"] = json!([{"CidrIp": cidr}]);
            }
            if let Some(name) = call.opt_str("SourceSecurityGroupName") {
                permission["UserIdGroupPairs"] = json!([{"GroupName": name}]);
            }
            read(call, group, egress, &permission)
        }
        (true, None) => {
            let message = "The request must contain the parameter ipPermissions";
            Err(Fault::new("MissingParameter", message))
        }
    }
}

fn refuse_repeats(rules: &[Rule]) -> Result<(), Fault> {
    for (i, rule) in rules.iter().enumerate() {
        if rules[..i].iter().any(|r| r.same(rule)) {
            let message = "The same permission must not appear multiple times";
            return Err(Fault::new("InvalidParameterValue", message));
        }
    }
    Ok(())
}

// One permission is as many rules as it has sources. Ids are given when rules are added.
fn read(
    call: &mut Call<'_>,
    group: &str,
    egress: bool,
    permission: &Value,
) -> Result<Vec<Rule>, Fault> {
    let protocol = protocol(permission["IpProtocol"].as_str().unwrap_or("-1"))?;
    let (from, to) =
        ports(&protocol, permission["FromPort"].as_i64(), permission["ToPort"].as_i64())?;
    let mut rules = Vec::new();
    for (member, key) in [
        ("IpRanges", "CidrIp"),
        ("Ipv6Ranges", "CidrIpv6"),
        ("PrefixListIds", "PrefixListId"),
        ("UserIdGroupPairs", "GroupId"),
    ] {
        for item in permission[member].as_array().into_iter().flatten() {
            let source = match member {
                "UserIdGroupPairs" => group_source(call, group, item)?,
                _ => source(call, key, item[key].as_str().unwrap_or_default())?,
            };
            let description = item["Description"].as_str().filter(|d| !d.is_empty());
            refuse_description(description.unwrap_or_default())?;
            rules.push(Rule {
                id: String::new(),
                egress,
                protocol: protocol.clone(),
                from,
                to,
                source,
                description: description.map(str::to_owned),
            });
        }
    }
    if rules.is_empty() {
        let message = "Invalid value 'null' for ipPermissions: a rule needs a CIDR block, a prefix list or a security group";
        return Err(Fault::new("InvalidParameterValue", message));
    }
    Ok(rules)
}

/// A source by a member of a rule: a block or a prefix list.
pub(crate) fn source(call: &Call<'_>, member: &str, text: &str) -> Result<Source, Fault> {
    let malformed =
        || Fault::new("InvalidParameterValue", format!("CIDR block {text} is malformed"));
    match member {
        "CidrIp" | "CidrIpv4" => {
            cidr::v4(text, "cidrIp").map(|n| Source::Cidr(n.to_string())).map_err(|_| malformed())
        }
        "CidrIpv6" => {
            cidr::v6(text, "cidrIpv6").map(|n| Source::Ipv6(n.to_string())).map_err(|_| malformed())
        }
        _ => {
            prefix_list::check(call, text)?;
            Ok(Source::PrefixList(text.to_owned()))
        }
    }
}

/// A source that is a group: of the same VPC, or of one that is peered with it.
pub(crate) fn group_source(
    call: &mut Call<'_>,
    group: &str,
    item: &Value,
) -> Result<Source, Fault> {
    let vpc = ec2(call).security_groups.get(group).map(|g| g.vpc.clone()).unwrap_or_default();
    let account = item["UserId"].as_str().unwrap_or(&call.account).to_owned();
    let named = match (item["GroupId"].as_str(), item["GroupName"].as_str()) {
        (Some(id), _) => id.to_owned(),
        (None, Some(name)) => security_group::by_name(call, &vpc, name).ok_or_else(|| {
            let message = format!("The security group '{name}' does not exist in VPC '{vpc}'");
            Fault::new("InvalidGroup.NotFound", message)
        })?,
        (None, None) => {
            let message = "The request must contain the parameter groupName or groupId";
            return Err(Fault::new("MissingParameter", message));
        }
    };
    let region = call.region.clone();
    let other =
        call.world.realm(&account, &region).ec2.security_groups.get(&named).map(|g| g.vpc.clone());
    let Some(other) = other else { return Err(security_group::missing(&named)) };
    if other == vpc {
        return Ok(Source::Group { account, id: named, peering: None });
    }
    let peering = ec2(call)
        .peerings
        .iter()
        .find(|(_, p)| p.is_active() && p.touches(&vpc) && p.touches(&other))
        .map(|(id, _)| id.to_owned());
    match peering {
        Some(peering) => Ok(Source::Group { account, id: named, peering: Some(peering) }),
        None => {
            let message = format!(
                "You have specified two resources that belong to different networks: {group} and {named}."
            );
            Err(Fault::new("InvalidGroup.NotFound", message))
        }
    }
}

/// The protocol as EC2 shows it.
pub(crate) fn protocol(text: &str) -> Result<String, Fault> {
    let lower = text.to_ascii_lowercase();
    Ok(match lower.as_str() {
        "tcp" | "6" => "tcp",
        "udp" | "17" => "udp",
        "icmp" | "1" => "icmp",
        "icmpv6" | "58" => "icmpv6",
        "all" | "-1" => "-1",
        other if other.parse::<u8>().is_ok() => other,
        _ => {
            let message = format!("Invalid value '{text}' for IP protocol. Unknown protocol.");
            return Err(Fault::new("InvalidParameterValue", message));
        }
    }
    .to_owned())
}

/// Ports, or ICMP's type and code, as the protocol wants them.
pub(crate) fn ports(
    protocol: &str,
    from: Option<i64>,
    to: Option<i64>,
) -> Result<(Option<i64>, Option<i64>), Fault> {
    let invalid = |message: String| Err(Fault::new("InvalidParameterValue", message));
    match (protocol, from, to) {
        ("tcp" | "udp", Some(from), Some(to)) => {
            let all = (from, to) == (-1, -1);
            let fits = (0..=65535).contains(&from) && (0..=65535).contains(&to) && from <= to;
            match (all, fits) {
                (true, _) => Ok((Some(0), Some(65535))),
                (_, true) => Ok((Some(from), Some(to))),
                _ => invalid(format!("Invalid TCP/UDP port range ({from}:{to})")),
            }
        }
        ("tcp" | "udp", ..) => invalid(
            "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."
                .to_owned(),
        ),
        ("icmp" | "icmpv6", from, to) => {
            let (kind, code) = (from.unwrap_or(-1), to.unwrap_or(-1));
            if !(-1..=255).contains(&kind) {
                return invalid(format!("ICMP type ({kind}) out of range"));
            }
            if !(-1..=255).contains(&code) {
                return invalid(format!("ICMP code ({code}) out of range"));
            }
            if kind == -1 && code != -1 {
                return invalid(format!("ICMP code ({code}) must be -1 when the type is -1"));
            }
            Ok((Some(kind), Some(code)))
        }
        _ => Ok((None, None)),
    }
}

/// Refuses a description that EC2 does not take.
pub(crate) fn refuse_description(text: &str) -> Result<(), Fault> {
    let fits = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    if text.chars().count() > 255 || !text.chars().all(fits) {
        let message = "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*";
        return Err(Fault::new("InvalidParameterValue", message));
    }
    Ok(())
}
