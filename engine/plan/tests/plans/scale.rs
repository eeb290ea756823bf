//! Time must grow with the size of the configuration, not with its square.

use std::fmt::Write as _;
use std::time::Instant;

use crate::support::World;

fn blocks(count: usize) -> World {
    let mut text = String::new();
    for i in 0..count {
        let _ = writeln!(text, "resource \"terraform_data\" \"r{i}\" {{\n input = local.v\n}}");
    }
    text.push_str("locals {\n v = \"v1\"\n}\n");
    World::new(&[("main.tf", &text)])
}

fn count(count: usize) -> World {
    let text = format!(
        "resource \"terraform_data\" \"b\" {{\n count = {count}\n input = \"x${{count.index}}\"\n}}\n\
         resource \"terraform_data\" \"a\" {{\n count = {count}\n \
         input = terraform_data.b[count.index].output\n}}\n"
    );
    World::new(&[("main.tf", &text)])
}

fn for_each(count: usize) -> World {
    let text = format!(
        "locals {{\n m = {{ for i in flatten([for k in range({}) : [for j in range(100) : \
         k * 100 + j]]) : \"k${{i}}\" => i }}\n}}\nresource \"terraform_data\" \"b\" {{\n \
         for_each = local.m\n input = each.value\n}}\noutput \"o\" {{\n value = [for b in \
         terraform_data.b : b.id]\n}}\n",
        count / 100
    );
    World::new(&[("main.tf", &text)])
}

fn chain(count: usize) -> World {
    let mut text = String::from("resource \"terraform_data\" \"r0\" {\n input = 1\n}\n");
    for i in 1..count {
        let _ = writeln!(
            text,
            "resource \"terraform_data\" \"r{i}\" {{\n input = terraform_data.r{}.output\n}}",
            i - 1
        );
    }
    World::new(&[("main.tf", &text)])
}

fn modules(count: usize) -> World {
    let main = format!(
        "module \"m\" {{\n source = \"./m\"\n count = {}\n n = count.index\n}}\n",
        count / 50
    );
    let mut child = String::from("variable \"n\" {}\n");
    for i in 0..50 {
        let _ = writeln!(child, "resource \"terraform_data\" \"r{i}\" {{\n input = var.n\n}}");
    }
    World::new(&[("main.tf", &main), ("m/main.tf", &child)])
}

/// Seconds that a plan of nothing and a plan of what is there take.
fn seconds(make: fn(usize) -> World, size: usize) -> (f64, f64) {
    let mut world = make(size);
    let start = Instant::now();
    let plan = world.planned();
    let first = start.elapsed().as_secs_f64();
    world.apply(&plan);
    let start = Instant::now();
    let again = world.planned();
    assert!(!again.applyable);
    (first, start.elapsed().as_secs_f64())
}

/// Name, generator, small size.
type Kind = (&'static str, fn(usize) -> World, usize);

#[test]
fn time_grows_with_size() {
    let kinds: [Kind; 5] = [
        ("blocks", blocks, 150),
        ("count", count, 150),
        ("for_each", for_each, 200),
        ("chain", chain, 100),
        ("modules", modules, 150),
    ];
    let factor = 16;
    for (name, make, size) in kinds {
        let (small, small_again) = quickest(make, size);
        let (large, large_again) = quickest(make, size * factor);
        println!("{name}: {small:.3} {large:.3} no-op {small_again:.3} {large_again:.3}");
        // Linear would be `factor`, quadratic its square; what lies between is noise.
        let limit = 6.0 * factor as f64;
        assert!(large < limit * small, "{name}: {small} -> {large}");
        assert!(large_again < limit * small_again, "{name}: {small_again} -> {large_again}");
    }
}

/// The best of some runs: other work on the machine only ever adds.
fn quickest(make: fn(usize) -> World, size: usize) -> (f64, f64) {
    let runs: Vec<(f64, f64)> = (0..3).map(|_| seconds(make, size)).collect();
    let best = |pick: fn(&(f64, f64)) -> f64| runs.iter().map(pick).fold(f64::MAX, f64::min);
    (best(|run| run.0), best(|run| run.1))
}
