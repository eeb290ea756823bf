//! Listeners: one per port of a load balancer, with the action that tells where its traffic goes.
use super::attributes::Attributes;
use super::load_balancers::{self, LoadBalancer};
use super::tags::{self, Tags};
use super::{check_arn, elbv2, invalid, limits, misconfigured, target_groups};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateListener", create),
    ("DeleteListener", delete),
    ("DescribeListeners", describe),
    ("ModifyListener", modify),
    ("DescribeListenerCertificates", certificates),
    ("DescribeRules", rules),
];

/// A listener, by ARN.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Listener {
    pub(crate) load_balancer: String,
    pub(crate) protocol: String,
    pub(crate) port: i64,
    pub(crate) policy: Option<String>,
    pub(crate) certificate: Option<String>,
    pub(crate) alpn: Vec<String>,
    /// As they are shown.
    pub(crate) actions: Vec<Value>,
    pub(crate) attributes: Attributes,
    pub(crate) tags: Tags,
    pub(crate) created: Millis,
}

impl Listener {
    /// Does its traffic go to this group?
    pub(crate) fn forwards_to(&self, group: &str) -> bool {
        self.actions.iter().any(|action| groups_of(action).iter().any(|g| g == group))
    }

    fn is_encrypted(&self) -> bool {
        matches!(self.protocol.as_str(), "TLS" | "HTTPS")
    }

    fn answer(&self, arn: &str) -> Value {
        let mut out = json!({
            "ListenerArn": arn, "LoadBalancerArn": self.load_balancer, "Port": self.port,
            "Protocol": self.protocol, "DefaultActions": self.actions,
        });
        if let Some(policy) = &self.policy {
            out["SslPolicy"] = json!(policy);
        }
        if let Some(certificate) = &self.certificate {
            out["Certificates"] = json!([{ "CertificateArn": certificate }]);
        }
        if !self.alpn.is_empty() {
            out["AlpnPolicy"] = json!(self.alpn);
        }
        out
    }
}

fn groups_of(action: &Value) -> Vec<String> {
    let groups = action["ForwardConfig"]["TargetGroups"].as_array();
    groups
        .into_iter()
        .flatten()
        .filter_map(|g| g["TargetGroupArn"].as_str().map(str::to_owned))
        .collect()
}

/// The error for an ARN that nothing has.
pub(crate) fn missing(arn: &str) -> Fault {
    Fault::new("ListenerNotFound", format!("Listener '{arn}' not found"))
}

/// The listener that `ListenerArn` names.
pub(crate) fn named(call: &mut Call<'_>) -> Result<Listener, Fault> {
    let arn = call.str("ListenerArn");
    check_arn("listener", &arn)?;
    elbv2(call).listeners.get(&arn).cloned().ok_or_else(|| missing(&arn))
}

// The actions of a call as they will be shown: a forward has its group both ways.
fn given_actions(call: &Call<'_>, kind: &str) -> Result<Vec<Value>, Fault> {
    let mut actions = call.list("DefaultActions");
    if actions.is_empty() {
        return Err(invalid("A listener must have at least one default action"));
    }
    let many = actions.len() > 1;
    for (position, action) in actions.iter_mut().enumerate() {
        let what = action["Type"].as_str().unwrap_or_default().to_owned();
        if what != "forward" {
            if kind == "network" {
                let message = format!(
                    "Action type '{what}' is not supported for load balancers of type 'network'"
                );
                return Err(Fault::new("InvalidLoadBalancerAction", message));
            }
        } else {
            forward(action, kind)?;
        }
        if many && action.get("Order").is_none() {
            action["Order"] = json!(position + 1);
        }
    }
    Ok(actions)
}

fn forward(action: &mut Value, kind: &str) -> Result<(), Fault> {
    let single = action["TargetGroupArn"].as_str().map(str::to_owned);
    let mut groups = groups_of(action);
    if groups.is_empty() {
        groups.extend(single.clone());
    }
    if groups.is_empty() {
        return Err(invalid("A target group ARN must be specified for a forward action"));
    }
    if single.is_some_and(|one| groups != [one]) {
        let message = "The target group ARN and the forward configuration of an action must name the same target group";
        return Err(invalid(message));
    }
    if let [only] = groups.as_slice() {
        action["TargetGroupArn"] = json!(only);
    }
    let given = action["ForwardConfig"].clone();
    let weight = |arn: &str| {
        let list = given["TargetGroups"].as_array();
        list.into_iter().flatten().find(|g| g["TargetGroupArn"] == *arn)?["Weight"].as_i64()
    };
    let shown: Vec<Value> = groups
        .iter()
        .map(|arn| match (weight(arn), kind) {
            (Some(weight), _) => json!({"TargetGroupArn": arn, "Weight": weight}),
            (None, "application") => json!({"TargetGroupArn": arn, "Weight": 1}),
            _ => json!({ "TargetGroupArn": arn }),
        })
        .collect();
    let mut config = json!({ "TargetGroups": shown });
    match given.get("TargetGroupStickinessConfig") {
        Some(stickiness) => config["TargetGroupStickinessConfig"] = stickiness.clone(),
        None if kind == "application" => {
            config["TargetGroupStickinessConfig"] = json!({"Enabled": false});
        }
        None => {}
    }
    action["ForwardConfig"] = config;
    Ok(())
}

