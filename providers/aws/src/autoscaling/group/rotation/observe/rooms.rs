//! Where there is room for machines: free addresses in each zone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_ec2::types::Subnet;
use futures::future::try_join_all;
use kprov_provider::rotation::Zone;
use kprov_provider::rotation::world::Room;

use crate::api::Api;
use crate::resource::Result;

/// How many ids a filter takes.
const PAGE: usize = 200;

/// Subnets by id.
pub(super) struct Rooms(HashMap<String, Subnet>);

/// All these subnets, in one call.
pub(super) async fn subnets(api: &Api, ids: BTreeSet<String>) -> Result<Rooms> {
    let ids: Vec<String> = ids.into_iter().collect();
    let pages = ids.chunks(PAGE);
    let pages = pages.map(|page| crate::ec2::subnet::subnets(api.clone(), page.to_vec()));
    Ok(Rooms(try_join_all(pages).await?.into_iter().flatten().collect()))
}

impl Rooms {
    /// The zones of these subnets. Whether AWS has machines there is not told before one is asked for.
    pub(super) fn of(&self, subnets: &[String]) -> Vec<Room> {
        let mut zones: BTreeMap<&str, u32> = BTreeMap::new();
        for subnet in subnets.iter().filter_map(|id| self.0.get(id)) {
            let free = subnet.available_ip_address_count().and_then(|it| u32::try_from(it).ok());
            let left = zones.entry(subnet.availability_zone().unwrap_or_default()).or_default();
            *left = left.saturating_add(free.unwrap_or(0));
        }
        zones
            .into_iter()
            .map(|(zone, left)| Room {
                zone: Zone::new(zone),
                addresses_left: Some(left),
                capacity: true,
            })
            .collect()
    }
}
