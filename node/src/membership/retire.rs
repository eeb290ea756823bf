//! Removing members because a rotation asks for it (docs/adr/0005): who there is, this machine's own, another one's.
//!
//! What must hold: that this machine does not join again is on record before its member is removed; what cannot be told to
//! have failed is not taken back.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;

use super::record::{self, Record};
use super::{Membership, Own};
use crate::claims;
use crate::etcd::{Etcd, EtcdError, Members, hex_id};
use crate::problem::Problem;
use crate::rotation::Peer;

/// A member that does not answer so often is not well.
const LOOKS: u32 = 3;
const BETWEEN: Duration = Duration::from_secs(1);

fn failed(why: &dyn std::fmt::Display) -> Problem {
    Problem::new("etcd's members cannot be changed", format!("{why}."))
}

impl Membership {
    /// This machine's member, as far as it has data of one.
    pub(crate) fn own_id(&self) -> Option<u64> {
        match Record::read(&self.layout) {
            Own::Data { member, .. } => member,
            Own::Empty => None,
        }
    }

    /// The members as a quorum sees them, from whoever answers, this machine's own first.
    async fn listed(&self) -> Result<(Etcd, Members), Problem> {
        let client = self.client()?;
        let mut urls = vec![self.me.client_url.clone()];
        let masters = self.discovery.masters().await.unwrap_or_default();
        urls.extend(masters.into_iter().map(|machine| machine.client_url));
        urls.dedup();
        let mut why = Vec::new();
        for url in urls {
            let etcd = Etcd::new(client.clone(), &url);
            match etcd.members(true).await {
                Ok(members) => return Ok((etcd, members)),
                Err(error) => why.push(error.to_string()),
            }
        }
        Err(failed(&why.join("; ")))
    }

    /// All members, and whether they are well.
    pub(crate) async fn peers(&self) -> Result<Vec<Peer>, Problem> {
        let claims = claims::read(&*self.claims).await?;
        let machines: BTreeMap<u64, String> =
            claims.members.into_iter().map(|(machine, id)| (id, machine)).collect();
        let (_, listed) = self.listed().await?;
        let looks = listed.members.into_iter().map(|member| {
            let machine = machines.get(&member.id).cloned();
            async move {
                let healthy = self.is_well(member.client_urls.first()).await;
                let name = if member.name.is_empty() { machine.clone() } else { Some(member.name) };
                let (id, voter) = (member.id, !member.learner);
                Peer { id, name: name.unwrap_or_default(), machine, voter, healthy }
            }
        });
        Ok(join_all(looks).await)
    }

    async fn is_well(&self, url: Option<&String>) -> bool {
        let (Some(url), Ok(client)) = (url, self.client()) else { return false };
        let etcd = Etcd::new(client, url);
        for look in 0..LOOKS {
            if look > 0 {
                tokio::time::sleep(BETWEEN).await;
            }
            if etcd.status().await.is_ok_and(|status| status.leader != 0) {
                return true;
            }
        }
        false
    }

    /// Removes another machine's member. One that is gone is removed.
    pub(crate) async fn remove_other(&self, id: u64) -> Result<(), Problem> {
        let (etcd, _) = self.listed().await?;
        match etcd.remove(id).await {
            Err(error) if !error.is_unknown_member() => Err(failed(&error)),
            _ => Ok(()),
        }
    }

    /// Takes this machine out of etcd for good: the member, its claim, its data.
    pub(crate) async fn retire(&self) -> Result<(), Problem> {
        let member = self.own_id().ok_or_else(|| failed(&"this machine has no member"))?;
        let other = self.other_voter(member).await?;
        self.retirement.leave(member)?;
        let removed = other.remove(member).await;
        if let Err(error) = removed
            && !error.is_unknown_member()
        {
            return self.not_removed(member, &error).await;
        }
        self.end().await
    }

    /// One that stays, and is well: it sees to the removal when this one has ended.
    async fn other_voter(&self, own: u64) -> Result<Etcd, Problem> {
        let (_, listed) = self.listed().await?;
        let client = self.client()?;
        for other in listed.members.iter().filter(|other| other.id != own && !other.learner) {
            let url = other.client_urls.first();
            if self.is_well(url).await {
                return Ok(Etcd::new(client, url.map_or("", String::as_str)));
            }
        }
        Err(failed(&"no other voter is well"))
    }

    /// An answer may be lost though it was done.
    async fn not_removed(&self, member: u64, error: &EtcdError) -> Result<(), Problem> {
        let (_, listed) = self.listed().await?;
        if listed.members.iter().any(|other| other.id == member) {
            self.retirement.stay()?;
            return Err(failed(error));
        }
        self.end().await
    }

    /// What is left to do of a member that was removed. As often as it is called.
    pub(super) async fn end(&self) -> Result<(), Problem> {
        let _one = self.ending.lock().await;
        if self.retirement.has_left() {
            return Ok(());
        }
        self.supervisor.stop(&["etcd"]).await;
        record::move_aside(&self.layout, &record::stamp(jiff::Timestamp::now()))?;
        if let Some(member) = self.retirement.member() {
            self.claims.delete(&claims::of_member(&self.me.id), &hex_id(member)).await?;
        }
        self.retirement.leave_is_done()
    }
}
