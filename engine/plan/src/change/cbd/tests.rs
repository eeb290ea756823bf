//! Propagation, as recorded (scenario cbd-explicit-false-forced).

use super::*;

#[test]
fn spreads_to_dependencies_only() {
    let (yes, no, unsaid) = (Some(true), Some(false), None);
    type Case<'a> = (&'a [Option<bool>], &'a [&'a [u32]], &'a [bool]);
    let cases: [Case<'_>; 4] = [
        // 0 <- 1 <- 2
        (&[unsaid, yes, unsaid], &[&[], &[0], &[1]], &[true, true, false]),
        (&[no, unsaid, yes], &[&[], &[0], &[1]], &[true, true, true]),
        (&[yes, unsaid, no], &[&[], &[0], &[1]], &[true, false, false]),
        // A circle ends.
        (&[yes, unsaid], &[&[1], &[0]], &[true, true]),
    ];
    for (own, dependencies, expect) in cases {
        let dependencies: Vec<Vec<u32>> = dependencies.iter().map(|on| on.to_vec()).collect();
        assert_eq!(propagate(own, &dependencies), expect);
    }
}
