//! The `kprov` program.

fn main() {}