fn check_groups(call: &mut Call<'_>, arn: &str, listener: &Listener) -> Result<(), Fault> {
    let lb = elbv2(call).load_balancers.get(arn).cloned().unwrap_or_default();
    for id in listener.actions.iter().flat_map(groups_of) {
        check_arn("targetgroup", &id)?;
        let state = elbv2(call);
        let Some(group) = state.target_groups.get(&id) else {
            let message = format!("One or more target groups not found: '{id}'");
            return Err(Fault::new("TargetGroupNotFound", message));
        };
        let fits: &[&str] = match listener.protocol.as_str() {
            "TCP" => &["TCP", "TCP_UDP"],
            "UDP" => &["UDP", "TCP_UDP"],
            "TCP_UDP" => &["TCP_UDP"],
            "TLS" => &["TCP", "TLS"],
            _ => &["HTTP", "HTTPS"],
        };
        if !fits.contains(&group.protocol.as_str()) {
            let message = format!(
                "Listener protocol '{}' is not supported with a target group with the protocol '{}'",
                listener.protocol, group.protocol
            );
            return Err(Fault::new("IncompatibleProtocols", message));
        }
        if group.vpc != lb.vpc {
            let message = format!(
                "The load balancer '{arn}' and the target group '{id}' must be in the same VPC"
            );
            return Err(misconfigured(message));
        }
        if target_groups::users(state, &id).iter().any(|user| user != arn) {
            let message = format!(
                "The following target groups cannot be associated with more than one load balancer: {id}"
            );
            return Err(Fault::new("TargetGroupAssociationLimit", message));
        }
    }
    Ok(())
}

fn check_protocol(lb: &LoadBalancer, protocol: &str) -> Result<(), Fault> {
    let fits: &[&str] = match lb.kind.as_str() {
        "application" => &["HTTP", "HTTPS"],
        _ => &["TCP", "TLS", "UDP", "TCP_UDP"],
    };
    if fits.contains(&protocol) {
        return Ok(());
    }
    let message = format!("Protocol '{protocol}' must be one of '{}'", fits.join(", "));
    Err(if protocol.is_empty() {
        invalid(message)
    } else {
        Fault::new("UnsupportedProtocol", message)
    })
}

// Everything about a listener but its port: TLS or not, where it goes.
fn check(call: &mut Call<'_>, lb: &LoadBalancer, listener: &mut Listener) -> Result<(), Fault> {
    check_protocol(lb, &listener.protocol)?;
    if listener.is_encrypted() {
        if listener.certificate.is_none() {
            let message =
                format!("A certificate must be specified for {} listeners", listener.protocol);
            return Err(invalid(message));
        }
        let policy = listener.policy.get_or_insert_with(|| "ELBSecurityPolicy-2016-08".to_owned());
        limits::check_policy(policy)?;
    } else {
        if call.get("SslPolicy").is_some() || call.get("Certificates").is_some() {
            let message = format!(
                "An SSL policy or certificates cannot be specified for {} listeners",
                listener.protocol
            );
            return Err(invalid(message));
        }
        listener.policy = None;
        listener.certificate = None;
    }
    let arn = listener.load_balancer.clone();
    check_groups(call, &arn, listener)
}

fn certificate(call: &Call<'_>) -> Result<Option<String>, Fault> {
    let list = call.list("Certificates");
    if list.len() > 1 {
        let message = "Only one certificate can be the default one";
        return Err(Fault::new("TooManyCertificates", message));
    }
    let arn = list.first().and_then(|c| c["CertificateArn"].as_str()).map(str::to_owned);
    match arn {
        Some(arn) if !arn.starts_with("arn:") => {
            Err(Fault::new("CertificateNotFound", format!("Certificate '{arn}' not found")))
        }
        arn => Ok(arn),
    }
}

fn refuse_taken(call: &mut Call<'_>, listener: &Listener, itself: &str) -> Result<(), Fault> {
    let taken = elbv2(call).listeners.iter().any(|(arn, other)| {
        arn != itself
            && other.load_balancer == listener.load_balancer
            && other.port == listener.port
    });
    if !taken {
        return Ok(());
    }
    let message = format!(
        "A listener already exists on this port for this load balancer '{}'",
        listener.load_balancer
    );
    Err(Fault::new("DuplicateListener", message))
}

