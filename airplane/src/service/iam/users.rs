//! Users: enough for accounts to have some.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::roles::{missing, path, taken};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::Outcome;
use crate::world::Millis;

pub(crate) const ACTIONS: &[Action] =
    &[("CreateUser", create), ("GetUser", get), ("DeleteUser", delete), ("ListUsers", list)];

/// A user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct User {
    name: String,
    path: String,
    id: String,
    arn: String,
    created: Millis,
}

impl User {
    fn answer(&self) -> Value {
        json!({
            "Path": self.path,
            "UserName": self.name,
            "UserId": self.id,
            "Arn": self.arn,
            "CreateDate": self.created,
        })
    }
}

fn create(call: &mut Call<'_>) -> Outcome {
    let (name, path) = (call.str("UserName"), path(call)?);
    if super::is_taken(call.global().iam.users.iter().map(|(known, _)| known), &name) {
        return Err(taken(&format!("User with name {name}")));
    }
    let (now, id) = (call.now(), format!("AIDA{}", call.world.ids.base32(17)));
    let arn = format!("arn:aws:iam::{}:user{path}{name}", call.account);
    let user = User { name: name.clone(), path, id, arn, created: now };
    let answer = user.answer();
    call.global().iam.users.insert(&name, user, now, now);
    Ok(json!({"User": answer}))
}

fn get(call: &mut Call<'_>) -> Outcome {
    let name = call.str("UserName");
    let fault = missing(&format!("The user with name {name}"));
    let user = call.global().iam.users.get(&name).ok_or(fault)?;
    Ok(json!({"User": user.answer()}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let name = call.str("UserName");
    let fault = missing(&format!("The user with name {name}"));
    call.global().iam.users.remove(&name).ok_or(fault)?;
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let users: Vec<Value> = call.global().iam.users.values().map(User::answer).collect();
    Ok(json!({"Users": users, "IsTruncated": false}))
}
