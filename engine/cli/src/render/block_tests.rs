//! What nested blocks look like, from configuration text to plan and state. The snapshots are read
//! by people before they are taken.

use kprov_ops::read_state;
use kprov_plan::{Deferred, DeferredReason};
use kprov_provider::Registry;

use super::{Schemas, Style, object, plan};
use crate::testing::World;

impl World {
    fn shown(&self, config: &str) -> String {
        plan(&self.plan(config).plan, Schemas::of(&self.project.registry), Style::plain())
    }

    fn state(&self) -> String {
        let state = read_state(&self.project).unwrap();
        let schemas = Schemas::of(&self.project.registry);
        let all = state.decoded.objects.iter().map(|(addr, it)| object(addr, it, schemas));
        all.collect::<Vec<_>>().join("\n\n")
    }
}

/// The first one with blocks of every kind.
const FULL: &str = r#"
resource "test_host" "a" {
  name = "n"
  disk {
    kind = "ssd"
    size = 10
  }
  group {
    mode = "m"
  }
  ingress {
    from_port = 80
    cidrs     = ["10.0.0.0/8"]
    rule {
      path = "/"
    }
    rule {
      path = "/b"
    }
  }
  ingress {
    from_port = 443
  }
  ingress {}
  login {
    user     = "u"
    password = "hunter2"
  }
  mount "data" {
    path = "/data"
  }
  mount "log" {
    path = "/log"
  }
  one {
    size   = 1
    secret = "hunter3"
  }
  shell {
    inner {
      mode = "x"
    }
    other {
      mode = "y"
    }
  }
  tag {
    key   = "a"
    value = "1"
  }
  tag {
    key   = "b"
    value = "2"
  }
}
"#;

#[test]
fn blocks_that_come_and_blocks_in_the_state() {
    let world = World::new();
    insta::assert_snapshot!("created", world.shown(FULL));
    world.apply(FULL);
    insta::assert_snapshot!("state", world.state());
    insta::assert_snapshot!("destroyed", world.shown("locals {}"));
    assert!(!world.shown(FULL).contains("will be"), "nothing is left to do");
}

#[test]
fn each_block_changes_for_itself() {
    let world = World::new();
    world.apply(FULL);
    let changed = FULL
        .replace("\"m\"", "\"other\"")
        .replace("from_port = 443", "from_port = 8443")
        .replace("  ingress {}\n", "  ingress {}\n  ingress {\n    from_port = 22\n  }\n")
        .replace("\"/b\"", "\"/c\"")
        .replace("\"/log\"", "\"/var/log\"")
        .replace("mount \"data\"", "mount \"new\"")
        .replace("hunter2", "hunter22")
        .replace("hunter3", "hunter33")
        .replace("value = \"2\"", "value = \"3\"");
    let shown = world.shown(&changed);
    assert!(!shown.contains("hunter"), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn blocks_that_go_alone() {
    let world = World::new();
    world.apply(FULL);
    insta::assert_snapshot!(
        world.shown("resource \"test_host\" \"a\" {\n name = \"n\"\n ingress {}\n}")
    );
}

#[test]
fn what_forces_a_replacement_is_told_where_it_is() {
    let world = World::new();
    world.apply(FULL);
    let zone = FULL.replace("path = \"/b\"", "path = \"/b\"\n zone = \"z\"");
    insta::assert_snapshot!("forced_deep_in_a_list", world.shown(&zone));
    let zone = FULL.replace("ingress {}", "ingress {\n zone = \"z\"\n }");
    insta::assert_snapshot!("forced_in_a_block_that_comes", world.shown(&zone));
    let kind = FULL.replace("\"ssd\"", "\"hdd\"");
    insta::assert_snapshot!("forced_by_a_set", world.shown(&kind));
}

#[test]
fn blocks_that_are_not_known_yet() {
    let dynamic = |name: &str, label: &str, content: &str| {
        format!(
            "dynamic \"{name}\" {{\n for_each = toset([test_key.k.id])\n {label}\n content {{\n \
             {content}\n }}\n }}\n"
        )
    };
    let config = format!(
        "resource \"test_key\" \"k\" {{}}\nresource \"test_host\" \"a\" {{\n name = \"n\"\n {}{}{}}}",
        dynamic("ingress", "", "from_port = 1"),
        dynamic("tag", "", "key = \"k\""),
        dynamic("mount", "labels = [\"l\"]", "path = \"p\""),
    );
    let world = World::new();
    insta::assert_snapshot!("unknown_blocks_that_come", world.shown(&config));
    world.apply(FULL);
    insta::assert_snapshot!("unknown_blocks_that_change", world.shown(&config));
}

#[test]
fn secrets_in_blocks_hide_what_they_must() {
    let config = r#"
        variable "s" {
          default   = "hunter2"
          sensitive = true
        }
        resource "test_host" "a" {
          ingress {
            cidrs = ["c", var.s]
            rule {
              path = var.s
            }
          }
          dynamic "mount" {
            for_each = sensitive(["hunter2"])
            labels   = ["l"]
            content {
              path = mount.value
            }
          }
          tag {
            key   = "k"
            value = var.s
          }
        }
    "#;
    let world = World::new();
    insta::assert_snapshot!("secret_blocks_that_come", world.shown(config));
    world.apply(config);
    insta::assert_snapshot!("secret_blocks_in_the_state", world.state());
    let other = config.replace("hunter2", "hunter3");
    insta::assert_snapshot!("secret_blocks_that_change", world.shown(&other));
    assert!(!world.shown(&other).contains("hunter") && !world.state().contains("hunter"));
}

#[test]
fn later_phases_are_told_with_blocks() {
    let world = World::new();
    let mut made = world.plan(FULL).plan;
    let change = made.changes.remove(0);
    made.operations.clear();
    let reason = DeferredReason::DeferredPrerequisite;
    made.deferred = vec![Deferred { reason, addr: change.addr, after: change.after }];
    let shown = plan(&made, Schemas::of(&world.project.registry), Style::plain());
    assert!(shown.contains("was deferred") && shown.contains("      + ingress {\n"), "{shown}");
}

/// A plan of a provider that this program does not have, or not in that shape any more.
#[test]
fn without_a_schema_blocks_are_attributes() {
    let world = World::new();
    let made = world.plan(FULL).plan;
    let none = Registry::new();
    for schemas in [Schemas::default(), Schemas::of(&none)] {
        let shown = plan(&made, schemas, Style::plain());
        assert!(shown.contains("+ ingress = [\n") && !shown.contains("+ ingress {"), "{shown}");
    }
    let mut odd = made;
    let after = odd.changes[0].after.as_entries().unwrap().iter();
    let after = after.map(|(name, value)| match name.as_str() {
        "ingress" => (name.clone(), "a text".into()),
        "mount" => (name.clone(), kprov_core::Value::tuple([true.into()])),
        _ => (name.clone(), value.clone()),
    });
    odd.changes[0].after = kprov_core::Value::object(after);
    let shown = plan(&odd, Schemas::of(&world.project.registry), Style::plain());
    assert!(shown.contains("+ ingress = \"a text\""), "{shown}");
    assert!(shown.contains("+ mount   = [\n") && shown.contains("+ tag {"), "{shown}");
}
