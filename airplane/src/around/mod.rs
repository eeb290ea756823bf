//! What every action has in common, in this order: identity, throttling, faults, model checks, permission, DryRun,
//! tokens, the action, pages. Errors roll back; answers are committed before they are given.
pub(crate) mod call;
pub(crate) mod faults;
pub(crate) mod idempotency;
pub(crate) mod pagination;
pub(crate) mod throttle;

use crate::service::ServiceId;
use crate::service::iam::authorization::authorize;
use crate::wire::fault::Fault;
use crate::wire::model::{Model, Operation, model};
use crate::wire::{request, respond, signature, validate};
use crate::world::scope::Scope;
use crate::world::{Millis, World};
use call::{Call, Caller};
use faults::{Effect, Rule, Subject};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{HashMap, VecDeque};
use throttle::{Buckets, Throttling};

const LOGGED: usize = 100_000;

/// A line of the call log.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CallRecord {
    pub(crate) number: u64,
    pub(crate) at: String,
    pub(crate) service: &'static str,
    pub(crate) action: String,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) request_id: String,
    /// `ok` or the error code.
    pub(crate) result: String,
    /// Why the client got no answer, if it got none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lost: Option<&'static str>,
}

/// What stands around the actions and is not part of the world.
pub(crate) struct Around {
    pub(crate) throttling: Throttling,
    pub(crate) rules: Vec<Rule>,
    pub(crate) log: VecDeque<CallRecord>,
    pub(crate) calls: u64,
    buckets: Buckets,
    // Last answers by call, for stale reads; kept only while a rule wants them.
    last: HashMap<String, Value>,
}

/// A call that is ready to run.
pub(crate) struct Incoming {
    pub(crate) service: ServiceId,
    pub(crate) action: String,
    pub(crate) input: Result<Map<String, Value>, Fault>,
    pub(crate) scope: signature::Scope,
    pub(crate) host: String,
    pub(crate) request_id: String,
}

/// How a call came out.
pub(crate) struct Outgoing {
    pub(crate) result: Result<Value, Fault>,
    pub(crate) delay: Millis,
    pub(crate) lost: Option<&'static str>,
}

impl Around {
    /// With no rules and an empty log.
    pub(crate) fn new(throttling: Throttling) -> Self {
        Around {
            throttling,
            rules: Vec::new(),
            log: VecDeque::new(),
            calls: 0,
            buckets: Buckets::default(),
            last: HashMap::new(),
        }
    }

    /// Runs a call on the world, without committing.
    pub(crate) fn run(&mut self, world: &mut World, incoming: Incoming) -> Outgoing {
        let (service, action, request_id) =
            (incoming.service, incoming.action.clone(), incoming.request_id.clone());
        let place = place(world, &incoming);
        let (account, region) = match &place {
            Ok((account, region, _)) => (account.clone(), region.clone()),
            Err(_) => (String::new(), String::new()),
        };
        let mut outgoing = Outgoing { result: Ok(Value::Null), delay: 0, lost: None };
        outgoing.result = place.and_then(|(account, region, caller)| {
            let scope = Scope { world, account, region };
            let host = incoming.host;
            let input = incoming.input?;
            let call = Call { scope, service, action: &action, caller, input, host };
            self.checked(call, &mut outgoing.delay, &mut outgoing.lost)
        });
        let result = outgoing
            .result
            .as_ref()
            .err()
            .map(|f| f.code.clone())
            .unwrap_or_else(|| "ok".to_owned());
        let at = crate::wire::scalar::iso(world.now);
        let (service, lost) = (service.name(), outgoing.lost);
        self.record(CallRecord {
            number: 0,
            at,
            service,
            action,
            account,
            region,
            request_id,
            result,
            lost,
        });
        outgoing
    }

    fn record(&mut self, record: CallRecord) {
        self.calls += 1;
        if self.log.len() == LOGGED {
            self.log.pop_front();
        }
        self.log.push_back(CallRecord { number: self.calls, ..record });
    }

    /// Logs a request whose action could not be told, or is none of the service's.
    pub(crate) fn record_unknown(
        &mut self,
        world: &World,
        unknown: &request::Unknown,
        request_id: &str,
    ) {
        self.record(CallRecord {
            number: 0,
            at: crate::wire::scalar::iso(world.now),
            service: unknown.service.map(ServiceId::name).unwrap_or("unknown"),
            action: unknown.action.clone(),
            account: String::new(),
            region: String::new(),
            request_id: request_id.to_owned(),
            result: unknown.fault.code.clone(),
            lost: None,
        });
    }

