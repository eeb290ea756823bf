//! A client of etcd over its JSON gateway: the membership, its health, snapshots, a few keys. (The gRPC client would need
//! protoc to build.)

mod alarm;
mod answer;
mod keys;
mod snapshot;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use serde_json::{Value as Json, json};

use crate::https::{Client, NoAnswer};

pub(crate) use alarm::Alarm;
pub(crate) use answer::{Member, Members, Status};
pub(crate) use keys::Watch;
pub(crate) use snapshot::verify as verify_snapshot;

/// Why etcd did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EtcdError {
    #[error("{0}")]
    NoAnswer(#[from] NoAnswer),
    #[error("{0}")]
    Refused(String),
    #[error("an answer makes no sense: {0}")]
    Strange(String),
}

impl EtcdError {
    /// The learner is not caught up yet.
    pub(crate) fn is_behind(&self) -> bool {
        matches!(self, EtcdError::Refused(why) if why.contains("in sync with leader"))
    }

    /// There is no such member, or none any more.
    pub(crate) fn is_unknown_member(&self) -> bool {
        matches!(self, EtcdError::Refused(why) if why.contains("member not found"))
    }

    /// Another learner is there.
    pub(crate) fn is_crowded(&self) -> bool {
        matches!(self, EtcdError::Refused(why) if why.contains("too many learner"))
    }
}

const PATIENCE: Duration = Duration::from_secs(5);

/// One member of etcd, asked by URL.
#[derive(Clone, Debug)]
pub(crate) struct Etcd {
    client: Client,
    url: String,
}

/// Ids are written in hexadecimal, as etcd's own tools do.
pub(crate) fn hex_id(id: u64) -> String {
    format!("{id:x}")
}

impl Etcd {
    pub(crate) fn new(client: Client, url: &str) -> Etcd {
        Etcd { client, url: url.to_owned() }
    }

    async fn call(&self, path: &str, body: &Json) -> Result<Json, EtcdError> {
        let request = self.request(path, body)?;
        let answer = self.client.ask(request, PATIENCE).await?;
        let json: Option<Json> = serde_json::from_slice(&answer.body).ok();
        match json {
            Some(json) if answer.status.is_success() => Ok(json),
            Some(json) => {
                let said = json["message"].as_str().or_else(|| json["error"].as_str());
                Err(EtcdError::Refused(said.unwrap_or(answer.status.as_str()).to_owned()))
            }
            None => Err(EtcdError::Strange(format!("{} {}", answer.status, answer.text()))),
        }
    }

    fn request(&self, path: &str, body: &Json) -> Result<Request<Vec<u8>>, EtcdError> {
        let url = format!("{}/v3/{path}", self.url);
        let request = Request::post(&url).header("content-type", "application/json");
        request.body(body.to_string().into_bytes()).map_err(|_| NoAnswer::Url(url).into())
    }

    /// All members. Linearizable: as the quorum sees them; else as this member does.
    pub(crate) async fn members(&self, linearizable: bool) -> Result<Members, EtcdError> {
        answer::members(
            &self.call("cluster/member/list", &json!({"linearizable": linearizable})).await?,
        )
    }

    pub(crate) async fn status(&self) -> Result<Status, EtcdError> {
        answer::status(&self.call("maintenance/status", &json!({})).await?)
    }

    /// Adds a learner; gives its id.
    pub(crate) async fn add_learner(&self, peer_url: &str) -> Result<u64, EtcdError> {
        let added = self
            .call("cluster/member/add", &json!({"peerURLs": [peer_url], "isLearner": true}))
            .await?;
        answer::number(&added["member"]["ID"])
    }

    pub(crate) async fn promote(&self, id: u64) -> Result<(), EtcdError> {
        self.call("cluster/member/promote", &json!({"ID": id.to_string()})).await.map(drop)
    }

    pub(crate) async fn remove(&self, id: u64) -> Result<(), EtcdError> {
        self.call("cluster/member/remove", &json!({"ID": id.to_string()})).await.map(drop)
    }

    /// Hands leadership to another member; only the leader can.
    pub(crate) async fn move_leader(&self, to: u64) -> Result<(), EtcdError> {
        self.call("maintenance/transfer-leadership", &json!({"targetID": to.to_string()}))
            .await
            .map(drop)
    }

    /// A lease of so many seconds.
    pub(crate) async fn lease(&self, seconds: u64) -> Result<u64, EtcdError> {
        answer::number(&self.call("lease/grant", &json!({"TTL": seconds.to_string()})).await?["ID"])
    }

    pub(crate) async fn keep_alive(&self, lease: u64) -> Result<(), EtcdError> {
        self.call("lease/keepalive", &json!({"ID": lease.to_string()})).await.map(drop)
    }

    pub(crate) async fn revoke(&self, lease: u64) -> Result<(), EtcdError> {
        self.call("lease/revoke", &json!({"ID": lease.to_string()})).await.map(drop)
    }

    /// Writes a key under a lease, if it is not there. Did we?
    pub(crate) async fn put_if_absent(
        &self,
        key: &str,
        value: &str,
        lease: u64,
    ) -> Result<bool, EtcdError> {
        let key = STANDARD.encode(key);
        let put = json!({"key": key, "value": STANDARD.encode(value), "lease": lease.to_string()});
        let absent =
            json!({"key": key, "target": "CREATE", "result": "EQUAL", "createRevision": "0"});
        let done = self
            .call("kv/txn", &json!({"compare": [absent], "success": [{"requestPut": put}]}))
            .await?;
        Ok(done["succeeded"].as_bool().unwrap_or(false))
    }
}
