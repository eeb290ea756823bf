//! Load balancers: provisioning, then active; deleted at once, while their network interfaces take a while to go.
use super::attributes::{Attributes, load_balancer_value};
use super::places::{self, Place};
use super::tags::{self, Tags};
use super::{Event, check_arn, check_name, elbv2, invalid, misconfigured, zone_ids};
use crate::around::call::Call;
use crate::service::{Action, ec2, iam};
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use crate::world::{Millis, machines, timing};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateLoadBalancer", create),
    ("DeleteLoadBalancer", delete),
    ("DescribeLoadBalancers", describe),
    ("SetSecurityGroups", set_groups),
    ("SetIpAddressType", set_ip_address_type),
];

/// A load balancer, by ARN.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct LoadBalancer {
    pub(crate) name: String,
    /// `network` or `application`.
    pub(crate) kind: String,
    pub(crate) scheme: String,
    pub(crate) vpc: String,
    pub(crate) dns: String,
    /// Its address on loopback, where machines are processes; then it is its name, too.
    #[serde(default)]
    pub(crate) address: Option<std::net::Ipv4Addr>,
    /// A network load balancer made without groups can never have any.
    pub(crate) groups: Vec<String>,
    pub(crate) enforce_groups: Option<String>,
    pub(crate) ip_address_type: String,
    pub(crate) places: Vec<Place>,
    pub(crate) created: Millis,
    /// From when on it is active.
    pub(crate) active: Millis,
    pub(crate) attributes: Attributes,
    pub(crate) tags: Tags,
}

impl LoadBalancer {
    /// `net/NAME/ID` out of the ARN.
    pub(crate) fn path(arn: &str) -> &str {
        arn.split_once("loadbalancer/").map(|(_, path)| path).unwrap_or(arn)
    }

