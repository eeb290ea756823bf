//! `csvdecode`: RFC 4180 as Go's reader understands it. (The `csv` crate accepts stray quotes, where
//! Terraform reports the line.)

mod reader;
#[cfg(test)]
mod tests;

use kprov_core::{Str, Type, Value};

use super::arguments::{string, text};
use super::{Function, FunctionContext, FunctionError};
use reader::{CsvError, Reader};

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "csvdecode",
            "Reads comma-separated values and gives a list of objects; the first row names the \
             attributes.",
            |_| Ok(Type::Dynamic),
            decode,
        )
        .with(string("str")),
    ]
}

fn decode(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let failed = |error: CsvError| {
        FunctionError::new(format!("CSV parse error on line {}: {}", error.line, error.reason))
    };
    let mut reader = Reader::new(text(arguments, 0));
    let Some(header) = reader.record().map_err(failed)? else {
        return Err(FunctionError::new("missing header line"));
    };
    let header: Vec<Str> = header.fields.into_iter().map(Str::from).collect();
    let mut names = header.clone();
    names.sort();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(FunctionError::new(format!("duplicate column name {:?}", pair[0])));
    }
    let mut rows = Vec::new();
    while let Some(record) = reader.record().map_err(failed)? {
        if record.fields.len() != header.len() {
            return Err(failed(CsvError { line: record.line, reason: "wrong number of fields" }));
        }
        let fields = record.fields.into_iter().map(Value::string);
        rows.push(Value::object(header.iter().cloned().zip(fields)));
    }
    let row = Type::object(header.into_iter().map(|name| (name, Type::String)));
    Ok(Value::list(row, rows))
}