fn create(call: &mut Call<'_>) -> Outcome {
    let lb = load_balancers::named(call)?;
    let load_balancer = call.str("LoadBalancerArn");
    let port = call.opt_int("Port").ok_or_else(|| invalid("A port must be specified"))?;
    let mut listener = Listener {
        protocol: call.str("Protocol"),
        port,
        policy: call.opt_str("SslPolicy"),
        certificate: certificate(call)?,
        alpn: call.strings("AlpnPolicy"),
        actions: given_actions(call, &lb.kind)?,
        tags: tags::given(call)?,
        created: call.now(),
        load_balancer,
        ..Listener::default()
    };
    check(call, &lb, &mut listener)?;
    refuse_taken(call, &listener, "")?;
    let of_it =
        elbv2(call).listeners.values().filter(|l| l.load_balancer == listener.load_balancer);
    if of_it.count() >= call.quota("listeners-per-load-balancer") {
        let message = "The maximum number of listeners of a load balancer has been reached";
        return Err(Fault::new("TooManyListeners", message));
    }
    let (id, path) =
        (call.world.ids.hex(16), LoadBalancer::path(&listener.load_balancer).to_owned());
    let arn = call.arn("elasticloadbalancing", &format!("listener/{path}/{id}"));
    let answer = listener.answer(&arn);
    let (now, visible) = (call.now(), call.visible_at());
    elbv2(call).listeners.insert(&arn, listener, now, visible);
    Ok(json!({ "Listeners": [answer] }))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    named(call)?;
    let arn = call.str("ListenerArn");
    elbv2(call).listeners.remove(&arn);
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let (arns, load_balancer) = (call.strings("ListenerArns"), call.opt_str("LoadBalancerArn"));
    if arns.is_empty() == load_balancer.is_none() {
        return Err(invalid("You must specify either listener ARNs or a load balancer ARN"));
    }
    if load_balancer.is_some() {
        load_balancers::named(call)?;
    }
    arns.iter().try_for_each(|arn| check_arn("listener", arn))?;
    let now = call.now();
    let table = &elbv2(call).listeners;
    if arns.iter().any(|arn| table.see(arn, now).is_none()) {
        return Err(Fault::new("ListenerNotFound", "One or more listeners not found"));
    }
    let asked = |arn: &str, l: &Listener| {
        arns.iter().any(|a| a == arn) || load_balancer.as_ref() == Some(&l.load_balancer)
    };
    let seen = table.seen(now).filter(|(arn, l)| asked(arn, l));
    let list: Vec<Value> = seen.map(|(arn, l)| l.answer(arn)).collect();
    Ok(json!({ "Listeners": list }))
}

fn modify(call: &mut Call<'_>) -> Outcome {
    let mut listener = named(call)?;
    let arn = call.str("ListenerArn");
    let lb = elbv2(call).load_balancers.get(&listener.load_balancer).cloned().unwrap_or_default();
    listener.port = call.opt_int("Port").unwrap_or(listener.port);
    listener.protocol = call.opt_str("Protocol").unwrap_or(listener.protocol);
    listener.policy = call.opt_str("SslPolicy").or(listener.policy);
    listener.certificate = certificate(call)?.or(listener.certificate);
    if call.get("AlpnPolicy").is_some() {
        listener.alpn = call.strings("AlpnPolicy");
    }
    if call.get("DefaultActions").is_some() {
        listener.actions = given_actions(call, &lb.kind)?;
    }
    check(call, &lb, &mut listener)?;
    refuse_taken(call, &listener, &arn)?;
    let answer = listener.answer(&arn);
    if let Some(kept) = elbv2(call).listeners.get_mut(&arn) {
        *kept = listener;
    }
    Ok(json!({ "Listeners": [answer] }))
}

fn certificates(call: &mut Call<'_>) -> Outcome {
    let listener = named(call)?;
    let list: Vec<Value> = listener
        .certificate
        .iter()
        .map(|arn| json!({"CertificateArn": arn, "IsDefault": true}))
        .collect();
    Ok(json!({ "Certificates": list }))
}

// Only the default rule, which every listener has: airplane serves no CreateRule.
fn rules(call: &mut Call<'_>) -> Outcome {
    let arns = call.strings("RuleArns");
    if arns.is_empty() == call.get("ListenerArn").is_none() {
        return Err(invalid("You must specify either listener rule ARNs or a listener ARN"));
    }
    let mut list = Vec::new();
    if arns.is_empty() {
        let listener = named(call)?;
        list.push(rule(&call.str("ListenerArn"), &listener));
    } else {
        let all: Vec<Value> = elbv2(call).listeners.iter().map(|(arn, l)| rule(arn, l)).collect();
        for arn in &arns {
            let found = all.iter().find(|r| r["RuleArn"] == **arn);
            list.push(
                found
                    .cloned()
                    .ok_or_else(|| Fault::new("RuleNotFound", "One or more rules not found"))?,
            );
        }
    }
    Ok(json!({ "Rules": list }))
}

fn rule(listener_arn: &str, listener: &Listener) -> Value {
    let id = listener_arn.rsplit('/').next().unwrap_or_default();
    let arn = format!("{}/{id}", listener_arn.replacen(":listener/", ":listener-rule/", 1));
    json!({"RuleArn": arn, "Priority": "default", "Conditions": [], "Actions": listener.actions, "IsDefault": true})
}
