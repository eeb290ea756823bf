//! Who carries out a step: the group's provider what is done to machines and groups, the cluster's what is done to nodes,
//! API servers and etcd, and a hook whoever has an action of its name. Where there is no cluster, its steps are done at
//! once.

use kprov_provider::rotation::{HookCall, HookLook, StepCall};
use kprov_provider::{CallContext, ProviderError};
use kprov_rotation::{MachineId, Step};

use super::core::{Answer, StepOrder};
use super::discretion::{blot, discreet};
use super::observe::{Observer, Site, no_clusters};

/// Makes one call.
pub(super) async fn carry_out(observer: &Observer, order: &StepOrder) -> Answer {
    let carried = match &order.step {
        Step::Hook { .. } => return hook(observer, order).await,
        // In service again only when it may be given pods and requests; the mark goes last.
        Step::Return { .. } => match cluster(observer, order).await {
            Ok(()) => cloud(observer, order).await,
            failed => failed,
        },
        Step::Snapshot
        | Step::Cordon { .. }
        | Step::Exclude { .. }
        | Step::MoveLeader { .. }
        | Step::Drain { .. }
        | Step::StopApi { .. }
        | Step::RemoveEtcdMember { .. }
        | Step::DeleteNode { .. } => cluster(observer, order).await,
        Step::SuspendProcesses { .. }
        | Step::UseTemplate { .. }
        | Step::Launch { .. }
        | Step::CompleteLaunch { .. }
        | Step::Mark { .. }
        | Step::Deregister { .. }
        | Step::Terminate { .. }
        | Step::RestoreGroup { .. } => cloud(observer, order).await,
    };
    carried.map_or_else(Answer::Failed, |()| Answer::Done)
}

/// Has the cloud go on waiting for machines.
pub(super) async fn keep_waiting(
    observer: &Observer,
    site: &Site,
    members: &[MachineId],
) -> Result<(), ProviderError> {
    let code = observer.clients().provider(&site.provider)?;
    let resource = code.resource(&site.address.resource.ty);
    let groups = resource.and_then(|resource| resource.member_groups()).ok_or_else(lost)?;
    let context = observer.clients().context(&site.provider).await?;
    groups.keep_waiting(&context, &site.group.id, members).await
}

async fn cloud(observer: &Observer, order: &StepOrder) -> Result<(), ProviderError> {
    let site = order.site.as_ref().ok_or_else(lost)?;
    let code = observer.clients().provider(&site.provider).map_err(not_made)?;
    let resource = code.resource(&site.address.resource.ty);
    let groups = resource.and_then(|resource| resource.member_groups()).ok_or_else(lost)?;
    let context = observer.clients().context(&site.provider).await.map_err(not_made)?;
    groups.carry_out(&context, &order.call()).await
}

async fn cluster(observer: &Observer, order: &StepOrder) -> Result<(), ProviderError> {
    let Some(kubeconfig) = order.kubeconfig.clone() else { return Ok(()) };
    let code = observer.clusters().ok_or_else(no_clusters)?;
    let clusters = code.clusters().ok_or_else(no_clusters)?;
    let context = observer.connect(&kubeconfig).map_err(not_made)?;
    let carried = clusters.carry_out(&context, &order.call()).await;
    carried.map_err(|error| discreet(&kubeconfig, error))
}

async fn hook(observer: &Observer, order: &StepOrder) -> Answer {
    let looked = hook_looked(observer, order).await;
    let kubeconfig = order.kubeconfig.clone();
    match looked {
        Ok(HookLook::Done) => Answer::Done,
        Ok(HookLook::NotYet(why)) => Answer::NotYet(match &kubeconfig {
            Some(kubeconfig) => blot(kubeconfig, &why),
            None => why,
        }),
        Err(error) => Answer::Failed(match &kubeconfig {
            Some(kubeconfig) => discreet(kubeconfig, error),
            None => error,
        }),
    }
}

async fn hook_looked(observer: &Observer, order: &StepOrder) -> Result<HookLook, ProviderError> {
    let (Step::Hook { when, name, .. }, Some(hook)) = (&order.step, &order.hook) else {
        return Err(ProviderError::rejected(
            "Hook not found",
            format!("{} is not in the configuration any more.", order.step),
        ));
    };
    let (Some(member), Some(site)) = (&order.member, &order.site) else { return Err(lost()) };
    let code = observer.hook_action(&hook.action).ok_or_else(|| {
        ProviderError::rejected(
            "Hook action not found",
            format!("Hook {name} is {}, and no provider of this program has that.", hook.action),
        )
    })?;
    let action = code.hook_action(&hook.action).ok_or_else(lost)?;
    let group_context = observer.clients().context(&site.provider).await.map_err(not_made)?;
    let kubeconfig = order.kubeconfig.clone();
    let cluster_context: Option<CallContext> =
        kubeconfig.map(|kubeconfig| observer.connect(&kubeconfig)).transpose().map_err(not_made)?;
    let call = HookCall {
        when: *when,
        member,
        group: &site.group.id,
        address: None,
        config: &hook.config,
        token: &order.token,
        group_context: &group_context,
        cluster_context: cluster_context.as_ref(),
    };
    action.look(&call).await
}

impl StepOrder {
    fn call(&self) -> StepCall<'_> {
        StepCall {
            step: &self.step,
            token: &self.token,
            rotation: &self.rotation,
            group: self.group.as_ref(),
            base: self.base.as_ref(),
            member: self.member.as_ref(),
            masters: &self.masters,
        }
    }
}

/// Before the call proper nothing can have happened.
fn not_made(error: ProviderError) -> ProviderError {
    ProviderError { class: kprov_provider::ErrorClass::Retryable, ..error }
}

fn lost() -> ProviderError {
    ProviderError::rejected(
        "Machine not found",
        "The machine, or the group that the step is about, is not known any more.",
    )
}
