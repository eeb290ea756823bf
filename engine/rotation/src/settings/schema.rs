//! The schema of a `rotation` block, as plain data.

use kprov_core::{Str, Type};
use kprov_provider::{Attribute, Block, NestedBlock, Nesting, Schema};

/// The schema of a `rotation` block of a program that has these hook actions, each with the schema of its block. A hook's
/// label stands as its argument `when`, so that a moment can have many hooks; whoever decodes puts it there. Of two actions
/// of one name the first counts.
///
/// Lengths of time and amounts are texts: `"15m"` and `10` are both fine. What is in objects is checked by
/// [`super::Settings::read`], which tells keys that mean nothing; a type would drop them.
#[must_use]
pub fn schema<'s>(actions: impl IntoIterator<Item = (&'s str, &'s Schema)>) -> Block {
    let number = || Attribute::new(Type::Number).optional();
    let attributes = [
        ("role", text().describe("What the members are: bastion, master or worker (default).")),
        ("cluster", text().describe("Groups of one cluster are rotated by one machine, in order.")),
        (
            "kubeconfig",
            text()
                .sensitive()
                .describe("How the cluster is reached; none: nothing is known of nodes."),
        ),
        (
            "kubernetes_version",
            text().describe("What the template brings; none: the machines are no nodes."),
        ),
        (
            "api_server",
            Attribute::new(Type::Dynamic).optional().describe(
                "How the template sets its API server up: goaway_chance, shutdown_delay, names.",
            ),
        ),
        ("max_surge", text().describe("How many machines more than desired: 1 (default) or 10%.")),
        ("max_unavailable", text().describe("How many ready machines fewer: 0 (default) or 10%.")),
        ("downtime", flag().describe("One master may be replaced in place.")),
        ("canary_bake", text().describe("How long the first new member stays alone: 0s.")),
        ("good_looks", number().describe("How many good looks in a row prove a member: 2.")),
        ("retries", number().describe("How many failed launches are tried again: 1.")),
        ("on_failure", text().describe("And then: pause (default) or rollback.")),
        ("parallel_groups", number().describe("How many groups of workers at once: 1.")),
        ("failures_max", number().describe("After how many failures a person is asked: 3.")),
        ("snapshot_age_max", text().describe("How old a snapshot of etcd may be: 1h.")),
        (
            "timeouts",
            Attribute::new(Type::map(Type::String)).optional().describe(
                "How long things may take: launch, deregister, drain, stop, terminate, hook, call.",
            ),
        ),
    ];
    let mut block = Block::of("How a group's members are replaced.", attributes);
    block.blocks = [
        ("checkpoint", repeated(checkpoint())),
        ("window", repeated(window())),
        ("hook", repeated(hook(actions))),
    ]
    .map(|(name, nested)| (Str::from(name), nested))
    .into();
    block
}

fn text() -> Attribute {
    Attribute::new(Type::String).optional()
}

fn flag() -> Attribute {
    Attribute::new(Type::Bool).optional()
}

fn checkpoint() -> Block {
    Block::of(
        "After so many percent of the members it stops.",
        [
            ("percent", Attribute::new(Type::Number).required()),
            ("bake", text().describe("How long all must stay well: 0s.")),
            ("confirm", flag().describe("A person says that it goes on.")),
        ],
    )
}

fn window() -> Block {
    let days = Attribute::new(Type::set(Type::String)).optional();
    let time = || Attribute::new(Type::String).required();
    Block::of(
        "When members may be begun with; UTC.",
        [
            ("days", days.describe("On which days it opens: mon to sun; none: every day.")),
            ("from", time().describe("When it opens: 22:00.")),
            ("until", time().describe("When it closes: 04:00.")),
        ],
    )
}

/// The argument that holds a hook's label.
pub(super) const WHEN: &str = "when";
pub(super) const NAME: &str = "name";

fn hook<'s>(actions: impl IntoIterator<Item = (&'s str, &'s Schema)>) -> Block {
    let mut block = Block::of(
        "What is asked for at a moment of a member's life.",
        [(WHEN, Attribute::new(Type::String).required()), (NAME, text())],
    );
    for (name, schema) in actions {
        if name != WHEN && name != NAME {
            let action = NestedBlock { nesting: Nesting::Single, ..repeated(schema.block.clone()) };
            block.blocks.entry(Str::from(name)).or_insert(action);
        }
    }
    block
}

fn repeated(block: Block) -> NestedBlock {
    NestedBlock { nesting: Nesting::List, block, min_items: 0, max_items: 0, force_new: false }
}
