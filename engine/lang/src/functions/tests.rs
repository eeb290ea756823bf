//! Tests of the table as a whole and of [`super::call`].

use super::*;

#[test]
fn names_are_sorted_and_found() {
    let names = names();
    assert!(names.is_sorted());
    for name in &names {
        assert_eq!(lookup(name).map(|function| function.name), Some(*name));
        assert_eq!(lookup(&format!("core::{name}")).map(|function| function.name), Some(*name));
    }
    assert!(lookup("no_such_function").is_none());
}
