//! `etcd_voter`, `etcd_not_leader`, `etcd_left`: how the machine's member of etcd stands, as the masters tell of it.

use async_trait::async_trait;
use kprov_provider::rotation::world::Etcd;
use kprov_provider::rotation::{HookAction, HookCall, HookLook, MachineId};
use kprov_provider::{ProviderError, Schema};

use super::{EMPTY, connection, now};

/// How it is to stand.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stands {
    /// It votes and is healthy.
    Voter,
    /// It does not lead.
    NotLeader,
    /// It is no member.
    Left,
}

#[async_trait]
impl HookAction for Stands {
    fn schema(&self) -> &Schema {
        &EMPTY
    }

    async fn look(&self, call: &HookCall<'_>) -> Result<HookLook, ProviderError> {
        let connection = connection(call)?;
        let etcd = connection.etcd(&connection.leases().await?, now(connection));
        Ok(self.judged(&call.member.id, etcd.as_ref()))
    }
}

impl Stands {
    fn judged(self, machine: &MachineId, etcd: Option<&Etcd>) -> HookLook {
        let Some(etcd) = etcd else {
            return HookLook::NotYet("No master tells of etcd.".to_owned());
        };
        let own = etcd.members.iter().find(|member| member.machine.as_ref() == Some(machine));
        let no_leader = !etcd.members.iter().any(|member| member.leader);
        let why = match (self, own) {
            (Stands::Voter, Some(own)) if own.voter && own.healthy => return HookLook::Done,
            (Stands::Voter, None) => "is no member of etcd",
            (Stands::Voter, Some(own)) if !own.voter => "does not vote in etcd yet",
            (Stands::Voter, Some(_)) => "votes in etcd and is not healthy",
            (Stands::NotLeader, Some(own)) if own.leader => "leads etcd",
            // It may be about to lead.
            (Stands::NotLeader, Some(_)) if no_leader => "may lead etcd: nobody is told to",
            (Stands::NotLeader, _) | (Stands::Left, None) => return HookLook::Done,
            (Stands::Left, Some(_)) => "is a member of etcd yet",
        };
        HookLook::NotYet(format!("{machine} {why}."))
    }
}

#[cfg(test)]
mod tests {
    use kprov_provider::rotation::EtcdId;
    use kprov_provider::rotation::world::EtcdMember;

    use super::*;

    fn member(id: u64, machine: &str, voter: bool, healthy: bool, leader: bool) -> EtcdMember {
        let machine = Some(MachineId::new(machine));
        EtcdMember { id: EtcdId(id), machine, added_at: 0, started: true, voter, healthy, leader }
    }

    fn done(stands: Stands, members: Vec<EtcdMember>) -> bool {
        let etcd = Etcd { members, ..Etcd::default() };
        stands.judged(&MachineId::new("i-1"), Some(&etcd)) == HookLook::Done
    }

    #[test]
    fn members_stand_as_they_are_told() {
        use Stands::{Left, NotLeader, Voter};
        let other = member(2, "i-2", true, true, true);
        let own = |voter, healthy| vec![member(1, "i-1", voter, healthy, false), other.clone()];
        assert!(done(Voter, own(true, true)));
        assert!(!done(Voter, own(true, false)) && !done(Voter, own(false, true)));
        assert!(!done(Voter, vec![other.clone()]));
        assert!(done(NotLeader, own(true, true)) && done(NotLeader, vec![other.clone()]));
        assert!(!done(NotLeader, vec![member(1, "i-1", true, true, true)]));
        assert!(!done(NotLeader, vec![member(1, "i-1", true, true, false)]), "nobody leads");
        assert!(done(Left, vec![other.clone()]) && !done(Left, own(false, false)));
    }

    #[test]
    fn where_nobody_tells_nothing_is_so() {
        for stands in [Stands::Voter, Stands::NotLeader, Stands::Left] {
            assert!(matches!(stands.judged(&MachineId::new("i-1"), None), HookLook::NotYet(_)));
        }
    }
}
