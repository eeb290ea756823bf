//! Functions over lists, maps and sets. Where they differ from go-cty's or Terraform's it is in
//! cost only: looking for equal values goes through an order, not through all pairs.

mod build;
mod choose;
mod fold;
mod lists;
mod look;
mod maps;
mod products;
mod removed;
mod sequences;
mod sets;
#[cfg(test)]
mod tests;

use super::Function;

pub(super) fn functions() -> Vec<Function> {
    [
        build::functions(),
        choose::functions(),
        fold::functions(),
        lists::functions(),
        look::functions(),
        maps::functions(),
        products::functions(),
        removed::functions(),
        sequences::functions(),
        sets::functions(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
