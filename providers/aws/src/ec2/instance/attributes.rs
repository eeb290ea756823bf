//! Attributes of an instance that AWS tells one per call.
//!
//! There is no call for many instances, so only those are asked for that the configuration sets:
//! protection where it is on, user data where there is some.

use aws_sdk_ec2::types::InstanceAttributeName as Name;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::sent::encoded_user_data;
use crate::api::Api;
use crate::fields::Fields;
use crate::resource::Result;
use crate::row::Row;

/// Asks for what has to be asked for, and puts it into the row.
pub(super) async fn read(api: &Api, id: &str, prior: Fields<'_>, row: &mut Row) -> Result<()> {
    // An import knows nothing yet.
    let imported = prior.str("ami").is_none();
    for (name, attribute) in [
        ("disable_api_termination", Name::DisableApiTermination),
        ("disable_api_stop", Name::DisableApiStop),
    ] {
        if imported || prior.bool(name) == Some(true) {
            row.set(name, ask(api, id, attribute).await?.truth);
        } else if prior.bool(name).is_none() {
            row.set(name, false);
        }
    }
    let name = "instance_initiated_shutdown_behavior";
    if imported || prior.str(name).is_some_and(|behaviour| behaviour != "stop") {
        row.set(name, ask(api, id, Name::InstanceInitiatedShutdownBehavior).await?.text);
    } else if prior.str(name).is_none() {
        row.set(name, "stop");
    }
    if imported || encoded_user_data(prior).is_some() {
        let found = ask(api, id, Name::UserData).await?.text;
        user_data(found.as_deref().unwrap_or_default(), prior, row);
    }
    if prior.block("credit_specification").is_some() {
        let ask = || api.ec2().describe_instance_credit_specifications().instance_ids(id).send();
        let answer = api.call("ec2", "DescribeInstanceCreditSpecifications", ask).await?;
        let credits =
            answer.instance_credit_specifications().first().and_then(|it| it.cpu_credits());
        row.set("credit_specification", serde_json::json!([{"cpu_credits": credits}]));
    }
    Ok(())
}

/// User data as it is written: plain where it is text, in Base64 otherwise.
fn user_data(found: &str, prior: Fields<'_>, row: &mut Row) {
    if encoded_user_data(prior).as_deref() == Some(found) {
        return;
    }
    let plain = STANDARD.decode(found).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let encoded = prior.str("user_data_base64").is_some() && !prior.is_set("user_data");
    match plain.filter(|_| !encoded) {
        Some(text) => row.set("user_data", text),
        None => row.set("user_data_base64", found),
    };
}

struct Answer {
    truth: bool,
    text: Option<String>,
}

async fn ask(api: &Api, id: &str, name: Name) -> Result<Answer> {
    let ask = || {
        let call = api.ec2().describe_instance_attribute().instance_id(id);
        call.attribute(name.clone()).send()
    };
    let answer = api.call("ec2", "DescribeInstanceAttribute", ask).await?;
    let truth = match name {
        Name::DisableApiStop => answer.disable_api_stop(),
        _ => answer.disable_api_termination(),
    };
    let text = match name {
        Name::UserData => answer.user_data().and_then(|it| it.value()),
        _ => answer.instance_initiated_shutdown_behavior().and_then(|it| it.value()),
    };
    Ok(Answer {
        truth: truth.and_then(|it| it.value()).unwrap_or(false),
        text: text.map(str::to_owned),
    })
}
