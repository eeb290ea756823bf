//! Security groups. Every VPC has a group `default`, made with it.
use super::State;
use crate::around::call::Call;
use crate::service::Action;
use serde::{Deserialize, Serialize};

pub(crate) const ACTIONS: &[Action] = &[];

/// A security group; its rules stand in `State::security_group_rules`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SecurityGroup {
    pub(crate) vpc: String,
    pub(crate) name: String,
    pub(crate) description: String,
}

/// One rule: its identity is its content, so no two of a group have the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) group: String,
    pub(crate) egress: bool,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a number, or `-1` for all.
    pub(crate) protocol: String,
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
    pub(crate) cidr4: Option<String>,
    pub(crate) cidr6: Option<String>,
    pub(crate) prefix_list: Option<String>,
    pub(crate) peer_group: Option<String>,
    pub(crate) description: Option<String>,
}

/// Makes the group `default` of a new VPC: all from itself, all to everywhere.
pub(crate) fn create_default(call: &mut Call<'_>, vpc: &str) {
    let (id, inward, outward, now) = (call.id("sg"), call.id("sgr"), call.id("sgr"), call.now());
    let group = SecurityGroup {
        vpc: vpc.to_owned(),
        name: "default".into(),
        description: "default VPC security group".into(),
    };
    let all = |egress| Rule {
        group: id.clone(),
        egress,
        protocol: "-1".into(),
        from: None,
        to: None,
        cidr4: egress.then(|| "0.0.0.0/0".to_owned()),
        cidr6: None,
        prefix_list: None,
        peer_group: (!egress).then(|| id.clone()),
        description: None,
    };
    let (in_rule, out_rule) = (all(false), all(true));
    let state = &mut call.realm().ec2;
    state.security_groups.insert_implicit(&id, group, now);
    state.security_group_rules.insert_implicit(&inward, in_rule, now);
    state.security_group_rules.insert_implicit(&outward, out_rule, now);
}

/// Does a group other than `default` stand in this VPC?
pub(crate) fn holds(state: &State, vpc: &str) -> bool {
    state.security_groups.values().any(|g| g.vpc == vpc && g.name != "default")
}
