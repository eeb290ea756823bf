//! [`speak`]: a person's word to a rotation. It is a row of the store, written without the lock, and whoever carries the
//! rotation out takes it at the next look. A word that makes no sense is refused with why.

use kprov_core::Diagnostic;
use kprov_rotation::Progress;
use kprov_state::{RotationRecord, RotationWord, SpokenWord};

use super::foresee::there;
use super::status::{known, named, progress, under_way, unfinished};
use crate::{OpsError, Project};

/// A word that was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// To the rotations of these clusters.
    pub clusters: Vec<String>,
    /// The run that has not ended, which takes it at its next look if it still lives; none: the next apply takes it.
    pub run: Option<String>,
}

/// Says a word to the rotation of a cluster, or to all that are not finished.
///
/// # Errors
/// When there is no such rotation, when the word makes no sense to one of them (it is said to none then), or when it
/// cannot be written.
pub fn speak(
    project: &Project,
    cluster: Option<&str>,
    word: RotationWord,
) -> Result<Spoken, OpsError> {
    let (store, workspace) = (&project.store, &project.workspace);
    let records = unfinished(project)?;
    let meant: Vec<&RotationRecord> =
        records.iter().filter(|record| cluster.is_none_or(|name| name == record.cluster)).collect();
    if meant.is_empty() {
        return Err(nothing(cluster, &records).into());
    }
    let words = there(store.words(workspace))?;
    for record in &meant {
        let waiting: Vec<&SpokenWord> =
            words.iter().filter(|word| word.cluster == record.cluster).collect();
        if let Some(why) = senseless(word, record, &progress(record)?, &waiting) {
            let detail = format!("The rotation of {}: {why} Nothing was written.", record.cluster);
            return Err(Diagnostic::error("Word makes no sense", detail).into());
        }
    }
    let run = under_way(project)?.as_ref().map(named);
    let mut clusters = Vec::new();
    for record in meant {
        // One that ended in the meantime hears nothing.
        if store.speak(workspace, Some(&record.cluster), word, &project.who, &project.now())? > 0 {
            clusters.push(record.cluster.clone());
        }
    }
    if clusters.is_empty() {
        return Err(nothing(cluster, &[]).into());
    }
    Ok(Spoken { clusters, run })
}

fn nothing(cluster: Option<&str>, records: &[RotationRecord]) -> Diagnostic {
    let detail = match (cluster, records) {
        (Some(cluster), [_, ..]) => {
            let names: Vec<&str> = records.iter().map(|record| &*record.cluster).collect();
            format!(
                "No rotation of {cluster} is under way. Under way are those of: {}.",
                names.join(", ")
            )
        }
        _ => "There is none that is not finished, so there is nobody to say that to.".to_owned(),
    };
    Diagnostic::error("No rotation is under way", detail)
}

/// Why a word makes no sense now, after those that nobody has taken yet.
fn senseless(
    word: RotationWord,
    record: &RotationRecord,
    progress: &Progress,
    waiting: &[&SpokenWord],
) -> Option<String> {
    if waiting.last().is_some_and(|last| last.word == word) {
        return Some(format!("{} was said already, and nobody has taken it yet.", word.verb()));
    }
    let paused = progress.paused.is_some() || record.paused.is_some();
    let asked = waiting.last().map(|said| said.word);
    match word {
        RotationWord::Pause if asked == Some(RotationWord::Abort) => {
            Some("abort was said already, which is a pause and more.".to_owned())
        }
        RotationWord::Pause if paused && asked != Some(RotationWord::Resume) => {
            Some("it is paused already.".to_owned())
        }
        RotationWord::Resume
            if !paused && !matches!(asked, Some(RotationWord::Pause | RotationWord::Abort)) =>
        Some(
            "it is not paused, so there is nothing to resume. If its run was killed, the next \"kprov apply\" goes on."
                .to_owned(),
        ),
        RotationWord::Rollback if progress.goes_back() => {
            Some("it is going back already.".to_owned())
        }
        RotationWord::Rollback => {
            let previous = known(record).previous;
            let touched: Vec<_> =
                progress.groups.iter().filter(|(_, group)| group.touched).map(|(id, _)| id).collect();
            if touched.is_empty() {
                return Some("nothing was begun yet, so there is nothing to roll back.".to_owned());
            }
            touched.iter().all(|id| !previous.contains_key(*id)).then(|| {
                let names: Vec<String> = touched.iter().map(ToString::to_string).collect();
                format!(
                    "no template of before is known of {}, so there is nothing to go back to.",
                    names.join(", ")
                )
            })
        }
        RotationWord::Pause | RotationWord::Resume | RotationWord::Abort => None,
    }
}
