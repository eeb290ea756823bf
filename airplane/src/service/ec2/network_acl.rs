//! Network ACLs. Every VPC has a default one, made with it; a subnet begins there.
use super::State;
use crate::around::call::Call;
use crate::service::Action;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(crate) const ACTIONS: &[Action] = &[];

/// An entry; entries are tried in the order of their numbers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) number: i64,
    pub(crate) egress: bool,
    pub(crate) protocol: String,
    pub(crate) allow: bool,
    pub(crate) cidr: String,
    pub(crate) ports: Option<(i64, i64)>,
}

/// A network ACL.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NetworkAcl {
    pub(crate) vpc: String,
    pub(crate) default: bool,
    pub(crate) entries: Vec<Entry>,
    /// Association id by subnet.
    pub(crate) associations: BTreeMap<String, String>,
}

/// Makes the default ACL of a new VPC: everything is allowed.
pub(crate) fn create_default(call: &mut Call<'_>, vpc: &str) {
    let (id, now) = (call.id("acl"), call.now());
    let entry = |number, egress, allow| Entry {
        number,
        egress,
        protocol: "-1".into(),
        allow,
        cidr: "0.0.0.0/0".into(),
        ports: None,
    };
    let entries = vec![
        entry(100, true, true),
        entry(32767, true, false),
        entry(100, false, true),
        entry(32767, false, false),
    ];
    let acl =
        NetworkAcl { vpc: vpc.to_owned(), default: true, entries, associations: BTreeMap::new() };
    call.realm().ec2.network_acls.insert_implicit(&id, acl, now);
}

/// Puts a new subnet under its VPC's default ACL.
pub(crate) fn adopt(call: &mut Call<'_>, vpc: &str, subnet: &str) {
    let association = call.id("aclassoc");
    let acls = &mut call.realm().ec2.network_acls;
    let id = acls.iter().find(|(_, a)| a.vpc == vpc && a.default).map(|(id, _)| id.to_owned());
    if let Some(acl) = id.and_then(|id| acls.get_mut(&id)) {
        acl.associations.insert(subnet.to_owned(), association);
    }
}

/// Forgets a subnet that goes away.
pub(crate) fn release(call: &mut Call<'_>, subnet: &str) {
    let acls = &mut call.realm().ec2.network_acls;
    let id =
        acls.iter().find(|(_, a)| a.associations.contains_key(subnet)).map(|(id, _)| id.to_owned());
    if let Some(acl) = id.and_then(|id| acls.get_mut(&id)) {
        acl.associations.remove(subnet);
    }
}

/// Does an ACL other than the default one stand in this VPC?
pub(crate) fn holds(state: &State, vpc: &str) -> bool {
    state.network_acls.values().any(|a| a.vpc == vpc && !a.default)
}
