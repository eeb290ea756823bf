//! How far a change is.

use serde_json::json;

use super::bare;
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};

pub(crate) const ACTIONS: &[Action] =
    &[("GetChange", get), ("GetReusableDelegationSet", delegation_set)];

fn get(call: &mut Call<'_>) -> Outcome {
    let id = bare(&call.str("Id")).to_owned();
    let fault =
        Fault::new("NoSuchChange", format!("Could not find resource with ID: {id}")).status(404);
    let change = call.global().route53.changes.get(&id).ok_or(fault)?;
    Ok(json!({"ChangeInfo": change.answer(&id)}))
}

fn delegation_set(call: &mut Call<'_>) -> Outcome {
    let id = call.str("Id");
    Err(Fault::new(
        "NoSuchDelegationSet",
        format!("The specified delegation set {id} does not exist."),
    ))
}
