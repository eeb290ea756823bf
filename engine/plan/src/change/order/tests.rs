//! Orders as Terraform has them (scenarios order-*, cbd-*, no-cbd-order), and their size.

use super::*;
use crate::change::testing::provider;
use crate::{OperationIndex, OperationKind};
use kprov_core::addr::{parse_instance, parse_resource};
use kprov_core::{DeposedKey, Value};

/// One change: address, action, recorded dependencies, dependencies by configuration.
/// `!` after the action: the prior object was made with create_before_destroy.
type Line<'a> = (&'a str, &'a str, &'a [&'a str], &'a [&'a str]);

struct World {
    changes: Vec<Change>,
    dependencies: Vec<Vec<ResourceAddr>>,
    cbd: Vec<bool>,
    graph: DependencyGraph,
}

fn action(word: &str) -> Action {
    match word.trim_end_matches('!') {
        "noop" => Action::NoOp,
        "create" => Action::Create,
        "read" => Action::Read,
        "update" => Action::Update,
        "replace" => Action::Replace(ReplaceOrder::DeleteFirst),
        "create-first" => Action::Replace(ReplaceOrder::CreateFirst),
        "delete" | "deposed" => Action::Delete,
        "forget" => Action::Forget,
        other => panic!("{other}"),
    }
}

fn change(addr: &str, word: &str) -> Change {
    Change {
        addr: parse_instance(addr).unwrap(),
        deposed: (word == "deposed").then(|| DeposedKey("00000001".into())),
        previous_addr: None,
        provider: provider(),
        action: action(word),
        reason: None,
        before: Value::NULL,
        after: Value::NULL,
        replace_paths: Vec::new(),
        importing: None,
        prior_private: Vec::new(),
        planned_private: Vec::new(),
        dependencies: Vec::new(),
        create_before_destroy: word == "create-first",
        tainted: false,
        rotation: None,
        outdated: Vec::new(),
    }
}

fn world(lines: &[Line<'_>]) -> World {
    let mut graph = DependencyGraph::default();
    for index in 0u32..lines.len() as u32 {
        graph.add(VertexKind::Change(index));
    }
    for (index, (_, _, _, on)) in (0u32..).zip(lines) {
        for on in *on {
            let on = lines.iter().position(|(addr, ..)| addr == on).unwrap();
            graph.depend(index, on as u32);
        }
    }
    let recorded = |on: &&str| parse_resource(on).unwrap();
    World {
        changes: lines.iter().map(|(addr, word, ..)| change(addr, word)).collect(),
        dependencies: lines.iter().map(|(_, _, on, _)| on.iter().map(recorded).collect()).collect(),
        cbd: lines.iter().map(|(_, word, ..)| word.ends_with('!')).collect(),
        graph,
    }
}

impl World {
    fn order(&self) -> Result<Vec<Operation>, Diagnostics> {
        let recorded: Vec<Recorded<'_>> = self
            .dependencies
            .iter()
            .zip(&self.cbd)
            .map(|(dependencies, &create_before_destroy)| Recorded {
                dependencies,
                create_before_destroy,
                stale: false,
                kept: false,
            })
            .collect();
        order(&self.changes, &recorded, &self.graph)
    }

    fn name(&self, kind: OperationKind) -> Option<String> {
        use OperationKind::*;
        let (word, change) = match kind {
            Gate => return None,
            Create(change) => ("create", change),
            Update(change) => ("update", change),
            Delete(change) => ("delete", change),
            Read(change) => ("read", change),
            Forget(change) => ("forget", change),
            Import(change) => ("import", change),
            Record(change) => ("record", change),
        };
        let addr = self.changes[change as usize].addr.to_string();
        Some(format!("{word} {}", addr.replace("x.", "")))
    }

    /// `create b < create a, delete b`, gates seen through, what others imply left out.
    fn lines(&self) -> Vec<String> {
        let operations = self.order().unwrap();
        let mut behind: Vec<std::collections::BTreeSet<usize>> = Vec::new();
        let mut lines = Vec::new();
        for operation in &operations {
            let direct: Vec<usize> = operation.after.iter().map(|i| i.0 as usize).collect();
            let all = direct.iter().flat_map(|on| behind[*on].iter().chain([on])).copied();
            behind.push(all.collect());
            let at = behind.len() - 1;
            let Some(name) = self.name(operation.kind) else { continue };
            let implied = |on: &usize| {
                behind[at]
                    .iter()
                    .any(|other| behind[*other].contains(on) && is_op(&operations, *other))
            };
            let after = behind[at].iter().filter(|on| is_op(&operations, **on) && !implied(on));
            let after: Vec<String> =
                after.filter_map(|on| self.name(operations[*on].kind)).collect();
            lines.push(match after.is_empty() {
                true => name,
                false => format!("{name} < {}", after.join(", ")),
            });
        }
        lines
    }
}

fn is_op(operations: &[Operation], at: usize) -> bool {
    operations[at].kind != OperationKind::Gate
}

#[track_caller]
fn check(lines: &[Line<'_>], expect: &[&str]) {
    assert_eq!(world(lines).lines(), expect);
}

#[test]
fn writes_follow_the_configuration() {
    check(
        &[
            ("x.a", "create", &[], &[]),
            ("x.b", "update", &["x.a"], &["x.a"]),
            ("x.c", "read", &[], &["x.b"]),
        ],
        &["create a", "update b < create a", "read c < update b"],
    );
    // Through what does not change, too.
    check(
        &[
            ("x.a", "create", &[], &["x.b"]),
            ("x.b", "noop", &[], &["x.c"]),
            ("x.c", "update", &[], &[]),
        ],
        &["update c", "create a < update c"],
    );
    check(&[("x.a", "noop", &[], &[]), ("x.b", "noop", &["x.a"], &["x.a"])], &[]);
    check(
        &[("x.a", "forget", &[], &[]), ("x.b", "forget", &["x.a"], &[])],
        &["forget b", "forget a < forget b"],
    );
}

#[test]
fn deletes_go_backwards() {
    check(
        &[
            ("x.a", "delete", &[], &[]),
            ("x.b", "delete", &["x.a"], &[]),
            ("x.c", "delete", &["x.b"], &[]),
        ],
        &["delete c", "delete b < delete c", "delete a < delete b"],
    );
    // What stays between passes the order on.
    check(
        &[
            ("x.a", "delete", &[], &[]),
            ("x.b", "noop", &["x.a"], &[]),
            ("x.c", "delete", &["x.b"], &[]),
        ],
        &["delete c", "delete a < delete c"],
    );
}

#[test]
fn a_chain_is_replaced_from_its_end_and_made_from_its_start() {
    check(
        &[
            ("x.a", "replace", &[], &[]),
            ("x.b", "replace", &["x.a"], &["x.a"]),
            ("x.c", "update", &["x.b"], &["x.b"]),
        ],
        &[
            "delete b",
            "delete a < delete b",
            "create a < delete a",
            "create b < create a",
            "update c < create b",
        ],
    );
}

#[test]
fn created_first_then_dependents_then_deleted() {
    check(
        &[("x.a", "create-first", &[], &[]), ("x.b", "update", &["x.a"], &["x.a"])],
        &["create a", "update b < create a", "delete a < update b"],
    );
    check(
        &[("x.a", "create-first", &[], &[]), ("x.b", "create-first", &["x.a"], &["x.a"])],
        &["create a", "create b < create a", "delete b < create b", "delete a < delete b"],
    );
    // A dependent that is not created first makes room first.
    check(
        &[("x.a", "create-first", &[], &[]), ("x.b", "replace", &["x.a"], &["x.a"])],
        &["delete b", "create a < delete b", "create b < create a", "delete a < create b"],
    );
}

#[test]
fn deposed_objects_outlive_a_failed_creation() {
    check(
        &[("x.a", "create-first", &[], &[]), ("x.a", "deposed", &[], &[])],
        &["create a", "delete a < create a", "delete a < create a"],
    );
    // Without anything to be made they go at once.
    check(&[("x.a", "noop", &[], &[]), ("x.a", "deposed", &[], &[])], &["delete a"]);
}

#[test]
fn orphans_and_deposed() {
    // The dependent is changed after what it depended on is gone ...
    check(
        &[("x.a", "delete", &[], &[]), ("x.b", "update", &["x.a"], &[])],
        &["delete a", "update b < delete a"],
    );
    // ... but before, if that was created first; likewise with deposed objects.
    for word in ["delete!", "deposed"] {
        check(
            &[("x.a", word, &[], &[]), ("x.b", "update", &["x.a"], &[])],
            &["update b", "delete a < update b"],
        );
    }
    // What it depends on is changed after the dependent is gone.
    check(
        &[("x.a", "update", &[], &[]), ("x.b", "delete", &["x.a"], &[])],
        &["delete b", "update a < delete b"],
    );
}

#[test]
fn instances_of_a_module_go_their_own_ways() {
    check(
        &[
            ("module.m[0].x.a", "delete", &[], &[]),
            ("module.m[0].x.b", "delete", &["module.m.x.a"], &[]),
            ("module.m[1].x.a", "delete", &[], &[]),
            ("module.m[1].x.b", "delete", &["module.m.x.a"], &[]),
            ("module.n.x.c", "delete", &["module.m.x.a"], &[]),
        ],
        &[
            "delete module.m[0].b",
            "delete module.m[1].b",
            "delete module.n.c",
            "delete module.m[0].a < delete module.m[0].b, delete module.n.c",
            "delete module.m[1].a < delete module.m[1].b, delete module.n.c",
        ],
    );
}

#[test]
fn moves_stale_records_and_imports() {
    let mut world = world(&[
        ("x.a", "noop", &[], &[]),
        ("x.b", "noop", &[], &["x.a"]),
        ("x.c", "replace", &[], &["x.b"]),
    ]);
    world.changes[0].previous_addr = Some(parse_instance("x.z").unwrap());
    for at in [1, 2] {
        world.changes[at].importing = Some(crate::Importing { id: "i".into() });
    }
    let expect = [
        "record a",
        "import b",
        "import c",
        "delete c < import c",
        "create c < record a, import b, delete c",
    ];
    assert_eq!(world.lines(), expect);
    let recorded = [Recorded { stale: true, ..Recorded::default() }];
    let stale = [change("x.a", "noop")];
    let operations = order(&stale, &recorded, &DependencyGraph::default()).unwrap();
    assert_eq!(operations[0].kind, OperationKind::Record(0));
}

#[test]
fn contradictions_give_way() {
    // The state's records go in a circle: all is deleted nevertheless.
    let circle = world(&[("x.a", "delete", &["x.b"], &[]), ("x.b", "delete", &["x.a"], &[])]);
    assert_eq!(circle.order().unwrap().len(), 2);
    // The dependency was turned round, and only one side is created first.
    check(
        &[("x.a", "create-first", &["x.b"], &[]), ("x.b", "replace", &[], &["x.a"])],
        &["create a", "delete a < create a", "delete b < delete a", "create b < delete b"],
    );
}

#[test]
fn a_circle_of_configuration_is_named() {
    let problems = world(&[("x.a", "create", &[], &["x.b"]), ("x.b", "create", &[], &["x.a"])]);
    let problems = problems.order().unwrap_err();
    let detail = &problems.iter().next().unwrap().detail;
    assert!(detail.contains("x.a (create), x.b (create)"), "{detail}");
}

#[test]
fn many_before_many_is_linear() {
    let count = 2_000u32;
    let changes: Vec<Change> = (0..2 * count)
        .map(|i| {
            change(&format!("x.{}[{}]", ["a", "b"][(i / count) as usize], i % count), "delete")
        })
        .collect();
    let on = [parse_resource("x.a").unwrap()];
    let recorded: Vec<Recorded<'_>> = (0..2 * count)
        .map(|i| Recorded {
            dependencies: if i < count { &[] } else { &on },
            ..Recorded::default()
        })
        .collect();
    let operations = order(&changes, &recorded, &DependencyGraph::default()).unwrap();
    let edges: usize = operations.iter().map(|operation| operation.after.len()).sum();
    assert!(operations.len() <= 4_001 && edges <= 4_000, "{} {edges}", operations.len());
    let first_delete = operations.iter().position(|o| o.kind == OperationKind::Delete(0)).unwrap();
    let gate = operations[first_delete].after.clone();
    let OperationIndex(gate) = gate[0];
    assert_eq!(operations[gate as usize].after.len(), count as usize);
}

/// Random worlds: whatever is recorded and configured, all steps come out, each behind its `after`,
/// and what configuration demands holds.
mod random {
    use proptest::prelude::*;

    use super::*;

    fn words() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "noop",
            "create",
            "update",
            "replace",
            "create-first",
            "delete",
            "delete!",
            "read",
        ])
    }

    proptest! {
        #[test]
        fn configuration_always_holds(
            words in prop::collection::vec(words(), 1..12),
            configured in prop::collection::vec((0usize..12, 0usize..12), 0..20),
            recorded in prop::collection::vec((0usize..12, 0usize..12), 0..20),
        ) {
            let names: Vec<String> = (0..words.len()).map(|at| format!("x.r{at}")).collect();
            let resources: Vec<String> = names.clone();
            let on = |edges: &[(usize, usize)], at: usize, acyclic: bool| -> Vec<&str> {
                let own = edges.iter().filter(|(from, to)| {
                    *from == at && *to < words.len() && from != to && (!acyclic || to < from)
                });
                own.map(|(_, to)| resources[*to].as_str()).collect()
            };
            let recorded: Vec<Vec<&str>> =
                (0..words.len()).map(|at| on(&recorded, at, false)).collect();
            let configured: Vec<Vec<&str>> =
                (0..words.len()).map(|at| on(&configured, at, true)).collect();
            let lines: Vec<Line<'_>> = (0..words.len())
                .map(|at| (names[at].as_str(), words[at], &recorded[at][..], &configured[at][..]))
                .collect();
            let world = world(&lines);
            let operations = world.order().unwrap();
            let mut behind: Vec<std::collections::BTreeSet<usize>> = Vec::new();
            for (at, operation) in operations.iter().enumerate() {
                let direct: Vec<usize> = operation.after.iter().map(|on| on.0 as usize).collect();
                prop_assert!(direct.iter().all(|on| *on < at));
                let all = direct.iter().flat_map(|on| behind[*on].iter().chain([on])).copied();
                behind.push(all.collect());
            }
            let write = |name: &str| operations.iter().position(|operation| {
                use OperationKind::{Create, Read, Update};
                matches!(operation.kind, Create(c) | Update(c) | Read(c)
                    if world.changes[c as usize].addr.to_string() == name)
            });
            for (name, _, _, on) in &lines {
                for on in *on {
                    if let (Some(write), Some(on)) = (write(name), write(on)) {
                        prop_assert!(behind[write].contains(&on));
                    }
                }
            }
            let steps = operations.iter().filter(|o| o.kind != OperationKind::Gate).count();
            let expect: usize = words.iter().map(|word| match *word {
                "noop" => 0,
                "replace" | "create-first" => 2,
                _ => 1,
            }).sum();
            prop_assert_eq!(steps, expect);
        }
    }
}
