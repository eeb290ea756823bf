//! Splits CSV text into records.

/// Where and why reading stopped.
pub(super) struct CsvError {
    pub(super) line: usize,
    pub(super) reason: &'static str,
}

/// One row.
pub(super) struct Record {
    /// The line it begins on, from 1.
    pub(super) line: usize,
    pub(super) fields: Vec<String>,
}

/// Reads record by record. Empty lines are skipped; `\r\n` counts as `\n`.
pub(super) struct Reader<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Reader<'t> {
        Reader { rest: text, line: 0 }
    }

    /// The next line and whether a line break ended it.
    fn line(&mut self) -> Option<(&'t str, bool)> {
        if self.rest.is_empty() {
            return None;
        }
        self.line += 1;
        let (line, ended) = match self.rest.split_once('\n') {
            Some((line, rest)) => {
                self.rest = rest;
                (line, true)
            }
            None => (std::mem::take(&mut self.rest), false),
        };
        Some((line.strip_suffix('\r').unwrap_or(line), ended))
    }

    pub(super) fn record(&mut self) -> Result<Option<Record>, CsvError> {
        let (mut line, mut ended) = loop {
            match self.line() {
                None => return Ok(None),
                Some(("", _)) => {}
                Some(found) => break found,
            }
        };
        let first = self.line;
        let mut fields = Vec::new();
        loop {
            let Some(quoted) = line.strip_prefix('"') else {
                let (field, rest) = match line.split_once(',') {
                    Some((field, rest)) => (field, Some(rest)),
                    None => (line, None),
                };
                if field.contains('"') {
                    return Err(self.error("bare \" in non-quoted-field"));
                }
                fields.push(field.to_owned());
                match rest {
                    Some(rest) => line = rest,
                    None => return Ok(Some(Record { line: first, fields })),
                }
                continue;
            };
            let mut field = String::new();
            line = quoted;
            loop {
                let Some((part, rest)) = line.split_once('"') else {
                    // The field goes on in the next line.
                    field.push_str(line);
                    if ended {
                        field.push('\n');
                    }
                    (line, ended) = self.line().ok_or(self.error(UNCLOSED))?;
                    continue;
                };
                field.push_str(part);
                match rest.chars().next() {
                    Some('"') => {
                        field.push('"');
                        line = &rest[1..];
                    }
                    Some(',') => {
                        line = &rest[1..];
                        break;
                    }
                    None => {
                        fields.push(field);
                        return Ok(Some(Record { line: first, fields }));
                    }
                    Some(_) => return Err(self.error(UNCLOSED)),
                }
            }
            fields.push(field);
        }
    }

    fn error(&self, reason: &'static str) -> CsvError {
        CsvError { line: self.line, reason }
    }
}

const UNCLOSED: &str = "extraneous or missing \" in quoted-field";
