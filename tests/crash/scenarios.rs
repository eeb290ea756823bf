//! What is applied: a configuration before, and the one whose apply is disturbed.

use kprov_tests::bench::Wanted;

/// One of them.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) before: Option<&'static str>,
    pub(crate) after: &'static str,
    pub(crate) destroy: bool,
}

impl Scenario {
    pub(crate) fn wanted(&self) -> Wanted {
        let wanted = Wanted::new(self.after);
        if self.destroy { wanted.destroy() } else { wanted }
    }
}

const CHAIN: &str = r#"
resource "world_thing" "a" { label = "a" }
resource "world_thing" "b" {
  label = "b"
  uses  = [world_thing.a.id]
}
resource "world_thing" "c" {
  label = "c"
  uses  = [world_thing.b.id]
}
output "c" { value = world_thing.c.id }
"#;

const CHAIN_REPLACED: &str = r#"
resource "world_thing" "a" {
  label = "a"
  kind  = "new"
}
resource "world_thing" "b" {
  label = "b"
  uses  = [world_thing.a.id]
  kind  = world_thing.a.kind
}
resource "world_thing" "c" {
  label = "c"
  uses  = [world_thing.b.id]
  kind  = world_thing.b.kind
}
"#;

const CREATE_FIRST: &str = r#"
resource "world_thing" "a" {
  label = "a"
  lifecycle { create_before_destroy = true }
}
resource "world_thing" "b" {
  label = "b"
  uses  = [world_thing.a.id]
}
"#;

const CREATE_FIRST_REPLACED: &str = r#"
resource "world_thing" "a" {
  label = "a"
  kind  = "new"
  lifecycle { create_before_destroy = true }
}
resource "world_thing" "b" {
  label = "b"
  uses  = [world_thing.a.id]
}
"#;

const MIXED: &str = r#"
resource "world_thing" "a" {
  label = "a"
  size  = 3
}
resource "world_thing" "d" {
  for_each = toset(["p", "q"])
  label    = "d-${each.key}"
  uses     = [world_thing.a.id]
}
data "world_echo" "e" { input = world_thing.d["p"].id }
resource "world_thing" "f" {
  label = "f"
  kind  = data.world_echo.e.output
  uses  = [data.world_echo.e.output]
}
moved {
  from = world_thing.b
  to   = world_thing.g
}
resource "world_thing" "g" { label = "b" }
output "f" { value = world_thing.f.id }
"#;

const MIXED_BEFORE: &str = r#"
resource "world_thing" "a" {
  label = "a"
  size  = 3
}
resource "world_thing" "d" {
  for_each = toset(["p", "q"])
  label    = "d-${each.key}"
  uses     = [world_thing.a.id]
}
data "world_echo" "e" { input = world_thing.d["p"].id }
resource "world_thing" "f" {
  label = "f"
  kind  = data.world_echo.e.output
  uses  = [data.world_echo.e.output]
}
resource "world_thing" "g" { label = "b" }
output "f" { value = world_thing.f.id }
"#;

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "fan-out",
        before: None,
        after: r#"
            resource "world_thing" "x" {
              count = 5
              label = "x${count.index}"
            }
            output "ids" { value = world_thing.x[*].id }
        "#,
        destroy: false,
    },
    Scenario { name: "chain", before: None, after: CHAIN, destroy: false },
    Scenario {
        name: "update",
        before: Some(CHAIN),
        after: r#"
            resource "world_thing" "a" {
              label  = "a"
              size   = 2
              secret = "s3cr3t"
            }
            resource "world_thing" "b" {
              label = "b"
              size  = world_thing.a.size
              uses  = [world_thing.a.id]
            }
            resource "world_thing" "c" {
              label = "c"
              uses  = [world_thing.b.id]
            }
        "#,
        destroy: false,
    },
    Scenario {
        name: "replace, delete first",
        before: Some(CHAIN),
        after: CHAIN_REPLACED,
        destroy: false,
    },
    Scenario {
        name: "replace, create first",
        before: Some(CREATE_FIRST),
        after: CREATE_FIRST_REPLACED,
        destroy: false,
    },
    Scenario { name: "delete", before: Some(CHAIN), after: "", destroy: false },
    Scenario { name: "destroy", before: Some(CHAIN), after: CHAIN, destroy: true },
    Scenario {
        name: "provisioners",
        before: None,
        after: r#"
            resource "world_thing" "a" {
              label = "a"
              provisioner "local-exec" { command = "set up ${self.id}" }
            }
            resource "world_thing" "b" {
              label = "b"
              uses  = [world_thing.a.id]
              provisioner "local-exec" { command = "set up ${self.id}" }
              provisioner "local-exec" {
                when    = destroy
                command = "true"
              }
            }
        "#,
        destroy: false,
    },
    Scenario { name: "mixed", before: Some(CHAIN), after: MIXED, destroy: false },
    Scenario {
        name: "destroy mixed",
        before: Some(MIXED_BEFORE),
        after: MIXED_BEFORE,
        destroy: true,
    },
    Scenario {
        name: "destroy, create first",
        before: Some(CREATE_FIRST),
        after: CREATE_FIRST,
        destroy: true,
    },
];