    fn checked(
        &mut self,
        mut call: Call<'_>,
        delay: &mut Millis,
        lost: &mut Option<&'static str>,
    ) -> Result<Value, Fault> {
        let m = model(call.service);
        let op = m
            .operations
            .get(call.action)
            .ok_or_else(|| Fault::new("InvalidAction", "no such action"))?;
        let place = format!("{}/{}", call.account, call.region);
        self.buckets.take(
            self.throttling,
            &place,
            call.service,
            call.action,
            call.scope.world.now,
        )?;
        let subject = Subject {
            service: call.service.name(),
            action: call.action,
            account: &call.scope.account,
            region: &call.scope.region,
            input: &call.input,
        };
        let (effect, late) = faults::strike(&mut self.rules, &subject, &mut call.scope.world.ids);
        *delay = Millis::try_from(late).unwrap_or(Millis::MAX);
        match &effect {
            Some(Effect::Throttle) => return Err(throttle::fault(call.service)),
            Some(Effect::Error { code, message, status }) => {
                let fault = Fault::new(code.clone(), message.clone());
                return Err(match status {
                    Some(status) => fault.status(*status),
                    None => fault,
                });
            }
            Some(Effect::TimeoutBefore) => {
                *lost = Some("before the effect");
                return Err(Fault::new(
                    "InternalError",
                    "the request was lost on order of a fault rule",
                )
                .status(500));
            }
            _ => {}
        }
        let wants_stale = self.rules.iter().any(|r| r.effect == Effect::StaleRead);
        let key = wants_stale.then(|| {
            format!(
                "{place}/{}/{}/{}",
                call.service.name(),
                call.action,
                idempotency::digest(&Value::Object(call.input.clone()))
            )
        });
        if let (Some(Effect::StaleRead), Some(key)) = (&effect, &key)
            && let Some(answer) = self.last.get(key)
        {
            return Ok(answer.clone());
        }
        let result = perform(m, op, &mut call);
        if let (Some(key), Ok(answer)) = (key, &result) {
            self.last.insert(key, answer.clone());
        }
        if effect == Some(Effect::TimeoutAfter) {
            *lost = Some("after the effect");
        }
        result
    }
}

fn perform(m: &Model, op: &Operation, call: &mut Call<'_>) -> Result<Value, Fault> {
    validate::input(call.service, m, op, &call.input)?;
    authorize(call)?;
    let handler = call.service.handler(call.action).ok_or_else(|| {
        let message = format!(
            "airplane knows {}:{} but has no code for it yet",
            call.service.name(),
            call.action
        );
        Fault::new("NotImplementedByAirplane", message).status(501)
    })?;
    let dry = call.input.shift_remove("DryRun") == Some(Value::Bool(true));
    let token = idempotency::token(m, op, call).filter(|_| !dry);
    if let Some(known) = token.as_ref().and_then(|t| idempotency::replay(t, call)) {
        return known;
    }
    let output = handler(call)?;
    crate::service::changed(&mut call.scope, call.service, call.action);
    if dry {
        // The action ran to find what is wrong with the call; the fault takes its changes back.
        let message = "Request would have succeeded, but DryRun flag is set.";
        return Err(Fault::new("DryRunOperation", message).status(412));
    }
    let shape = op.output.as_ref().map(|r| m.shape(&r.shape));
    if let Some(path) = shape.and_then(|s| respond::stray_member(m, s, &output, call.action)) {
        return Err(Fault::new(
            "InternalError",
            format!("airplane's answer does not fit the model at {path}"),
        )
        .status(500));
    }
    if let Some(token) = token {
        idempotency::remember(token, call, &output);
    }
    pagination::page(call.service, m, call.action, &call.input, output)
}

// Account and region of a call, and who makes it.
fn place(world: &mut World, incoming: &Incoming) -> Result<(String, String, Caller), Fault> {
    let access_key = incoming.scope.access_key.clone().unwrap_or_default();
    let region = incoming.scope.region.clone().unwrap_or_else(|| "us-east-1".to_owned());
    if let Some((account, session)) = crate::service::sts::session(world, &access_key) {
        if session.expires <= world.now {
            return Err(expired(incoming.service));
        }
        return Ok((account, region, Caller { arn: session.arn, user_id: session.user_id }));
    }
    let account = signature::account_of_key(&access_key).to_owned();
    let caller = Caller { arn: format!("arn:aws:iam::{account}:root"), user_id: account.clone() };
    Ok((account, region, caller))
}

// The token of the credentials is past its end, as each protocol says it.
fn expired(service: ServiceId) -> Fault {
    let (code, status) = match service {
        ServiceId::Ec2 => ("RequestExpired", 400),
        ServiceId::S3 => ("ExpiredToken", 400),
        service if service.is_json() => ("ExpiredTokenException", 400),
        _ => ("ExpiredToken", 403),
    };
    Fault::new(code, "The security token included in the request is expired").status(status)
}
