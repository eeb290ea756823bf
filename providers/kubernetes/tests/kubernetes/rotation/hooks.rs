//! Hook actions, asked as the rotator asks them.

use kprov_core::Value;
use kprov_provider::rotation::world::{Lifecycle, Member, Target};
use kprov_provider::rotation::{GroupId, TemplateId, When, Zone};
use kprov_provider::testing::complete;

use super::*;
use crate::session::value;

impl Ground {
    pub(super) async fn look(
        &self,
        action: &str,
        machine: &str,
        config: Json,
    ) -> Result<HookLook, ProviderError> {
        self.look_over(action, machine, config, Some(&self.context)).await
    }

    async fn look_over(
        &self,
        action: &str,
        machine: &str,
        config: Json,
        cluster: Option<&CallContext>,
    ) -> Result<HookLook, ProviderError> {
        let action: &dyn HookAction = self.provider.hook_action(action).expect("a known action");
        let config: Value = complete(&action.schema().block, &value(config));
        assert_eq!(action.validate(&config), []);
        let group = GroupId::new("g");
        let member = Member {
            id: MachineId::new(machine),
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
        let call = HookCall {
            when: When::Launched,
            member: &member,
            group: &group,
            address: None,
            config: &config,
            token: "r-9/1",
            group_context: &self.context,
            cluster_context: cluster,
        };
        action.look(&call).await
    }
}

pub(super) fn not_yet(look: Result<HookLook, ProviderError>) -> String {
    match look {
        Ok(HookLook::NotYet(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn hooks_look_at_the_machine() {
    let Some(plane) = plane() else { return };
    run(async {
        let ground = Ground::new(plane);
        assert!(
            not_yet(ground.look("node_ready", "i-hook", json!({})).await)
                .contains("no node i-hook")
        );
        ground.namespace("hooks");
        ground.apply("hook", &[node("i-hook")]);
        assert!(not_yet(ground.look("node_ready", "i-hook", json!({})).await).contains("i-hook"));
        ground.status(&["node", "i-hook"], &ready());
        assert_eq!(ground.look("node_ready", "i-hook", json!({})).await, Ok(HookLook::Done));

        let mine = json!({"namespace": "hooks", "selector": "app in (agent, other)"});
        let look = ground.look("pods_ready", "i-hook", mine.clone()).await;
        assert!(not_yet(look).contains("no such pod"));
        ground.apply(
            "hook-pods",
            &[
                pod("hooks", "agent", "i-hook", &json!({})),
                pod("hooks", "slow", "i-hook", &json!({})),
                pod("hooks", "other", "i-elsewhere", &json!({})),
            ],
        );
        assert!(
            not_yet(ground.look("pods_ready", "i-hook", mine.clone()).await)
                .contains("hooks/agent")
        );
        ground.status(&["pod", "agent", "-n", "hooks"], &running());
        assert_eq!(ground.look("pods_ready", "i-hook", mine).await, Ok(HookLook::Done));
        let all = ground.look("pods_ready", "i-hook", json!({})).await;
        assert!(not_yet(all).contains("hooks/slow"));

        assert_eq!(ground.look("cordon", "i-hook", json!({})).await, Ok(HookLook::Done));
        let node = ground.get(&["node", "i-hook"]);
        assert_eq!(node["spec"]["unschedulable"], true);
        assert_eq!(node["metadata"]["annotations"]["kprov.dev/rotation"], "r-9");

        let why = not_yet(ground.look("drain", "i-hook", json!({})).await);
        assert!(why.contains("2 pods are leaving"), "{why}");
        for name in ["agent", "slow"] {
            plane.kubectl(&["delete", "pod", name, "-n", "hooks", "--force", "--grace-period=0"]);
        }
        assert_eq!(ground.look("drain", "i-hook", json!({})).await, Ok(HookLook::Done));
    });
}

#[test]
fn without_a_kubeconfig_hooks_say_so() {
    let Some(plane) = plane() else { return };
    run(async {
        let ground = Ground::new(plane);
        for action in ground.provider.hook_actions() {
            let look = ground.look_over(action, "i-1", json!({}), None).await;
            let error = look.expect_err("no cluster");
            assert!(error.message.contains("kubeconfig"), "{action}: {error}");
        }
    });
}
