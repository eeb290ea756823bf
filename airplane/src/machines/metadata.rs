//! The Instance Metadata Service of one machine, as "Use the Instance Metadata Service to access instance metadata" has it:
//! sessions by token (version 2), without one where the instance allows version 1, directories that list themselves,
//! credentials of the instance profile's role. Tokens and credentials go by the machine's time, which clients look at.
use super::document;
use crate::airplane::{Airplane, Inner};
use crate::service::ec2::instance::Instance;
use crate::service::iam::{self, permission};
use crate::service::sts;
use crate::world::machines::decoded;
use crate::world::scope::Scope;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

const TOKEN: &str = "x-aws-ec2-metadata-token";
const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";
/// Credentials are good for so long, by the clock that clients look at.
const CREDENTIALS: Duration = Duration::from_secs(6 * 3600);
/// New ones are there this long before.
const OVERLAP: Duration = Duration::from_secs(15 * 60);

/// What was given to machines, and is forgotten with this process.
#[derive(Default)]
pub(crate) struct Sessions {
    tokens: HashMap<String, (String, Instant)>,
    /// By instance and role: the document, and when it was made.
    credentials: BTreeMap<(String, String), (String, Instant)>,
}

/// An answer: its status, type and body.
type Answer = Result<(&'static str, Vec<u8>), StatusCode>;

impl Airplane {
    /// Answers a machine that asks about itself.
    pub(crate) fn metadata(&self, instance: &str, request: &Request<()>) -> Response<Bytes> {
        let mut inner = self.lock();
        // What cannot be written now is still dirty and is told to the next request.
        let _ = inner.catch_up();
        let response = inner.metadata(instance, request);
        let _ = inner.catch_up();
        response
    }
}

fn respond(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert("content-type", http::HeaderValue::from_static(kind));
    headers.insert("server", http::HeaderValue::from_static("EC2ws"));
    response
}

fn refusal(status: StatusCode) -> Response<Bytes> {
    let title = status.canonical_reason().unwrap_or_default();
    let text = format!("<html><head><title>{} - {title}</title></head></html>\n", status.as_u16());
    respond(status, "text/html", text.into_bytes())
}

impl Inner {
    fn metadata(&mut self, id: &str, request: &Request<()>) -> Response<Bytes> {
        let Some(machine) = self.world.root.machines.get(id).cloned() else {
            return refusal(StatusCode::NOT_FOUND);
        };
        let realm = self.world.realm(&machine.account, &machine.region);
        let Some(instance) = realm.ec2.instances.get(id).cloned() else {
            return refusal(StatusCode::NOT_FOUND);
        };
        if instance.metadata["HttpEndpoint"] == "disabled" {
            return refusal(StatusCode::FORBIDDEN);
        }
        let path = request.uri().path().to_owned();
        if request.method() == Method::PUT {
            return self.token(id, &path, request.headers());
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return refusal(StatusCode::METHOD_NOT_ALLOWED);
        }
        if !self.is_admitted(id, &instance, request.headers()) {
            return refusal(StatusCode::UNAUTHORIZED);
        }
        match self.item(id, &instance, (&machine.account, &machine.region), &path) {
            Ok((kind, body)) => respond(StatusCode::OK, kind, body),
            Err(status) => refusal(status),
        }
    }

    // A new session.
    fn token(&mut self, id: &str, path: &str, headers: &HeaderMap) -> Response<Bytes> {
        if path != "/latest/api/token" {
            return refusal(StatusCode::NOT_FOUND);
        }
        // Whoever comes through a proxy gets none.
        if headers.contains_key("x-forwarded-for") {
            return refusal(StatusCode::FORBIDDEN);
        }
        let seconds = headers.get(TTL).and_then(|ttl| ttl.to_str().ok()?.parse::<u64>().ok());
        let Some(seconds) = seconds.filter(|seconds| (1..=21_600).contains(seconds)) else {
            return refusal(StatusCode::BAD_REQUEST);
        };
        let token = format!("{}==", self.world.ids.base32(54));
        let now = Instant::now();
        self.metadata.tokens.retain(|_, (_, until)| *until > now);
        let until = now + Duration::from_secs(seconds);
        self.metadata.tokens.insert(token.clone(), (id.to_owned(), until));
        let mut response = respond(StatusCode::OK, "text/plain", token.into_bytes());
        response.headers_mut().insert(TTL, http::HeaderValue::from(seconds));
        response
    }

    fn is_admitted(&self, id: &str, instance: &Instance, headers: &HeaderMap) -> bool {
        let Some(token) = headers.get(TOKEN) else {
            return instance.metadata["HttpTokens"] != "required";
        };
        let known = token.to_str().ok().and_then(|token| self.metadata.tokens.get(token));
        known.is_some_and(|(owner, until)| owner == id && *until > Instant::now())
    }

    fn item(&mut self, id: &str, i: &Instance, place: (&str, &str), path: &str) -> Answer {
        let (_, path) =
            path.trim_start_matches('/').split_once('/').ok_or(StatusCode::NOT_FOUND)?;
        let (account, region) = (place.0.to_owned(), place.1.to_owned());
        if path == "user-data" {
            let data = i.user_data.as_deref().and_then(decoded).ok_or(StatusCode::NOT_FOUND)?;
            return Ok(("application/octet-stream", data));
        }
        let mut scope = Scope { world: &mut self.world, account, region };
        if path == "dynamic/instance-identity/document" {
            return Ok(("text/plain", document::identity(&scope, id, i).into_bytes()));
        }
        let path = path.strip_prefix("meta-data").ok_or(StatusCode::NOT_FOUND)?;
        let path = path.trim_start_matches('/');
        let role = role_of(&mut scope, i);
        if let (Some(name), Some(role)) = (path.strip_prefix("iam/security-credentials/"), &role)
            && !name.is_empty()
        {
            if name.trim_end_matches('/') != role {
                return Err(StatusCode::NOT_FOUND);
            }
            let role = role.clone();
            return Ok(("text/plain", self.credentials(place, id, &role).into_bytes()));
        }
        let mut items = document::items(&mut scope, id, i);
        items.extend(iam_items(i, role.as_deref(), &crate::wire::scalar::iso(scope.now())));
        let found = find(&items, path).ok_or(StatusCode::NOT_FOUND)?;
        Ok(("text/plain", found.into_bytes()))
    }

    // The credentials of the role, or why there are none.
    fn credentials(&mut self, place: (&str, &str), id: &str, role: &str) -> String {
        let key = (id.to_owned(), role.to_owned());
        if let Some((document, made)) = self.metadata.credentials.get(&key)
            && made.elapsed() + OVERLAP < CREDENTIALS
        {
            return document.clone();
        }
        let (account, region) = (place.0.to_owned(), place.1.to_owned());
        let mut scope = Scope { world: &mut self.world, account, region };
        let here = Timestamp::now();
        let Some(role_id) = assumable(&mut scope, role) else {
            let message = "EC2 cannot assume the role. Please see documentation at \
                           https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_iam-ec2.html.";
            return json!({"Code": "AssumeRoleUnauthorizedAccess", "Message": message,
                "LastUpdated": stamp(here)})
            .to_string();
        };
        // A clock that runs ahead of the machine's says when; one that is behind would say that they are of yesterday.
        let there = Timestamp::from_millisecond(scope.now()).unwrap_or(here);
        let lifetime = SignedDuration::try_from(CREDENTIALS).unwrap_or_default();
        let until = here.max(there).checked_add(lifetime).unwrap_or(here);
        let given = sts::issue_to_instance(&mut scope, (role, &role_id), id);
        let document = serde_json::to_string_pretty(&json!({
            "Code": "Success", "LastUpdated": stamp(here), "Type": "AWS-HMAC",
            "AccessKeyId": given.access_key, "SecretAccessKey": given.secret, "Token": given.token,
            "Expiration": stamp(until),
        }))
        .unwrap_or_default();
        self.metadata.credentials.insert(key, (document.clone(), Instant::now()));
        document
    }
}

// To the second, as the service writes times.
fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn role_of(scope: &mut Scope<'_>, i: &Instance) -> Option<String> {
    let (arn, _) = i.profile.as_ref()?;
    iam::role_of_profile(scope, arn)
}

// The id of a role that EC2 may assume, as far as it knows it yet.
fn assumable(scope: &mut Scope<'_>, name: &str) -> Option<String> {
    let role = iam::role_known(scope, name)?;
    let question = permission::Question {
        principal: permission::Principal::Service("ec2.amazonaws.com"),
        action: "sts:AssumeRole",
        resource: None,
        context: &[],
    };
    permission::allows(&role.trust, &question).then_some(role.id)
}

fn iam_items(i: &Instance, role: Option<&str>, now: &str) -> Vec<(String, String)> {
    let (Some((arn, id)), Some(role)) = (&i.profile, role) else { return Vec::new() };
    let info = json!({"Code": "Success", "LastUpdated": now, "InstanceProfileArn": arn,
        "InstanceProfileId": id});
    let info = serde_json::to_string_pretty(&info).unwrap_or_default();
    // The credentials themselves are answered where they are made; here their name stands for the listing.
    vec![("iam/info".to_owned(), info), (format!("iam/security-credentials/{role}"), String::new())]
}

// An item, or the listing of a directory, in which directories end with a slash.
fn find(items: &BTreeMap<String, String>, path: &str) -> Option<String> {
    let path = path.trim_end_matches('/');
    if let Some(text) = items.get(path) {
        return Some(text.clone());
    }
    let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
    let mut names: Vec<String> = Vec::new();
    for rest in items.keys().filter_map(|key| key.strip_prefix(&prefix)) {
        let name = match rest.split_once('/') {
            Some((directory, _)) => format!("{directory}/"),
            None => rest.to_owned(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| names.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_list_what_is_in_them() {
        let items = [("a/b", "1"), ("a/c/d", "2"), ("a-z", "3")];
        let items = items.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
        for (path, found) in [
            ("", Some("a-z\na/")),
            ("a", Some("b\nc/")),
            ("a/", Some("b\nc/")),
            ("a/c/", Some("d")),
            ("a/c/d", Some("2")),
            ("a/x", None),
            ("a/b/c", None),
        ] {
            assert_eq!(find(&items, path).as_deref(), found, "{path}");
        }
    }
}
