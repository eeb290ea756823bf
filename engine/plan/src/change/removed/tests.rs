//! Removed blocks (scenarios removed-*).

use super::*;
use kprov_core::addr::{parse_instance, parse_target};
use kprov_lang::Span;
use kprov_lang::config::Module;

fn removed(from: &str, destroy: bool) -> Removed {
    let from = parse_target(from).unwrap();
    Removed { from, destroy, provisioners: Vec::new(), span: Span::default() }
}

fn tree(modules: &[(&str, Vec<Removed>)]) -> ModuleTree {
    let modules = modules.iter().map(|(path, removed)| {
        let names = path.split('.').filter(|name| !name.is_empty());
        let module = Module { removed: removed.clone(), ..Module::default() };
        (ModulePath(names.map(Into::into).collect()), module.into())
    });
    ModuleTree { modules: modules.collect() }
}

#[test]
fn the_nearest_block_counts() {
    let tree = tree(&[
        (
            "",
            vec![removed("x.a", false), removed("module.m", true), removed("module.m.x.k", false)],
        ),
        ("o", vec![removed("x.b", false), removed("module.i", false)]),
    ]);
    let (blocks, problems) = RemovedBlocks::of(&tree, &SourceMap::new());
    assert!(problems.is_empty());
    let cases = [
        ("x.a", Some(false)),
        ("x.a[\"k\"]", Some(false)),
        ("x.b", None),
        ("module.m[0].x.a", Some(true)),
        ("module.m[0].module.n.x.a", Some(true)),
        ("module.m[0].x.k[1]", Some(false)),
        ("module.o[0].x.b", Some(false)),
        ("module.o[0].x.c", None),
        ("module.o[0].module.i[3].x.c", Some(false)),
    ];
    for (addr, destroy) in cases {
        let found = blocks.for_instance(&parse_instance(addr).unwrap());
        assert_eq!(found.map(|removed| removed.destroy), destroy, "{addr}");
    }
}

#[test]
fn what_is_declared_is_not_removed() {
    let tree = tree(&[("", vec![removed("module.m", true)]), ("m", Vec::new())]);
    let (_, problems) = RemovedBlocks::of(&tree, &SourceMap::new());
    let summaries: Vec<_> = problems.iter().map(|problem| problem.summary.as_str()).collect();
    assert_eq!(summaries, ["Removed module still exists"]);
}
