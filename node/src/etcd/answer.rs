//! What etcd's gateway answers: 64-bit numbers are strings there, and what is zero or false is left out.

use serde_json::Value as Json;

use super::{Alarm, EtcdError};

/// A member of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) id: u64,
    /// Empty until it started for the first time.
    pub(crate) name: String,
    pub(crate) peer_urls: Vec<String>,
    pub(crate) client_urls: Vec<String>,
    pub(crate) learner: bool,
}

/// The members of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Members {
    pub(crate) cluster: u64,
    pub(crate) members: Vec<Member>,
}

/// How a member does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) cluster: u64,
    pub(crate) member: u64,
    /// 0: there is none.
    pub(crate) leader: u64,
    /// Of the leadership: it grows with each election.
    pub(crate) term: u64,
    pub(crate) learner: bool,
    pub(crate) version: String,
    pub(crate) db_size: u64,
    pub(crate) alarms: Vec<Alarm>,
}

pub(super) fn number(json: &Json) -> Result<u64, EtcdError> {
    let text = match json {
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        Json::Null => return Ok(0),
        other => return Err(EtcdError::Strange(format!("{other} is no number"))),
    };
    text.parse().map_err(|_| EtcdError::Strange(format!("{text:?} is no number")))
}

fn texts(json: &Json) -> Vec<String> {
    json.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
}

pub(super) fn members(json: &Json) -> Result<Members, EtcdError> {
    let Some(list) = json["members"].as_array() else {
        return Err(EtcdError::Strange("there are no members in a list of members".to_owned()));
    };
    let member = |json: &Json| {
        Ok(Member {
            id: number(&json["ID"])?,
            name: json["name"].as_str().unwrap_or_default().to_owned(),
            peer_urls: texts(&json["peerURLs"]),
            client_urls: texts(&json["clientURLs"]),
            learner: json["isLearner"].as_bool().unwrap_or(false),
        })
    };
    let members: Result<Vec<Member>, EtcdError> = list.iter().map(member).collect();
    Ok(Members { cluster: number(&json["header"]["cluster_id"])?, members: members? })
}

pub(super) fn status(json: &Json) -> Result<Status, EtcdError> {
    Ok(Status {
        cluster: number(&json["header"]["cluster_id"])?,
        member: number(&json["header"]["member_id"])?,
        leader: number(&json["leader"])?,
        term: number(&json["raftTerm"])?,
        learner: json["isLearner"].as_bool().unwrap_or(false),
        version: json["version"].as_str().unwrap_or_default().to_owned(),
        db_size: number(&json["dbSize"])?,
        alarms: texts(&json["errors"]).iter().filter_map(|error| Alarm::read(error)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beyond_doubles_and_missing_fields_are_read() {
        let json: Json = serde_json::from_str(
            r#"{"header":{"cluster_id":"17237436991929493444"},"members":[{"ID":"9372538179322589801","peerURLs":["p"]},
                {"ID":"1","name":"a","peerURLs":["q"],"clientURLs":["c"],"isLearner":true}]}"#,
        )
        .unwrap();
        let found = members(&json).unwrap();
        assert_eq!(found.cluster, 17_237_436_991_929_493_444);
        assert_eq!(found.members[0].id, 9_372_538_179_322_589_801);
        assert!(
            found.members[0].name.is_empty()
                && !found.members[0].learner
                && found.members[1].learner
        );
        assert!(members(&serde_json::json!({})).is_err());
        assert!(status(&serde_json::json!({"leader": "x"})).is_err());
    }
}
