//! What changed between two sequences, by their longest common subsequence.
//!
//! The work is bounded: where the two have little in common and are long, the stretch between the
//! common beginning and end counts as replaced. A time limit would bound it too, but then the same
//! plan could be shown in two ways.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::ops::Range;

use kprov_core::Value;
use kprov_core::value::raw_equal;
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Product of the lengths beyond which no subsequence is looked for.
const MAX_WORK: usize = 16_000_000;

/// A step from the old sequence to the new one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// These of the new one were there.
    Keep(Range<usize>),
    /// Those of the old one go, those of the new one come; one of both may be empty.
    Swap(Range<usize>, Range<usize>),
}

/// Between lists of values.
pub(super) fn edits(before: &[Value], after: &[Value]) -> Vec<Edit> {
    let mut buckets: HashMap<u64, Vec<(&Value, u32)>> = HashMap::new();
    let mut next = 0;
    let mut sides = [Vec::with_capacity(before.len()), Vec::with_capacity(after.len())];
    for (numbers, values) in sides.iter_mut().zip([before, after]) {
        for value in values {
            numbers.push(intern(&mut buckets, &mut next, value));
        }
    }
    edits_of(&sides[0], &sides[1])
}

/// Between texts, line by line.
pub(super) fn line_edits(before: &[&str], after: &[&str]) -> Vec<Edit> {
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut ids: Vec<Vec<u32>> = Vec::with_capacity(2);
    for side in [before, after] {
        ids.push(
            side.iter()
                .map(|line| {
                    let next = numbers.len() as u32;
                    *numbers.entry(line).or_insert(next)
                })
                .collect(),
        );
    }
    edits_of(&ids[0], &ids[1])
}

fn edits_of(old: &[u32], new: &[u32]) -> Vec<Edit> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[head..], &new[head..]);
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    let mut out = Vec::new();
    let keep = |out: &mut Vec<Edit>, range: Range<usize>| {
        if !range.is_empty() {
            out.push(Edit::Keep(range));
        }
    };
    keep(&mut out, 0..head);
    if a.len().saturating_mul(b.len()) > MAX_WORK {
        out.push(Edit::Swap(head..head + a.len(), head..head + b.len()));
    } else {
        for op in capture_diff_slices(Algorithm::Myers, a, b) {
            let shifted = |start: usize, len: usize| head + start..head + start + len;
            match op {
                DiffOp::Equal { new_index, len, .. } => keep(&mut out, shifted(new_index, len)),
                DiffOp::Delete { old_index, old_len, new_index } => {
                    out.push(Edit::Swap(shifted(old_index, old_len), shifted(new_index, 0)));
                }
                DiffOp::Insert { old_index, new_index, new_len } => {
                    out.push(Edit::Swap(shifted(old_index, 0), shifted(new_index, new_len)));
                }
                DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                    out.push(Edit::Swap(shifted(old_index, old_len), shifted(new_index, new_len)));
                }
            }
        }
    }
    keep(&mut out, new.len() - tail..new.len());
    out
}

/// The same number for equal values. Hashes only narrow the search, so their order cannot show.
fn intern<'v>(
    buckets: &mut HashMap<u64, Vec<(&'v Value, u32)>>,
    next: &mut u32,
    value: &'v Value,
) -> u32 {
    let mut hasher = DefaultHasher::new();
    feed(value, &mut hasher);
    let bucket = buckets.entry(hasher.finish()).or_default();
    if let Some((_, id)) = bucket.iter().find(|(known, _)| raw_equal(known, value)) {
        return *id;
    }
    *next += 1;
    bucket.push((value, *next));
    *next
}

fn feed(value: &Value, hasher: &mut DefaultHasher) {
    std::mem::discriminant(value).hash(hasher);
    match value {
        Value::Bool(truth) => truth.hash(hasher),
        Value::Number(number) => number.to_string().hash(hasher),
        Value::String(text) => text.hash(hasher),
        Value::List(items) | Value::Set(items) => {
            items.items().iter().for_each(|item| feed(item, hasher));
        }
        Value::Tuple(items) => items.iter().for_each(|item| feed(item, hasher)),
        Value::Map(map) => map.entries().iter().for_each(|(name, item)| {
            name.hash(hasher);
            feed(item, hasher);
        }),
        Value::Object(entries) => entries.iter().for_each(|(name, item)| {
            name.hash(hasher);
            feed(item, hasher);
        }),
        Value::Marked(marked) => feed(marked.value(), hasher),
        Value::Null(_) | Value::Unknown(_) => {}
    }
}
