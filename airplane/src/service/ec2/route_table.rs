//! Route tables. Every VPC has a main one, made with it.
use super::State;
use crate::around::call::Call;
use crate::service::Action;
use serde::{Deserialize, Serialize};

pub(crate) const ACTIONS: &[Action] = &[];

/// A route: where to, through what.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Route {
    /// An IPv4 or IPv6 CIDR, or a prefix list.
    pub(crate) destination: String,
    /// `local` or the target's id.
    pub(crate) target: String,
    pub(crate) origin: String,
}

/// What uses a table: a subnet, a gateway, or the VPC itself (main).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Association {
    pub(crate) id: String,
    pub(crate) subnet: Option<String>,
    pub(crate) gateway: Option<String>,
    pub(crate) main: bool,
}

/// A route table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RouteTable {
    pub(crate) vpc: String,
    pub(crate) routes: Vec<Route>,
    pub(crate) associations: Vec<Association>,
}

impl RouteTable {
    /// Is it its VPC's main table?
    pub(crate) fn is_main(&self) -> bool {
        self.associations.iter().any(|a| a.main)
    }
}

/// Makes the main table of a new VPC.
pub(crate) fn create_main(call: &mut Call<'_>, vpc: &str, cidr: &str) {
    let (id, association, now) = (call.id("rtb"), call.id("rtbassoc"), call.now());
    let local = Route {
        destination: cidr.to_owned(),
        target: "local".into(),
        origin: "CreateRouteTable".into(),
    };
    let main = Association { id: association, subnet: None, gateway: None, main: true };
    let table = RouteTable { vpc: vpc.to_owned(), routes: vec![local], associations: vec![main] };
    call.realm().ec2.route_tables.insert_implicit(&id, table, now);
}

/// Does a table other than the main one stand in this VPC?
pub(crate) fn holds(state: &State, vpc: &str) -> bool {
    state.route_tables.values().any(|t| t.vpc == vpc && !t.is_main())
}
