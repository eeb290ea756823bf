//! Network ACLs: the default one of a VPC, their subnets, their numbered entries.
use super::{ec2, tags};
use crate::world::scope::Scope;
use serde::{Deserialize, Serialize};

/// A network ACL.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NetworkAcl {
    pub(crate) vpc: String,
    pub(crate) is_default: bool,
    pub(crate) associations: Vec<Association>,
    pub(crate) entries: Vec<Entry>,
}

/// A subnet's place in its network ACL.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Association {
    pub(crate) id: String,
    pub(crate) subnet: String,
}

/// A numbered entry.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) number: i64,
    pub(crate) egress: bool,
    pub(crate) protocol: String,
    pub(crate) allow: bool,
    pub(crate) cidr: Option<String>,
    pub(crate) ipv6_cidr: Option<String>,
    pub(crate) icmp: Option<(i64, i64)>,
    pub(crate) ports: Option<(i64, i64)>,
}

/// Number of the last IPv4 entry, which nobody can change.
pub(crate) const LAST: i64 = 32767;

fn everything(number: i64, egress: bool, allow: bool, v6: bool) -> Entry {
    let cidr = (!v6).then(|| "0.0.0.0/0".to_owned());
    let ipv6_cidr = v6.then(|| "::/0".to_owned());
    Entry {
        number,
        egress,
        protocol: "-1".to_owned(),
        allow,
        cidr,
        ipv6_cidr,
        icmp: None,
        ports: None,
    }
}

/// The entries of a new ACL: deny all that nothing allows; a VPC's default one allows all.
pub(crate) fn first_entries(allow_all: bool, v6: bool) -> Vec<Entry> {
    let mut entries = Vec::new();
    for egress in [true, false] {
        if allow_all {
            entries.push(everything(100, egress, true, false));
        }
        if allow_all && v6 {
            entries.push(everything(101, egress, true, true));
        }
        entries.push(everything(LAST, egress, false, false));
        if v6 {
            entries.push(everything(LAST + 1, egress, false, true));
        }
    }
    entries
}

/// Makes the default ACL of a new VPC.
pub(crate) fn make_default(scope: &mut Scope<'_>, vpc: &str) {
    let v6 = ec2(scope).vpcs.get(vpc).is_some_and(|v| !v.ipv6_blocks.is_empty());
    let acl = NetworkAcl {
        vpc: vpc.to_owned(),
        is_default: true,
        associations: Vec::new(),
        entries: first_entries(true, v6),
    };
    let (now, id) = (scope.now(), scope.id("acl"));
    ec2(scope).network_acls.insert_implicit(&id, acl, now);
}

/// Gives the ACLs of a VPC that has IPv6 now their entries for it, as a new ACL would have them.
pub(crate) fn open_ipv6(scope: &mut Scope<'_>, vpc: &str) {
    let acls = &ec2(scope).network_acls;
    let mine = acls.iter().filter(|(_, a)| a.vpc == vpc);
    let ids: Vec<String> = mine.map(|(id, _)| id.to_owned()).collect();
    for id in ids {
        let Some(acl) = ec2(scope).network_acls.get_mut(&id) else { continue };
        let entries = first_entries(acl.is_default, true);
        for entry in entries.into_iter().filter(|e| e.ipv6_cidr.is_some()) {
            if !acl.entries.iter().any(|e| (e.egress, e.number) == (entry.egress, entry.number)) {
                acl.entries.push(entry);
            }
        }
        acl.entries.sort_by_key(|e| (!e.egress, e.number));
    }
}

/// The id of a VPC's default ACL.
pub(crate) fn default_id(scope: &mut Scope<'_>, vpc: &str) -> Option<String> {
    let acls = &ec2(scope).network_acls;
    acls.iter().find(|(_, a)| a.vpc == vpc && a.is_default).map(|(id, _)| id.to_owned())
}

/// Removes the default ACL along with its VPC.
pub(crate) fn remove_default(scope: &mut Scope<'_>, vpc: &str) {
    if let Some(id) = default_id(scope, vpc) {
        ec2(scope).network_acls.remove(&id);
        tags::forget(scope, &id);
    }
}

/// Puts a subnet under the default ACL of its VPC.
pub(crate) fn adopt(scope: &mut Scope<'_>, vpc: &str, subnet: &str) {
    let association = Association { id: scope.id("aclassoc"), subnet: subnet.to_owned() };
    if let Some(id) = default_id(scope, vpc)
        && let Some(acl) = ec2(scope).network_acls.get_mut(&id)
    {
        acl.associations.push(association);
    }
}

/// Forgets a subnet that goes away.
pub(crate) fn release_subnet(scope: &mut Scope<'_>, subnet: &str) {
    let acls = &ec2(scope).network_acls;
    let holder = acls.iter().find(|(_, a)| a.associations.iter().any(|x| x.subnet == subnet));
    if let Some(id) = holder.map(|(id, _)| id.to_owned())
        && let Some(acl) = ec2(scope).network_acls.get_mut(&id)
    {
        acl.associations.retain(|x| x.subnet != subnet);
    }
}
