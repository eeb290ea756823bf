//! A few keys: what stands there, and when that changes.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value as Json, json};

use super::{Etcd, EtcdError};
use crate::https::NoAnswer;

/// Tells that something changed below a prefix, not what.
#[derive(Debug)]
pub(crate) struct Watch {
    body: Incoming,
    url: String,
}

/// The end of the range of all that begin with it. Prefixes are ours, and end in a letter or slash.
fn range(prefix: &str) -> (String, String) {
    let mut end = prefix.as_bytes().to_vec();
    if let Some(last) = end.last_mut() {
        *last = last.saturating_add(1);
    }
    (STANDARD.encode(prefix), STANDARD.encode(end))
}

impl Etcd {
    /// Keys and values below a prefix.
    pub(crate) async fn below(&self, prefix: &str) -> Result<BTreeMap<String, String>, EtcdError> {
        let (key, end) = range(prefix);
        let found = self.call("kv/range", &json!({"key": key, "range_end": end})).await?;
        let text = |json: &Json| {
            let bytes = STANDARD.decode(json.as_str().unwrap_or_default()).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let all = found["kvs"].as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(all.iter().map(|kv| (text(&kv["key"]), text(&kv["value"]))).collect())
    }

    /// From now on. The first change that it tells of is that it watches.
    pub(crate) async fn watch(&self, prefix: &str) -> Result<Watch, EtcdError> {
        let (key, end) = range(prefix);
        let request = json!({"create_request": {"key": key, "range_end": end}});
        let answer = self.client.open(self.request("watch", &request)?).await?;
        if !answer.status().is_success() {
            return Err(EtcdError::Strange(format!("a watch ends with {}", answer.status())));
        }
        Ok(Watch { body: answer.into_body(), url: self.url.clone() })
    }
}

impl Watch {
    /// Waits for a change.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) async fn changed(&mut self) -> Result<(), EtcdError> {
        let broken = |why: String| NoAnswer::Broken(self.url.clone(), why);
        match self.body.frame().await {
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(broken(error.to_string()).into()),
            None => Err(broken("the watch has ended".to_owned()).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_what_begins_with_its_prefix() {
        let (key, end) = range("/kprov.dev/hold");
        assert_eq!(STANDARD.decode(key).unwrap(), b"/kprov.dev/hold");
        assert_eq!(STANDARD.decode(end).unwrap(), b"/kprov.dev/hole");
    }
}
