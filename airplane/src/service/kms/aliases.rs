//! Aliases of keys.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::keys::id_of;
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;
use crate::world::scope::Scope;

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateAlias", create),
    ("UpdateAlias", update),
    ("DeleteAlias", delete),
    ("ListAliases", list),
];

/// An alias.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Alias {
    pub(super) key: String,
    created: Millis,
    updated: Millis,
}

/// Gives AWS's own key its alias.
pub(super) fn insert_managed(scope: &mut Scope<'_>, name: &str, key: String) {
    let now = scope.now();
    scope.realm().kms.aliases.insert_implicit(name, Alias { key, created: now, updated: now }, now);
}

fn target(call: &mut Call<'_>) -> Result<String, Fault> {
    let wanted = call.str("TargetKeyId");
    if wanted.contains("alias/") {
        return Err(Fault::new("ValidationException", "Aliases must refer to keys. Not aliases"));
    }
    id_of(call, &wanted)
}

fn create(call: &mut Call<'_>) -> Outcome {
    let name = call.str("AliasName");
    let bare = name.strip_prefix("alias/").filter(|bare| !bare.is_empty());
    let Some(bare) = bare else {
        return Err(Fault::new("ValidationException", "Invalid identifier"));
    };
    if bare.starts_with("aws/") {
        return Err(Fault::new(
            "NotAuthorizedException",
            "Aliases that begin with aws/ are AWS's.",
        ));
    }
    if call.realm().kms.aliases.contains(&name) {
        let message = format!("An alias with the name {} already exists", call.arn("kms", &name));
        return Err(Fault::new("AlreadyExistsException", message));
    }
    let key = target(call)?;
    let of_it = call.realm().kms.aliases.values().filter(|alias| alias.key == key).count();
    if of_it >= call.quota("kms-aliases-per-key") {
        let message = "You have reached the maximum number of aliases of this KMS key.";
        return Err(Fault::new("LimitExceededException", message));
    }
    let now = call.now();
    let visible = call.visible_at();
    call.realm().kms.aliases.insert(&name, Alias { key, created: now, updated: now }, now, visible);
    Ok(json!({}))
}

fn missing(call: &Call<'_>, name: &str) -> Fault {
    Fault::new("NotFoundException", format!("Alias {} is not found.", call.arn("kms", name)))
}

fn update(call: &mut Call<'_>) -> Outcome {
    let (name, key, now) = (call.str("AliasName"), target(call)?, call.now());
    let fault = missing(call, &name);
    let alias = call.realm().kms.aliases.get_mut(&name).ok_or(fault)?;
    alias.key = key;
    alias.updated = now;
    Ok(json!({}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let name = call.str("AliasName");
    let fault = missing(call, &name);
    call.realm().kms.aliases.remove(&name).ok_or(fault)?;
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let of_key = match call.opt_str("KeyId") {
        Some(wanted) => Some(id_of(call, &wanted)?),
        None => None,
    };
    let now = call.now();
    let arn = call.arn("kms", "");
    let seen = call.realm().kms.aliases.seen(now);
    let mut found: Vec<(String, Value)> = seen
        .filter(|(_, alias)| of_key.as_ref().is_none_or(|key| *key == alias.key))
        .map(|(name, alias)| {
            let answer = json!({
                "AliasName": name,
                "AliasArn": format!("{arn}{name}"),
                "TargetKeyId": alias.key,
                "CreationDate": alias.created,
                "LastUpdatedDate": alias.updated,
            });
            (name.to_owned(), answer)
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let aliases: Vec<Value> = found.into_iter().map(|(_, alias)| alias).collect();
    Ok(json!({"Aliases": aliases, "Truncated": false}))
}
