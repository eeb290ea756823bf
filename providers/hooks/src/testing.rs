//! What tests call actions with.

use std::sync::Arc;

use kprov_core::Value;
use kprov_provider::CallContext;
use kprov_provider::ProviderError;
use kprov_provider::rotation::world::{Lifecycle, Member, Target};
use kprov_provider::rotation::{
    GroupId, HookAction, HookCall, HookLook, MachineId, TemplateId, When, Zone,
};
use kprov_provider::testing::{FakeHost, complete};

pub(crate) struct Ground {
    member: Member,
    group: GroupId,
    context: CallContext,
    pub(crate) address: Option<String>,
}

impl Ground {
    pub(crate) fn new() -> Ground {
        let group = GroupId::new("g");
        let member = Member {
            id: MachineId::new("i-1"),
            group: group.clone(),
            zone: Zone::new("z"),
            template: TemplateId::new("t"),
            changed: false,
            launched_at: 0,
            lifecycle: Lifecycle::InService,
            alive: true,
            target: Target::NotRegistered,
            api: None,
            node: None,
            trust: None,
            mark: None,
        };
        let context = CallContext { client: Arc::new(()), host: Arc::new(FakeHost::new(1)) };
        Ground { member, group, context, address: Some("127.0.0.1".to_owned()) }
    }

    pub(crate) fn call<'a>(&'a self, config: &'a Value) -> HookCall<'a> {
        HookCall {
            when: When::Launched,
            member: &self.member,
            group: &self.group,
            address: self.address.as_deref(),
            config,
            token: "r-1/7",
            group_context: &self.context,
            cluster_context: None,
        }
    }

    /// One look, with the block as the engine decodes it.
    pub(crate) async fn look(
        &self,
        action: &dyn HookAction,
        config: Value,
    ) -> Result<HookLook, ProviderError> {
        let config = complete(&action.schema().block, &config);
        assert_eq!(action.validate(&config), []);
        action.look(&self.call(&config)).await
    }
}

/// A runtime, and this in it.
pub(crate) fn run<F: std::future::Future>(work: F) -> F::Output {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work)
}

pub(crate) fn text(text: &str) -> Value {
    Value::string(text)
}

/// Why it is not so yet.
pub(crate) fn not_yet(look: Result<HookLook, ProviderError>) -> String {
    match look {
        Ok(HookLook::NotYet(why)) => why,
        other => panic!("{other:?}"),
    }
}
