//! What snapshots are called, and which of them have to go: `CLUSTER-TIME.db`, `CLUSTER-TIME-before-change.db`, and
//! `CLUSTER-TIME-complete.db`, in which nothing is missing that the cluster ever acknowledged. Several clusters and kinds may share a place, and people keep files of their own there.

use std::path::Path;

use crate::membership::stamp;
use crate::problem::Problem;

const BEFORE_CHANGE: &str = "-before-change";
const COMPLETE: &str = "-complete";

/// The name of one on schedule.
pub(crate) fn name(cluster: &str, now: jiff::Timestamp) -> String {
    format!("{cluster}-{}.db", stamp(now))
}

/// The name of one that is taken because the membership changes.
pub(crate) fn name_before_change(cluster: &str, now: jiff::Timestamp) -> String {
    format!("{cluster}-{}{BEFORE_CHANGE}.db", stamp(now))
}

/// The name of one that was taken after the only API server had stopped for good.
pub(crate) fn name_complete(cluster: &str, now: jiff::Timestamp) -> String {
    format!("{cluster}-{}{COMPLETE}.db", stamp(now))
}

/// Cluster and kind, without the time.
fn family(name: &str) -> Option<(&str, &str)> {
    let stem = name.strip_suffix(".db")?;
    let kinds = [BEFORE_CHANGE, COMPLETE];
    let of = |kind: &'static str| Some((stem.strip_suffix(kind)?, kind));
    let (stem, kind) = kinds.into_iter().find_map(of).unwrap_or((stem, ""));
    let (cluster, time) = stem.rsplit_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (date, clock) = time.strip_suffix('Z')?.split_once('T')?;
    let is_time = date.len() == 8 && clock.len() == 9 && digits(date) && digits(clock);
    is_time.then_some((cluster, kind))
}

/// Of the names that are there, those to delete so that the newest `keep` of the kind of `name` stay. Pure.
pub(super) fn old(mut names: Vec<String>, name: &str, keep: usize) -> Vec<String> {
    let own = family(name);
    names.retain(|found| own.is_some() && family(found) == own);
    // The time in them is in the order of texts.
    names.sort();
    names.truncate(names.len().saturating_sub(keep));
    names
}

/// Deletes what is old in a directory.
pub(super) fn prune(directory: &Path, name: &str, keep: usize) -> Result<(), Problem> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    for old in old(names, name, keep) {
        let path = directory.join(old);
        std::fs::remove_file(&path)
            .map_err(|error| Problem::file("An old snapshot cannot be deleted", &path, &error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: u32) -> jiff::Timestamp {
        format!("2026-11-27T00:{minute:02}:00Z").parse().unwrap()
    }

    #[test]
    fn the_oldest_of_its_own_cluster_and_kind_go_and_nothing_else() {
        let mut names: Vec<String> = (10..20).map(|minute| name("demo", at(minute))).collect();
        let others = [
            name("demo-b", at(1)),
            name("other", at(1)),
            name_before_change("demo", at(1)),
            name_complete("demo", at(1)),
            "by-hand.db".to_owned(),
            "demo-yesterday.db".to_owned(),
            "demo-20261127T000000000Z.part".to_owned(),
            "readme".to_owned(),
        ];
        names.extend(others);
        names.reverse();
        let gone = old(names.clone(), &name("demo", at(19)), 3);
        assert_eq!(gone, (10..17).map(|minute| name("demo", at(minute))).collect::<Vec<_>>());
        assert_eq!(old(names.clone(), &name_before_change("demo", at(2)), 1), [""; 0]);
        assert_eq!(old(names.clone(), &name("demo", at(19)), 10), [""; 0]);
        assert_eq!(old(names, "by-hand.db", 0), [""; 0]);
    }

    #[test]
    fn a_complete_one_is_called_so_and_none_of_another_kind_makes_it_go() {
        let complete = name_complete("demo", at(1));
        assert_eq!(complete, "demo-20261127T000100000Z-complete.db");
        let names = vec![complete.clone(), name("demo", at(2)), name_before_change("demo", at(3))];
        assert_eq!(old(names.clone(), &name("demo", at(2)), 0), [name("demo", at(2))]);
        assert_eq!(old(names, &complete, 0), [complete]);
    }

    #[test]
    fn a_directory_is_pruned() {
        let dir = tempfile::tempdir().unwrap();
        for minute in 10..15 {
            std::fs::write(dir.path().join(name("demo", at(minute))), "x").unwrap();
        }
        std::fs::write(dir.path().join("mine.db"), "x").unwrap();
        prune(dir.path(), &name("demo", at(14)), 2).unwrap();
        let mut left: Vec<String> = std::fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, [name("demo", at(13)), name("demo", at(14)), "mine.db".to_owned()]);
    }
}
