//! An update of a group that is rotated: first what rotation does not do itself, then the rotation, then the object as it
//! is afterwards.

use kprov_core::{InstanceAddr, Path, PathStep, ProviderConfigAddr, Value, value};
use kprov_plan::OutdatedMember;
use kprov_provider::rotation::MemberGroups;
use kprov_provider::{
    CallContext, ErrorClass, Object, ProviderError, ReadRequest, Resource, Settled, UpdateRequest,
};
use kprov_rotation::MachineId;
use kprov_rotation::settings::Settings;

use super::observe::{Site, is_named};
use super::rotators::{Rotate, Rotators};
use crate::driver::read_back;
use crate::machine::Rotation;

/// Whose update it is.
pub(crate) struct Whose<'a> {
    pub(crate) address: &'a InstanceAddr,
    pub(crate) provider: &'a ProviderConfigAddr,
    pub(crate) resource: &'a dyn Resource,
    pub(crate) context: &'a CallContext,
}

/// Updates and rotates.
pub(crate) async fn update(
    rotators: &Rotators,
    whose: &Whose<'_>,
    request: UpdateRequest,
    rotation: &Rotation,
) -> Result<Object, ProviderError> {
    let groups = whose.resource.member_groups().ok_or_else(|| no_groups(whose.address))?;
    let rotate = rotate(groups, whose, &request, rotation)?;
    let planned = request.planned.clone();
    let held = groups.held(&request.prior.value, &planned);
    let object = if held == request.prior.value {
        request.prior
    } else {
        whose.resource.update(whose.context, UpdateRequest { planned: held, ..request }).await?
    };
    rotators.rotate(rotate).await?;
    // What is only said, and not read, is as planned.
    let prior = Object { value: known(&planned, &object.value), private: object.private };
    match read_back(whose.resource, whose.context, ReadRequest { prior }).await {
        Ok(Settled::Exists(object)) => Ok(object),
        Ok(Settled::Absent | Settled::Unfinished(..)) => Err(ProviderError::ambiguous(
            "Group not found",
            "It was rotated, and is not there any more. Plan again.",
        )),
        // Much has happened: the object is read back.
        Err(error) => Err(ProviderError { class: ErrorClass::Ambiguous, ..error }),
    }
}

fn rotate(
    groups: &dyn MemberGroups,
    whose: &Whose<'_>,
    request: &UpdateRequest,
    rotation: &Rotation,
) -> Result<Rotate, ProviderError> {
    let settings = Settings::read(&rotation.settings).map_err(|problems| {
        let told: Vec<String> = problems
            .into_iter()
            .map(|problem| {
                format!("rotation{}: {} {}", problem.path, problem.summary, problem.message)
            })
            .collect();
        ProviderError::rejected("Invalid rotation", told.join("; "))
    })?;
    if let Some(unknown) = settings.unknown.iter().next() {
        return Err(ProviderError::rejected(
            "Invalid rotation",
            format!("{unknown} in its rotation block is not known, because it was not applied."),
        ));
    }
    let group = groups.group(&request.planned).or_else(|| groups.group(&request.prior.value));
    let group = group.ok_or_else(|| no_groups(whose.address))?;
    let named = rotation.outdated.iter().filter(|member| is_named(member));
    let before = groups.group(&request.prior.value).and_then(|before| before.template);
    Ok(Rotate {
        named: named.map(|member: &OutdatedMember| MachineId::new(&member.machine)).collect(),
        before,
        site: Site {
            address: whose.address.clone(),
            provider: whose.provider.clone(),
            group,
            settings: Some(settings),
        },
    })
}

/// `planned` with what it does not know taken from `object`.
fn known(planned: &Value, object: &Value) -> Value {
    value::transform(planned, &mut |path, part| {
        if part.is_known() { part } else { at(object, path).unwrap_or(Value::Null(part.ty())) }
    })
}

fn at(object: &Value, path: &Path) -> Option<Value> {
    let step = |part: Value, step: &PathStep| match step {
        PathStep::Attribute(name) | PathStep::Key(name) => part.get(name.as_str()).cloned(),
        PathStep::Index(index) => {
            part.as_items().and_then(|items| items.get(usize::try_from(*index).ok()?)).cloned()
        }
        PathStep::Item(_) => None,
    };
    path.0.iter().try_fold(object.clone(), step)
}

fn no_groups(address: &InstanceAddr) -> ProviderError {
    ProviderError::rejected(
        "Group cannot be rotated",
        format!(
            "{address} has a rotation block, and its provider does not say which group of machines it is. Take the \
             block away."
        ),
    )
}
