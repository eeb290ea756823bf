//! What changes and lists rules of security groups: authorize, revoke, modify, describe. A call does all or nothing.
use super::filters::{Filters, view};
use super::security_group::named;
use super::security_group_rule::{
    Rule, Source, asked, group_source, ports, protocol, refuse_description, render, source,
};
use super::{ec2, find, kinds, prefix_list, tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("AuthorizeSecurityGroupIngress", |c| authorize(c, false)),
    ("AuthorizeSecurityGroupEgress", |c| authorize(c, true)),
    ("RevokeSecurityGroupIngress", |c| revoke(c, false)),
    ("RevokeSecurityGroupEgress", |c| revoke(c, true)),
    ("DescribeSecurityGroupRules", describe),
    ("ModifySecurityGroupRules", modify),
    ("UpdateSecurityGroupRuleDescriptionsIngress", |c| describe_rules_anew(c, false)),
    ("UpdateSecurityGroupRuleDescriptionsEgress", |c| describe_rules_anew(c, true)),
];

fn authorize(call: &mut Call<'_>, egress: bool) -> Outcome {
    let given = tags::specified(call, "security-group-rule")?;
    let group_id = named(call)?;
    let mut rules = asked(call, &group_id, egress)?;
    let group = find(call, |s| &s.security_groups, "sg", &group_id)?;
    for rule in &rules {
        if group.rules.iter().any(|r| r.same(rule)) {
            return Err(rule.duplicate());
        }
    }
    let all: Vec<&Rule> = group.rules.iter().chain(&rules).filter(|r| r.egress == egress).collect();
    refuse_too_many(&all, &call.region, call.quota("rules-per-security-group"))?;
    for rule in &mut rules {
        rule.id = call.id("sgr");
        tags::put(call, &rule.id, given.clone());
    }
    if let Some(group) = ec2(call).security_groups.get_mut(&group_id) {
        group.rules.extend(rules.clone());
    }
    let view = view(call);
    let shown: Vec<Value> = rules.iter().map(|r| render(&view, &group_id, r)).collect();
    Ok(json!({"Return": true, "SecurityGroupRules": shown}))
}

// IPv4 and IPv6 count for themselves; groups and prefix lists count in both, a list with all its blocks.
fn refuse_too_many(rules: &[&Rule], region: &str, most: usize) -> Result<(), Fault> {
    let (mut v4, mut v6) = (0, 0);
    for rule in rules {
        match &rule.source {
            Source::Cidr(_) => v4 += 1,
            Source::Ipv6(_) => v6 += 1,
            Source::PrefixList(list) => v4 += prefix_list::weight(region, list),
            Source::Group { .. } => {
                v4 += 1;
                v6 += 1;
            }
        }
    }
    if v4.max(v6) > most {
        let message = "The maximum number of rules per security group has been reached.";
        return Err(Fault::new("RulesPerSecurityGroupLimitExceeded", message));
    }
    Ok(())
}

fn no_rule(id: &str) -> Fault {
    kinds::missing("sgr", id)
}

fn revoke(call: &mut Call<'_>, egress: bool) -> Outcome {
    let group_id = named(call)?;
    let group = find(call, |s| &s.security_groups, "sg", &group_id)?;
    let ids = call.strings("SecurityGroupRuleIds");
    let mut unknown = Vec::new();
    let mut gone: Vec<Rule> = Vec::new();
    if ids.is_empty() {
        let tolerant = ec2(call).vpcs.get(&group.vpc).is_some_and(|v| v.is_default);
        for rule in asked(call, &group_id, egress)? {
            match group.rules.iter().find(|r| r.same(&rule)) {
                Some(known) => gone.push(known.clone()),
                // Only in a default VPC is a rule that is not there no error.
                None if tolerant => unknown.push(rule),
                None => {
                    let message = "The specified rule does not exist in this security group.";
                    return Err(Fault::new("InvalidPermission.NotFound", message));
                }
            }
        }
    }
    for id in &ids {
        let known = group.rules.iter().find(|r| r.id == *id && r.egress == egress);
        gone.push(known.cloned().ok_or_else(|| no_rule(id))?);
    }
    if let Some(group) = ec2(call).security_groups.get_mut(&group_id) {
        group.rules.retain(|r| !gone.iter().any(|g| g.id == r.id));
    }
    for rule in &gone {
        tags::forget(call, &rule.id);
    }
    let view = view(call);
    let shown: Vec<Value> = gone.iter().map(|r| revoked(render(&view, &group_id, r))).collect();
    let whole = super::security_group::SecurityGroup { rules: unknown, ..group };
    let unknown = super::security_group_rule::permissions(&view, &whole, egress);
    Ok(json!({"Return": true, "RevokedSecurityGroupRules": shown, "UnknownIpPermissions": unknown}))
}

// What is revoked is shown in a shape of its own.
fn revoked(mut rule: Value) -> Value {
    let referenced = rule["ReferencedGroupInfo"]["GroupId"].take();
    if let Some(map) = rule.as_object_mut() {
        for member in ["GroupOwnerId", "Tags", "SecurityGroupRuleArn", "ReferencedGroupInfo"] {
            map.remove(member);
        }
        if !referenced.is_null() {
            map.insert("ReferencedGroupId".to_owned(), referenced);
        }
    }
    rule
}

