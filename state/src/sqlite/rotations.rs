//! The tables of rotations: rows of clusters, words, durations. Nothing in them is sealed.

use rusqlite::{OptionalExtension, params};
use serde_json::value::RawValue;

use super::columns::{int, raw_column, uint};
use super::read::{Found, Reading};
use super::rows::Writing;
use crate::rotation::DURATIONS_MAX;
use crate::{RotationChange, RotationRecord, RotationWord, SpokenWord, StateError, StepDuration};

impl Reading<'_> {
    /// A file of a former version has none of these tables until it is next written to.
    fn knows_rotations(&self) -> Result<bool, StateError> {
        let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'rotations'";
        let found = self.connection().query_row(sql, [], |_| Ok(())).optional();
        found.map(|found| found.is_some()).map_err(|error| self.failed("sqlite_schema", error))
    }

    pub(super) fn rotations(&self, found: &Found) -> Result<Vec<RotationRecord>, StateError> {
        if !self.knows_rotations()? {
            return Ok(Vec::new());
        }
        let sql = "SELECT cluster, rotation, started_at, progress, templates, paused, finished_at,
                    updated_at FROM rotations WHERE workspace = ?1 ORDER BY cluster";
        let rows = self.all("rotations", sql, [found.id()], |row| {
            let json = |column: &str, text: String| raw_column(column, text);
            let (progress, templates) = (row.get(3)?, row.get(4)?);
            let content = json("progress", progress)
                .and_then(|progress| Ok((progress, json("templates", templates)?)));
            Ok((
                content,
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(5)?,
                row.get(6)?,
                row.get(7)?,
            ))
        })?;
        let made = rows.into_iter().map(
            |(content, cluster, rotation, started_at, paused, finished_at, updated_at)| {
                let (progress, templates): (Box<RawValue>, Box<RawValue>) =
                    content.map_err(|what| self.damage(format!("rotations: {what}")))?;
                Ok(RotationRecord {
                    cluster,
                    rotation,
                    started_at,
                    progress,
                    templates,
                    paused,
                    finished_at,
                    updated_at,
                })
            },
        );
        made.collect()
    }

    pub(super) fn words(&self, found: &Found) -> Result<Vec<SpokenWord>, StateError> {
        if !self.knows_rotations()? {
            return Ok(Vec::new());
        }
        let sql = "SELECT id, cluster, word, who, at FROM rotation_words WHERE workspace = ?1
                   ORDER BY id";
        let rows = self.all("rotation_words", sql, [found.id()], |row| {
            let word: String = row.get(2)?;
            let Some(word) = RotationWord::ALL.into_iter().find(|known| known.verb() == word)
            else {
                return Ok(Err(format!("rotation_words: unknown word {word:?}")));
            };
            let id = uint(row.get(0)?);
            let (cluster, who, at) = (row.get(1)?, row.get(3)?, row.get(4)?);
            Ok(Ok(SpokenWord { id, cluster, word, who, at }))
        })?;
        rows.into_iter().map(|row| row.map_err(|what| self.damage(what))).collect()
    }

    pub(super) fn durations(&self, found: &Found) -> Result<Vec<StepDuration>, StateError> {
        if !self.knows_rotations()? {
            return Ok(Vec::new());
        }
        let sql = "SELECT cluster, role, step, seconds, at FROM rotation_durations
                   WHERE workspace = ?1 ORDER BY id";
        self.all("rotation_durations", sql, [found.id()], |row| {
            Ok(StepDuration {
                cluster: row.get(0)?,
                role: row.get(1)?,
                step: row.get(2)?,
                seconds: uint(row.get(3)?),
                at: row.get(4)?,
            })
        })
    }
}

impl Writing<'_> {
    /// What changes beside the journal.
    pub(super) fn rotate(&self, change: &RotationChange) -> Result<(), StateError> {
        if let Some(cluster) = &change.forgotten {
            let sql = "DELETE FROM rotations WHERE workspace = ?1 AND cluster = ?2";
            self.execute("rotations", sql, params![self.workspace, cluster])?;
        }
        if let Some(record) = &change.record {
            self.put_rotation(record)?;
        }
        for word in &change.taken {
            let sql = "DELETE FROM rotation_words WHERE workspace = ?1 AND id = ?2";
            self.execute("rotation_words", sql, params![self.workspace, int(*word)?])?;
        }
        change.durations.iter().try_for_each(|duration| self.put_duration(duration))
    }

    fn put_rotation(&self, record: &RotationRecord) -> Result<(), StateError> {
        let sql = "INSERT INTO rotations (workspace, cluster, rotation, started_at, progress,
                templates, paused, finished_at, updated_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            ON CONFLICT (workspace, cluster) DO UPDATE SET rotation = ?3, started_at = ?4,
                progress = ?5, templates = ?6, paused = ?7, finished_at = ?8, updated_at = ?9";
        let row = params![
            self.workspace,
            record.cluster,
            record.rotation,
            record.started_at,
            record.progress.get(),
            record.templates.get(),
            record.paused,
            record.finished_at,
            record.updated_at,
        ];
        self.execute("rotations", sql, row).map(drop)
    }

    fn put_duration(&self, duration: &StepDuration) -> Result<(), StateError> {
        let table = "rotation_durations";
        let sql = "INSERT INTO rotation_durations (workspace, cluster, role, step, seconds, at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let StepDuration { cluster, role, step, seconds, at } = duration;
        let row = params![self.workspace, cluster, role, step, int(*seconds)?, at];
        self.execute(table, sql, row)?;
        let sql = "DELETE FROM rotation_durations WHERE workspace = ?1 AND cluster = ?2
                     AND role = ?3 AND step = ?4 AND id NOT IN
                     (SELECT id FROM rotation_durations WHERE workspace = ?1 AND cluster = ?2
                        AND role = ?3 AND step = ?4 ORDER BY id DESC LIMIT ?5)";
        let most = i64::try_from(DURATIONS_MAX).unwrap_or(i64::MAX);
        self.execute(table, sql, params![self.workspace, cluster, role, step, most]).map(drop)
    }

    /// Speaks to one cluster's rotation, or to all that are not finished. Says to how many.
    pub(super) fn speak(
        &self,
        cluster: Option<&str>,
        word: RotationWord,
        who: &str,
    ) -> Result<usize, StateError> {
        let sql = "INSERT INTO rotation_words (workspace, cluster, word, who, at)
            SELECT ?1, cluster, ?3, ?4, ?5 FROM rotations
            WHERE workspace = ?1 AND finished_at IS NULL AND (?2 IS NULL OR cluster = ?2)
            ORDER BY cluster";
        let row = params![self.workspace, cluster, word.verb(), who, self.at];
        self.execute("rotation_words", sql, row)
    }
}
