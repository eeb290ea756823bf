//! Refresh: reads everything that is in the state, in bulk per provider configuration and type, all
//! groups at the same time and before any evaluation.

use std::collections::BTreeMap;

use kprov_apply::stored::mark_paths;
use kprov_core::{
    Diagnostic, Diagnostics, Host, Marks, ObjectAddr, ProviderConfigAddr, ResourceMode, Str, value,
};
use kprov_plan::{PriorObject, PriorState};
use kprov_provider::{Object, ProviderError, ReadRequest, Registry};

use crate::Clients;

/// What is there now.
#[derive(Debug)]
pub struct Refreshed {
    /// The state as the world is: changed objects changed, objects that are gone left out.
    pub prior: PriorState,
    /// How many objects were read.
    pub read: usize,
}

type Answer = Vec<Result<Option<Object>, ProviderError>>;

/// Reads all managed objects of `previous`. Objects that could not be read keep their last known
/// content, and are reported; those whose provider is not configured yet keep it in silence.
pub async fn refresh(clients: &Clients, previous: &PriorState) -> (Refreshed, Diagnostics) {
    let mut groups: BTreeMap<(&ProviderConfigAddr, &Str), Vec<&ObjectAddr>> = BTreeMap::new();
    for (addr, object) in &previous.objects {
        let managed = addr.instance.resource.mode == ResourceMode::Managed;
        if managed && !clients.is_unknown(&object.provider) {
            let group = (&object.provider, &addr.instance.resource.ty);
            groups.entry(group).or_default().push(addr);
        }
    }
    let tasks: Vec<_> = groups
        .into_iter()
        .map(|((provider, ty), addrs)| {
            let requests = addrs.iter().map(|addr| request(&previous.objects[*addr])).collect();
            let (clients, provider, ty) = (clients.clone(), provider.clone(), ty.clone());
            let read = async move { read_group(&clients, &provider, &ty, requests).await };
            (addrs, tokio::spawn(read))
        })
        .collect();
    let mut problems = Diagnostics::new();
    let mut prior = previous.clone();
    let mut read = 0;
    for (addrs, task) in tasks {
        let answers = match task.await {
            Ok(answers) => answers,
            Err(error) => {
                problems.push(Diagnostic::error(
                    "Provider failed",
                    format!("The provider ended unexpectedly while reading ({error})."),
                ));
                continue;
            }
        };
        read += addrs.len();
        for (addr, answer) in addrs.into_iter().zip(answers) {
            take(&mut prior, addr, answer, &mut problems);
        }
    }
    (Refreshed { prior, read }, problems)
}

fn request(object: &PriorObject) -> ReadRequest {
    let (value, _) = object.value.clone().unmark_deep();
    ReadRequest { prior: Object { value, private: object.private.clone() } }
}

async fn read_group(
    clients: &Clients,
    provider: &ProviderConfigAddr,
    ty: &str,
    requests: Vec<ReadRequest>,
) -> Answer {
    let count = requests.len();
    let all_fail = |error: ProviderError| vec![Err(error); count];
    let code = match clients.provider(provider) {
        Ok(code) => code,
        Err(error) => return all_fail(error),
    };
    let Some(resource) = code.resource(ty) else {
        let message = format!("The provider has no resource type {ty:?}.");
        return all_fail(ProviderError::rejected("Type not supported", message));
    };
    match clients.context(provider).await {
        Ok(context) => resource.read_many(&context, requests).await,
        Err(error) => all_fail(error),
    }
}

/// What time alone has made of the objects of a state that is not read: a certificate is due whether or not anybody looks.
pub(crate) fn age(registry: &Registry, host: &dyn Host, state: &mut PriorState) {
    let live = state.objects.iter_mut().filter(|(addr, _)| addr.deposed.is_none());
    for (addr, known) in live {
        let resource = &addr.instance.resource;
        if resource.mode != ResourceMode::Managed {
            continue;
        }
        let provider = registry.get(&known.provider.provider);
        let code = provider.and_then(|it| it.resource(resource.ty.as_str()));
        let (bare, _) = known.value.clone().unmark_deep();
        if let Some(value) = code.and_then(|it| it.aged(host, &bare)).filter(|it| *it != bare) {
            renew(known, value);
        }
    }
}

/// Another content. Sensitive parts stay sensitive.
fn renew(known: &mut PriorObject, value: kprov_core::Value) {
    let sensitive = value::paths_where(&known.value, |v| v.marks().contains(Marks::SENSITIVE));
    known.value = mark_paths(value, &sensitive);
}

/// Puts one answer into the state.
fn take(
    prior: &mut PriorState,
    addr: &ObjectAddr,
    answer: Result<Option<Object>, ProviderError>,
    problems: &mut Diagnostics,
) {
    match answer {
        Ok(None) => {
            prior.objects.remove(addr);
        }
        Ok(Some(object)) => {
            let Some(known) = prior.objects.get_mut(addr) else { return };
            renew(known, object.value);
            known.private = object.private;
        }
        Err(error) => {
            problems.push(Diagnostic::error("Failed to read object", error.to_string()).of(addr));
        }
    }
}
