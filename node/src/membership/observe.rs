//! Asks everybody what [`super::decide`] wants to know.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::Instant;

use super::{Cluster, Machine, Process, Seen};
use crate::etcd::{Alarm, Etcd, Status};
use crate::https::Client;

/// How long each member has been silent.
#[derive(Debug, Default)]
pub(super) struct Silence(BTreeMap<u64, Instant>);

impl Silence {
    fn note(&mut self, id: u64, healthy: bool) -> Duration {
        if healthy {
            self.0.remove(&id);
            return Duration::ZERO;
        }
        self.0.entry(id).or_insert_with(Instant::now).elapsed()
    }
}

/// This machine's etcd, as far as it answers.
pub(super) async fn own(client: &Client, me: &Machine, up: bool) -> (Process, Option<Status>) {
    if !up {
        return (Process::Down, None);
    }
    match Etcd::new(client.clone(), &me.client_url).status().await {
        Ok(status) => {
            (Process::Answering { cluster: status.cluster, member: status.member }, Some(status))
        }
        Err(_) => (Process::Up, None),
    }
}

/// The cluster, from whichever member knows most: one with a leader before one without, a voter before a learner.
pub(super) async fn cluster(
    client: &Client,
    me: &Machine,
    own: Option<&Status>,
    others: &[Machine],
    silence: &mut Silence,
) -> (Cluster, Option<Etcd>, Vec<Alarm>) {
    let urls = others
        .iter()
        .filter(|machine| machine.id != me.id)
        .map(|machine| machine.client_url.clone());
    let asked = join_all(urls.map(|url| async move {
        let etcd = Etcd::new(client.clone(), &url);
        let status = etcd.status().await;
        (etcd, status)
    }))
    .await;
    let mut why = Vec::new();
    let mut speaking: Vec<(Etcd, Status)> = Vec::new();
    if let Some(status) = own {
        speaking.push((Etcd::new(client.clone(), &me.client_url), status.clone()));
    }
    for (etcd, status) in asked {
        match status {
            Ok(status) => speaking.push((etcd, status)),
            Err(error) => why.push(error.to_string()),
        }
    }
    speaking.sort_by_key(|(_, status)| (status.leader == 0, status.learner));
    let mut alarms: Vec<Alarm> = Vec::new();
    for alarm in speaking.iter().flat_map(|(_, status)| &status.alarms) {
        if !alarms.contains(alarm) {
            alarms.push(alarm.clone());
        }
    }
    for (etcd, status) in &speaking {
        match etcd.members(status.leader != 0 && !status.learner).await {
            Ok(found) => {
                let healthy: Vec<u64> = speaking.iter().map(|(_, status)| status.member).collect();
                let members = found.members.into_iter().map(|member| {
                    let healthy = healthy.contains(&member.id);
                    let silent_for = silence.note(member.id, healthy);
                    let (id, name, learner) = (member.id, member.name, member.learner);
                    Seen { id, name, peer_urls: member.peer_urls, learner, healthy, silent_for }
                });
                let members = members.collect();
                let leading = own.is_some_and(|own| own.leader != 0 && own.leader == own.member);
                let speaking = Cluster::Speaking {
                    id: found.cluster,
                    leader: status.leader != 0,
                    leading,
                    members,
                };
                return (speaking, Some(etcd.clone()), alarms);
            }
            Err(error) => why.push(error.to_string()),
        }
    }
    if why.is_empty() {
        why.push("no other master is known".to_owned());
    }
    (Cluster::Silent(why.join("; ")), None, alarms)
}
