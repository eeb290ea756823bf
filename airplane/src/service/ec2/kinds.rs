//! EC2's kinds of resources: id prefix, tag type, and how the API says that there is no such thing. One line per kind.
use super::State;
use crate::around::call::Call;
use crate::wire::fault::Fault;
use crate::world::table::{Record, Table};

/// A kind of resource.
pub(crate) struct Kind {
    pub(crate) prefix: &'static str,
    /// The type in TagSpecifications and DescribeTags.
    pub(crate) tag_type: &'static str,
    pub(crate) not_found: &'static str,
    pub(crate) noun: &'static str,
    exists: fn(&State, &str) -> bool,
}

macro_rules! kinds {
    ($($name:ident = $prefix:literal, $tag:literal, $code:literal, $noun:literal, $table:ident;)*) => {
        $(
            #[doc = concat!("The kind of ", $tag, "s.")]
            pub(crate) const $name: &Kind = &Kind {
                prefix: $prefix, tag_type: $tag, not_found: $code, noun: $noun, exists: |s, id| s.$table.contains(id),
            };
        )*
        /// Every kind.
        pub(crate) const ALL: &[&Kind] = &[$($name,)*];
    };
}

kinds! {
    VPC = "vpc", "vpc", "InvalidVpcID.NotFound", "vpc ID", vpcs;
    SUBNET = "subnet", "subnet", "InvalidSubnetID.NotFound", "subnet ID", subnets;
    ROUTE_TABLE = "rtb", "route-table", "InvalidRouteTableID.NotFound", "routeTable ID", route_tables;
    SECURITY_GROUP = "sg", "security-group", "InvalidGroup.NotFound", "security group", security_groups;
    SECURITY_GROUP_RULE = "sgr", "security-group-rule", "InvalidSecurityGroupRuleId.NotFound", "security group rule ID", security_group_rules;
    NETWORK_ACL = "acl", "network-acl", "InvalidNetworkAclID.NotFound", "networkAcl ID", network_acls;
}

impl Kind {
    /// "The vpc ID 'vpc-1' does not exist".
    pub(crate) fn missing(&self, id: &str) -> Fault {
        Fault::new(self.not_found, format!("The {} '{id}' does not exist", self.noun))
    }

    /// The same for several ids, as describes say it.
    pub(crate) fn missing_all(&self, ids: &[String]) -> Fault {
        match ids {
            [id] => self.missing(id),
            _ => Fault::new(
                self.not_found,
                format!("The {}s '{}' do not exist", self.noun, ids.join(", ")),
            ),
        }
    }

    /// Refuses an id that names nothing of this kind. For ids in calls that change something.
    pub(crate) fn require(&self, call: &mut Call<'_>, id: &str) -> Result<(), Fault> {
        if (self.exists)(&call.realm().ec2, id) { Ok(()) } else { Err(self.missing(id)) }
    }

    /// What a describe sees: all, or those of the given ids, each of which must be there and visible.
    pub(crate) fn select<T: Record>(
        &self,
        table: &Table<T>,
        ids: &[String],
        now: i64,
    ) -> Result<Vec<(String, T)>, Fault> {
        let lost: Vec<String> =
            ids.iter().filter(|id| table.see(id, now).is_none()).cloned().collect();
        if !lost.is_empty() {
            return Err(self.missing_all(&lost));
        }
        let wanted =
            table.seen(now).filter(|(id, _)| ids.is_empty() || ids.iter().any(|i| i == id));
        Ok(wanted.map(|(id, record)| (id.to_owned(), record.clone())).collect())
    }
}

/// The kind of an id that exists.
pub(crate) fn of_existing(state: &State, id: &str) -> Option<&'static Kind> {
    of(id).filter(|k| (k.exists)(state, id))
}

/// The kind that an id's prefix names.
pub(crate) fn of(id: &str) -> Option<&'static Kind> {
    let (prefix, _) = id.rsplit_once('-')?;
    ALL.iter().find(|k| k.prefix == prefix).copied()
}
