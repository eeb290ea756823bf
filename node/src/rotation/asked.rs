//! What somebody asks of a master: the annotation `kprov.dev/asked` of its lease, and its answer in `kprov.dev/done`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// Where it stands on the lease. Only whoever rotates writes it.
pub(crate) const ANNOTATION: &str = "kprov.dev/asked";
/// A token is a name, not a text.
const LONGEST_TOKEN: usize = 256;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Take a snapshot now.
    Snapshot,
    /// Hand etcd's leadership to the member of this machine.
    MoveLeader { to: String },
    /// Stop the API server, for good.
    StopApi,
    /// Remove a member of etcd.
    RemoveMember { id: u64 },
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// It is carried out once.
    pub(crate) token: String,
    /// When, by the clock of whoever asks.
    pub(crate) since: Option<Timestamp>,
    /// Or why it cannot be understood, for people.
    pub(crate) task: Result<Task, String>,
}

impl Asked {
    /// Out of a lease. None where nothing is asked, or nobody could be answered.
    pub(crate) fn of_lease(lease: &Json) -> Option<(Asked, String)> {
        let text = lease["metadata"]["annotations"][ANNOTATION].as_str()?;
        Some((Asked::read(text)?, text.to_owned()))
    }

    /// Out of the annotation.
    pub(crate) fn read(text: &str) -> Option<Asked> {
        let json: Json = serde_json::from_str(text).ok()?;
        let token = json["token"].as_str()?;
        if token.is_empty() || token.len() > LONGEST_TOKEN {
            return None;
        }
        let since = json["since"].as_str().and_then(|since| since.parse().ok());
        Some(Asked { token: token.to_owned(), since, task: task(&json) })
    }
}

fn task(json: &Json) -> Result<Task, String> {
    let step = json["step"].as_str().unwrap_or_default();
    let text = |field: &str| {
        let text = json[field].as_str().filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| format!("the step {step:?} has no {field:?}"))
    };
    match step {
        "snapshot" => Ok(Task::Snapshot),
        "move-leader" => Ok(Task::MoveLeader { to: text("to")? }),
        "stop-api" => Ok(Task::StopApi),
        "remove-member" => {
            let id = text("id")?;
            let read = u64::from_str_radix(&id, 16);
            Ok(Task::RemoveMember { id: read.map_err(|_| format!("{id:?} is no id of etcd"))? })
        }
        other => Err(format!(
            "this node knows no step {other:?}: it is of another version than whoever asks"
        )),
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum How {
    Done,
    Failed,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) token: String,
    pub(crate) how: How,
    /// Of what failed, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) why: String,
}

impl Answer {
    pub(crate) fn new(token: &str, done: Result<(), String>) -> Answer {
        let (how, why) = match done {
            Ok(()) => (How::Done, String::new()),
            Err(why) => (How::Failed, why),
        };
        Answer { token: token.to_owned(), how, why }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: &Json) -> Option<Asked> {
        Asked::read(&json.to_string())
    }

    #[test]
    fn every_step_is_understood() {
        let of = |json: Json| read(&json).expect("a token").task;
        let since = "2026-11-27T08:00:00Z";
        let asked = json!({"step": "snapshot", "token": "t", "since": since});
        assert_eq!(of(asked), Ok(Task::Snapshot));
        let asked = json!({"step": "move-leader", "token": "t", "to": "i-2"});
        assert_eq!(of(asked), Ok(Task::MoveLeader { to: "i-2".to_owned() }));
        assert_eq!(of(json!({"step": "stop-api", "token": "t"})), Ok(Task::StopApi));
        let asked = json!({"step": "remove-member", "token": "t", "id": "8e9e05c52164694d"});
        assert_eq!(of(asked), Ok(Task::RemoveMember { id: 0x8e9e_05c5_2164_694d }));
    }

    #[test]
    fn what_is_not_understood_is_answered_and_what_has_no_token_is_not() {
        let why = |json: Json| read(&json).expect("a token").task.unwrap_err();
        assert!(why(json!({"step": "dance", "token": "t"})).contains("\"dance\""));
        assert!(why(json!({"token": "t"})).contains("no step"));
        assert!(why(json!({"step": "move-leader", "token": "t"})).contains("\"to\""));
        let said = why(json!({"step": "remove-member", "token": "t", "id": "xyz"}));
        assert!(said.contains("no id"), "{said}");
        for nothing in ["", "null", "[]", "{}", r#"{"token": ""}"#, r#"{"token": 7}"#] {
            assert_eq!(Asked::read(nothing), None, "{nothing}");
        }
        assert_eq!(read(&json!({"token": "t".repeat(257), "step": "snapshot"})), None);
    }

    #[test]
    fn it_stands_in_an_annotation_of_the_lease() {
        let text = r#"{"step":"stop-api","token":"t"}"#;
        let lease = json!({"metadata": {"annotations": {ANNOTATION: text}}});
        let (asked, said) = Asked::of_lease(&lease).unwrap();
        assert_eq!((asked.token.as_str(), said.as_str()), ("t", text));
        assert_eq!(Asked::of_lease(&json!({"metadata": {}})), None);
    }

    #[test]
    fn an_answer_says_why_only_where_it_failed() {
        let text = |answer: &Answer| serde_json::to_string(answer).unwrap();
        assert_eq!(text(&Answer::new("t", Ok(()))), r#"{"token":"t","how":"done"}"#);
        let failed = Answer::new("t", Err("no".to_owned()));
        assert_eq!(text(&failed), r#"{"token":"t","how":"failed","why":"no"}"#);
    }
}
