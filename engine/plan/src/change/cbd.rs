//! [`propagate`]: create_before_destroy spreads to dependencies.
//!
//! If a dependent's new object is to be there before its old one goes, what it depends on must do
//! the same: else the old dependency would have to go before the old dependent. It never spreads to
//! dependents. An explicit `false` does not help against it, as in Terraform.

/// Which blocks create first. `own` is each block's setting (resources, and `None` for whatever
/// stands between them: locals, outputs, ...); `dependencies` has the blocks that each refers to.
pub fn propagate(own: &[Option<bool>], dependencies: &[Vec<u32>]) -> Vec<bool> {
    let mut first: Vec<bool> = own.iter().map(|own| *own == Some(true)).collect();
    let mut open: Vec<usize> = (0..own.len()).filter(|block| first[*block]).collect();
    while let Some(block) = open.pop() {
        for &on in dependencies.get(block).into_iter().flatten() {
            let on = on as usize;
            if first.get(on) == Some(&false) {
                first[on] = true;
                open.push(on);
            }
        }
    }
    first
}

#[cfg(test)]
mod tests;