    fn answer(&self, arn: &str, region: &str, now: Millis) -> Value {
        let code = if now < self.active { "provisioning" } else { "active" };
        let zones: Vec<Value> = self.places.iter().map(|p| p.answer()).collect();
        let mut out = json!({
            "LoadBalancerArn": arn, "DNSName": self.dns, "LoadBalancerName": self.name,
            "CanonicalHostedZoneId": zone_ids::of(region, &self.kind), "CreatedTime": self.created,
            "Scheme": self.scheme, "VpcId": self.vpc, "State": {"Code": code}, "Type": self.kind,
            "AvailabilityZones": zones, "IpAddressType": self.ip_address_type,
        });
        if !self.groups.is_empty() {
            out["SecurityGroups"] = json!(self.groups);
            if self.kind == "network" {
                let enforced = self.enforce_groups.as_deref().unwrap_or("on");
                out["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] = json!(enforced);
            }
        }
        if self.kind == "network" {
            out["EnablePrefixForIpv6SourceNat"] = json!("off");
        }
        out
    }
}

/// The error for an ARN that nothing has.
pub(crate) fn missing(arn: &str) -> Fault {
    Fault::new("LoadBalancerNotFound", format!("Load balancer '{arn}' not found"))
}

/// The load balancer that `LoadBalancerArn` names.
pub(crate) fn named(call: &mut Call<'_>) -> Result<LoadBalancer, Fault> {
    let arn = call.str("LoadBalancerArn");
    check_arn("loadbalancer", &arn)?;
    elbv2(call).load_balancers.get(&arn).cloned().ok_or_else(|| missing(&arn))
}

fn check_groups(call: &mut Call<'_>, groups: &[String], vpc: &str) -> Result<(), Fault> {
    for id in groups {
        let group = call.realm().ec2.security_groups.get(id);
        if group.is_none_or(|g| g.vpc != vpc) {
            let message = format!(
                "One or more security groups are invalid: '{id}' does not exist in VPC '{vpc}'"
            );
            return Err(Fault::new("InvalidSecurityGroup", message));
        }
    }
    Ok(())
}

// The load balancer of this name, which the same call gives again and another call runs into.
fn known(call: &mut Call<'_>, wanted: &LoadBalancer) -> Result<Option<Value>, Fault> {
    let (region, now) = (call.region.clone(), call.now());
    let found = elbv2(call).load_balancers.iter().find(|(_, lb)| lb.name == wanted.name);
    let Some((arn, lb)) = found else { return Ok(None) };
    let groups_fit = wanted.groups.is_empty() || lb.groups == wanted.groups;
    let same = lb.kind == wanted.kind
        && lb.scheme == wanted.scheme
        && groups_fit
        && lb.ip_address_type == wanted.ip_address_type
        && lb.tags == wanted.tags
        && lb.places.len() == wanted.places.len()
        && lb.places.iter().zip(&wanted.places).all(|(a, b)| a.wanted_alike(b));
    if !same {
        let message = format!(
            "A load balancer with the same name '{}' exists, but with different settings",
            wanted.name
        );
        return Err(Fault::new("DuplicateLoadBalancerName", message));
    }
    Ok(Some(json!({"LoadBalancers": [lb.answer(arn, &region, now)]})))
}

fn wanted(call: &mut Call<'_>) -> Result<LoadBalancer, Fault> {
    let name = call.str("Name");
    check_name("load balancer", &name)?;
    if name.starts_with("internal-") {
        return Err(invalid(format!(
            "The load balancer name '{name}' cannot begin with 'internal-'"
        )));
    }
    let kind = call.opt_str("Type").unwrap_or_else(|| "application".to_owned());
    if kind == "gateway" {
        let message = "airplane serves no gateway load balancers";
        return Err(Fault::new("NotImplementedByAirplane", message).status(501));
    }
    let tags = tags::given(call)?;
    let scheme = call.opt_str("Scheme").unwrap_or_else(|| "internet-facing".to_owned());
    let places = places::given(call, &kind, &scheme)?;
    let vpc = places::vpc(call, &places)?;
    let mut groups = call.strings("SecurityGroups");
    check_groups(call, &groups, &vpc)?;
    if groups.is_empty() && kind == "application" {
        groups.extend(ec2::security_group::default_id(call, &vpc));
    }
    let ip_address_type = call.opt_str("IpAddressType").unwrap_or_else(|| "ipv4".to_owned());
    places::check_ip_address_type(call, &kind, &places, &ip_address_type)?;
    let now = call.now();
    Ok(LoadBalancer {
        name,
        kind,
        scheme,
        vpc,
        groups,
        ip_address_type,
        places,
        tags,
        created: now,
        active: now + timing::NLB_CREATE,
        ..LoadBalancer::default()
    })
}

fn create(call: &mut Call<'_>) -> Outcome {
    let mut lb = wanted(call)?;
    iam::ensure_service_linked(call, "elasticloadbalancing.amazonaws.com");
    if let Some(answer) = known(call, &lb)? {
        return Ok(answer);
    }
    let of_kind = elbv2(call).load_balancers.values().filter(|l| l.kind == lb.kind).count();
    if of_kind >= call.quota("load-balancers-network-per-region") {
        let message = "The maximum number of load balancers has been reached";
        return Err(Fault::new("TooManyLoadBalancers", message));
    }
    if lb.scheme == "internet-facing" && !places::has_gateway(call, &lb.vpc) {
        let message = format!("VPC {} has no internet gateway", lb.vpc);
        return Err(Fault::new("InvalidSubnet", message));
    }
    let (id, region) = (call.world.ids.hex(16), call.region.clone());
    let internal = if lb.scheme == "internal" { "internal-" } else { "" };
    let letter = if lb.kind == "network" { "net" } else { "app" };
    lb.dns = match lb.kind.as_str() {
        "network" => format!("{}-{id}.elb.{region}.amazonaws.com", lb.name),
        _ => {
            let number = call.world.ids.between(100_000_000, 1_999_999_999);
            format!("{internal}{}-{number}.{region}.elb.amazonaws.com", lb.name)
        }
    };
    if lb.kind == "network" {
        lb.address = machines::balancer_address(call.world);
        if let Some(address) = lb.address {
            lb.dns = address.to_string();
        }
    }
    let path = format!("{letter}/{}/{id}", lb.name);
    let arn = call.arn("elasticloadbalancing", &format!("loadbalancer/{path}"));
    for place in 0..lb.places.len() {
        let interface = places::attach(call, &lb, &lb.places[place], &path)?;
        lb.places[place].interface = interface;
    }
    let (now, visible) = (call.now(), call.visible_at());
    let answer = lb.answer(&arn, &region, now);
    elbv2(call).load_balancers.insert(&arn, lb, now, visible);
    Ok(json!({ "LoadBalancers": [answer] }))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let arn = call.str("LoadBalancerArn");
    check_arn("loadbalancer", &arn)?;
    let Some(lb) = elbv2(call).load_balancers.get(&arn).cloned() else {
        // Deleting what is not there succeeds.
        return Ok(json!({}));
    };
    if load_balancer_value(&lb, "deletion_protection.enabled") == "true" {
        let message = format!(
            "Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        );
        return Err(Fault::new("OperationNotPermitted", message));
    }
    let state = elbv2(call);
    state.load_balancers.remove(&arn);
    let of_it = state.listeners.iter().filter(|(_, l)| l.load_balancer == arn);
    for listener in of_it.map(|(id, _)| id.to_owned()).collect::<Vec<_>>() {
        elbv2(call).listeners.remove(&listener);
    }
    let interfaces = lb.places.into_iter().map(|p| p.interface).collect();
    call.schedule(timing::NLB_DELETE, Event::InterfacesGone { interfaces });
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let (arns, names) = (call.strings("LoadBalancerArns"), call.strings("Names"));
    if !arns.is_empty() && !names.is_empty() {
        return Err(invalid("Load balancer ARNs and names cannot be specified at the same time"));
    }
    arns.iter().try_for_each(|arn| check_arn("loadbalancer", arn))?;
    let (region, now) = (call.region.clone(), call.now());
    let table = &elbv2(call).load_balancers;
    if arns.iter().any(|arn| table.see(arn, now).is_none()) {
        return Err(Fault::new("LoadBalancerNotFound", "One or more load balancers not found"));
    }
    let unseen = |name: &&String| !table.seen(now).any(|(_, lb)| lb.name == **name);
    if let Some(name) = names.iter().find(unseen) {
        let message = format!("Load balancers '[{name}]' not found");
        return Err(Fault::new("LoadBalancerNotFound", message));
    }
    let asked = |arn: &str, lb: &LoadBalancer| {
        (arns.is_empty() || arns.iter().any(|a| a == arn))
            && (names.is_empty() || names.contains(&lb.name))
    };
    let seen = table.seen(now).filter(|(arn, lb)| asked(arn, lb));
    let list: Vec<Value> = seen.map(|(arn, lb)| lb.answer(arn, &region, now)).collect();
    Ok(json!({ "LoadBalancers": list }))
}

/// Writes a changed load balancer back.
pub(crate) fn keep(scope: &mut Scope<'_>, arn: &str, lb: LoadBalancer) {
    if let Some(kept) = elbv2(scope).load_balancers.get_mut(arn) {
        *kept = lb;
    }
}

fn set_groups(call: &mut Call<'_>) -> Outcome {
    let mut lb = named(call)?;
    let groups = call.strings("SecurityGroups");
    if lb.kind == "network" && lb.groups.is_empty() {
        let message = "You cannot set security groups on a network load balancer that was created without security groups";
        return Err(misconfigured(message));
    }
    if groups.is_empty() {
        return Err(invalid("A load balancer must have at least one security group"));
    }
    check_groups(call, &groups, &lb.vpc)?;
    lb.enforce_groups =
        call.opt_str("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic").or(lb.enforce_groups);
    lb.groups.clone_from(&groups);
    for place in &lb.places {
        if let Some(e) = call.realm().ec2.network_interfaces.get_mut(&place.interface) {
            e.groups.clone_from(&groups);
        }
    }
    let mut answer = json!({ "SecurityGroupIds": groups });
    if lb.kind == "network" {
        let enforced = lb.enforce_groups.as_deref().unwrap_or("on");
        answer["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] = json!(enforced);
    }
    let arn = call.str("LoadBalancerArn");
    keep(call, &arn, lb);
    Ok(answer)
}

fn set_ip_address_type(call: &mut Call<'_>) -> Outcome {
    let mut lb = named(call)?;
    let wanted = call.str("IpAddressType");
    places::check_ip_address_type(call, &lb.kind, &lb.places, &wanted)?;
    lb.ip_address_type.clone_from(&wanted);
    let arn = call.str("LoadBalancerArn");
    keep(call, &arn, lb);
    Ok(json!({ "IpAddressType": wanted }))
}
