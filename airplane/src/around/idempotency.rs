//! Idempotency tokens: the same token with the same input gives the first answer, with another input a mismatch.
//! Route 53's CallerReference is left to its actions, because Route 53 refuses a repeat instead of answering it.
use crate::around::call::Call;
use crate::service::ServiceId;
use crate::wire::fault::Fault;
use crate::wire::model::{Model, Operation};
use crate::world::{Millis, timing};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// A token that was used, with its first answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Replay {
    pub(crate) digest: String,
    pub(crate) output: String,
    pub(crate) until: Millis,
}

/// A token of a call: the key that it is remembered by, and what was asked.
pub(crate) struct Token {
    key: String,
    digest: String,
}

/// The token that a call carries.
pub(crate) fn token(m: &Model, op: &Operation, call: &Call<'_>) -> Option<Token> {
    let shape = m.input(op)?;
    let named = |n: &str| matches!(n, "ClientToken" | "ClientRequestToken");
    let (name, _) = shape.members.iter().find(|(n, r)| r.idempotency_token || named(n))?;
    let text = call.input.get(name)?.as_str().filter(|t| !t.is_empty())?;
    let rest: Map<String, Value> = call
        .input
        .iter()
        .filter(|(k, _)| *k != name && *k != "DryRun")
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    let key =
        format!("{}/{}/{}/{}/{text}", call.account, call.region, call.service.name(), op.name);
    Some(Token { key, digest: digest(&Value::Object(rest)) })
}

/// SHA-256 of a value, with the members of objects in order.
pub(crate) fn digest(value: &Value) -> String {
    let mut sorted = value.clone();
    sorted.sort_all_objects();
    Sha256::digest(sorted.to_string()).iter().map(|b| format!("{b:02x}")).collect()
}

/// The first answer to a token, a mismatch, or nothing when the token is new.
pub(crate) fn replay(token: &Token, call: &Call<'_>) -> Option<Result<Value, Fault>> {
    let known = call.world.root.replays.get(&token.key).filter(|r| r.until > call.now())?;
    if known.digest == token.digest {
        return Some(Ok(serde_json::from_str(&known.output).unwrap_or_default()));
    }
    let message = "The client token you have provided is already used for a request with different parameters.";
    let code = match call.service {
        ServiceId::Ssm => "IdempotentParameterMismatchException",
        _ => "IdempotentParameterMismatch",
    };
    Some(Err(Fault::new(code, message)))
}

/// Remembers an answer, and forgets tokens that are too old.
pub(crate) fn remember(token: Token, call: &mut Call<'_>, output: &Value) {
    let now = call.now();
    let replays = &mut call.world.root.replays;
    let old: Vec<String> =
        replays.iter().take_while(|(_, r)| r.until <= now).map(|(id, _)| id.to_owned()).collect();
    for id in old {
        replays.remove(&id);
    }
    let replay = Replay {
        digest: token.digest,
        output: output.to_string(),
        until: now + timing::TOKEN_LIFE,
    };
    replays.insert_implicit(&token.key, replay, now);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::around::call::Caller;
    use crate::wire::model::model;
    use crate::world::World;
    use crate::world::scope::Scope;
    use serde_json::json;

    fn call<'a>(world: &'a mut World, account: &str, input: Value) -> Call<'a> {
        let scope = Scope { world, account: account.to_owned(), region: "us-east-1".to_owned() };
        let caller = Caller { arn: String::new(), user_id: String::new() };
        let input = input.as_object().cloned().unwrap_or_default();
        Call {
            scope,
            service: ServiceId::Ec2,
            action: "CreateNatGateway",
            caller,
            input,
            host: String::new(),
        }
    }

    #[test]
    fn a_token_gives_its_first_answer_until_it_is_too_old_and_refuses_other_input() {
        let m = model(ServiceId::Ec2);
        let op = &m.operations["CreateNatGateway"];
        let mut world = World::new(1, 0);
        let first = json!({"SubnetId": "subnet-1", "ClientToken": "t"});
        let mut c = call(&mut world, "111122223333", first.clone());
        let t = token(m, op, &c).unwrap();
        assert!(replay(&t, &c).is_none());
        remember(t, &mut c, &json!({"NatGateway": {"NatGatewayId": "nat-1"}}));

        let again = call(&mut world, "111122223333", first.clone());
        let t = token(m, op, &again).unwrap();
        assert_eq!(replay(&t, &again).unwrap().unwrap()["NatGateway"]["NatGatewayId"], "nat-1");

        let other =
            call(&mut world, "111122223333", json!({"SubnetId": "subnet-2", "ClientToken": "t"}));
        let t = token(m, op, &other).unwrap();
        assert_eq!(replay(&t, &other).unwrap().unwrap_err().code, "IdempotentParameterMismatch");

        let elsewhere = call(&mut world, "444455556666", first.clone());
        assert!(replay(&token(m, op, &elsewhere).unwrap(), &elsewhere).is_none());

        world.now += timing::TOKEN_LIFE;
        let late = call(&mut world, "111122223333", first);
        assert!(replay(&token(m, op, &late).unwrap(), &late).is_none());
    }
}