const FILTERS: &[(&str, &str)] =
    &[("group-id", "GroupId"), ("security-group-rule-id", "SecurityGroupRuleId")];

fn describe(call: &mut Call<'_>) -> Outcome {
    let filters = Filters::of(call, FILTERS)?;
    let ids = call.strings("SecurityGroupRuleIds");
    let view = view(call);
    let mut list = Vec::new();
    for (group, record) in view.ec2.security_groups.seen(view.now) {
        for rule in record.rules.iter().filter(|r| ids.is_empty() || ids.contains(&r.id)) {
            list.push(render(&view, group, rule));
        }
    }
    if let Some(bad) = ids.iter().find(|id| !list.iter().any(|r| r["SecurityGroupRuleId"] == **id))
    {
        return Err(no_rule(bad));
    }
    list.retain(|r| filters.pass(FILTERS, r));
    Ok(json!({ "SecurityGroupRules": list }))
}

fn modify(call: &mut Call<'_>) -> Outcome {
    let group_id = call.str("GroupId");
    let mut group = find(call, |s| &s.security_groups, "sg", &group_id)?;
    for update in call.list("SecurityGroupRules") {
        let id = update["SecurityGroupRuleId"].as_str().unwrap_or_default().to_owned();
        let at = group.rules.iter().position(|r| r.id == id).ok_or_else(|| no_rule(&id))?;
        let new = requested(call, &group_id, &group.rules[at], &update["SecurityGroupRule"])?;
        if group.rules.iter().any(|r| r.id != id && r.same(&new)) {
            return Err(new.duplicate());
        }
        group.rules[at] = new;
    }
    if let Some(record) = ec2(call).security_groups.get_mut(&group_id) {
        *record = group;
    }
    Ok(json!({"Return": true}))
}

// A rule is replaced as a whole, but for its id and direction; the kind of its source stays.
fn requested(call: &mut Call<'_>, group: &str, old: &Rule, request: &Value) -> Result<Rule, Fault> {
    let protocol = protocol(request["IpProtocol"].as_str().unwrap_or("-1"))?;
    let (from, to) = ports(&protocol, request["FromPort"].as_i64(), request["ToPort"].as_i64())?;
    let members = ["CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId"];
    let given: Vec<(&str, &str)> =
        members.into_iter().filter_map(|m| Some((m, request[m].as_str()?))).collect();
    let source = match given.as_slice() {
        [("ReferencedGroupId", id)] => group_source(call, group, &json!({"GroupId": id}))?,
        [(member, text)] => source(call, member, text)?,
        _ => {
            let message = "The request must contain exactly one of CidrIpv4, CidrIpv6, PrefixListId, ReferencedGroupId";
            return Err(Fault::new("InvalidParameterCombination", message));
        }
    };
    if std::mem::discriminant(&source) != std::mem::discriminant(&old.source) {
        let message =
            "You may not modify the type of the source or destination of a security group rule";
        return Err(Fault::new("InvalidParameterValue", message));
    }
    let description = request["Description"].as_str().filter(|d| !d.is_empty());
    refuse_description(description.unwrap_or_default())?;
    let description = description.map(str::to_owned);
    Ok(Rule { id: old.id.clone(), egress: old.egress, protocol, from, to, source, description })
}

fn describe_rules_anew(call: &mut Call<'_>, egress: bool) -> Outcome {
    let group_id = named(call)?;
    let mut group = find(call, |s| &s.security_groups, "sg", &group_id)?;
    let by_id = call.list("SecurityGroupRuleDescriptions");
    if !by_id.is_empty() && call.get("IpPermissions").is_some() {
        let message = "The parameter ipPermissions cannot be used with the parameter securityGroupRuleDescriptions";
        return Err(Fault::new("InvalidParameterCombination", message));
    }
    let mut changes = Vec::new();
    for item in &by_id {
        let id = item["SecurityGroupRuleId"].as_str().unwrap_or_default();
        let at = group.rules.iter().position(|r| r.id == id && r.egress == egress);
        let text = item["Description"].as_str().filter(|d| !d.is_empty());
        refuse_description(text.unwrap_or_default())?;
        changes.push((at.ok_or_else(|| no_rule(id))?, text.map(str::to_owned)));
    }
    if by_id.is_empty() {
        for rule in asked(call, &group_id, egress)? {
            let at = group.rules.iter().position(|r| r.same(&rule)).ok_or_else(|| {
                let message = "The specified rule does not exist in this security group.";
                Fault::new("InvalidPermission.NotFound", message)
            })?;
            changes.push((at, rule.description));
        }
    }
    for (at, description) in changes {
        group.rules[at].description = description;
    }
    if let Some(record) = ec2(call).security_groups.get_mut(&group_id) {
        *record = group;
    }
    Ok(json!({"Return": true}))
}
