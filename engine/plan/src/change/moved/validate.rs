//! Statements that make no sense, found once it is known which instances are declared.

use std::collections::BTreeMap;

use kprov_core::{Diagnostic, Diagnostics, ModuleAddr, ModulePath};
use kprov_lang::{SourceMap, Span};

use super::{Endpoint, Statement, sequence};

/// What the configuration declares, expanded.
pub trait Declarations {
    /// All instances of a module.
    fn module_instances(&self, path: &ModulePath) -> Vec<ModuleAddr>;

    /// Is there a block (key missing) or an instance (with key) at the absolute address `end`? If
    /// so, where is it declared?
    fn declared(&self, end: &Endpoint) -> Option<Span>;
}

/// Checks all written statements.
pub fn validate_moves(
    statements: &[Statement],
    declarations: &dyn Declarations,
    sources: &SourceMap,
) -> Diagnostics {
    let mut problems = Diagnostics::new();
    let mut sent: BTreeMap<Endpoint, (Endpoint, Span)> = BTreeMap::new();
    let mut received: BTreeMap<Endpoint, (Endpoint, Span)> = BTreeMap::new();
    for statement in statements {
        let Some(place) = statement.place else { continue };
        for base in declarations.module_instances(&statement.module) {
            let (from, to) = (statement.from.absolute(&base), statement.to.absolute(&base));
            let found = match from == to {
                true => Some(redundant(&from)),
                false => still_there(&from, &to, declarations, sources),
            };
            let ambiguous = [
                ambiguous(&mut sent, &from, &to, place, sources, Side::From),
                ambiguous(&mut received, &to, &from, place, sources, Side::To),
            ];
            let all = found.into_iter().chain(ambiguous.into_iter().flatten());
            problems.extend(all.map(|problem| problem.at(sources.range(place))));
        }
    }
    if !problems.has_errors()
        && let Err(members) = sequence::sequence(statements)
    {
        problems.extend(cycle(statements, &members, sources));
    }
    problems
}

fn redundant(from: &Endpoint) -> Diagnostic {
    let detail = format!(
        "This statement declares a move from {from} to the same address, which is the same as not \
         declaring this move at all."
    );
    Diagnostic::error("Redundant move statement", detail)
}

fn still_there(
    from: &Endpoint,
    to: &Endpoint,
    declarations: &dyn Declarations,
    sources: &SourceMap,
) -> Option<Diagnostic> {
    let declared = declarations.declared(from)?;
    let (noun, short) = match from {
        Endpoint::Module { key: None, .. } => ("module call", "call"),
        Endpoint::Module { .. } => ("module instance", "instance"),
        Endpoint::Resource { key: None, .. } => ("resource", "resource"),
        Endpoint::Resource { .. } => ("resource instance", "instance"),
    };
    let detail = format!(
        "This statement declares a move from {from}, but that {noun} is still declared at {}.\n\n\
         Change your configuration so that this {short} will be declared as {to} instead.",
        position(declared, sources)
    );
    Some(Diagnostic::error("Moved object still exists", detail))
}

/// Which side of a statement is used twice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    From,
    To,
}

fn ambiguous(
    seen: &mut BTreeMap<Endpoint, (Endpoint, Span)>,
    end: &Endpoint,
    other: &Endpoint,
    place: Span,
    sources: &SourceMap,
    side: Side,
) -> Option<Diagnostic> {
    let Some((earlier, at)) = seen.get(end) else {
        seen.insert(end.clone(), (other.clone(), place));
        return None;
    };
    if earlier == other {
        return None;
    }
    let at = position(*at, sources);
    let detail = match side {
        Side::From => format!(
            "A statement at {at} declared that {end} moved to {earlier}, but this statement \
             instead declares that it moved to {other}. Each object can move to only one \
             destination: remove one of the statements."
        ),
        Side::To => format!(
            "A statement at {at} declared that {earlier} moved to {end}, but this statement \
             instead declares that {other} moved there. Only one object can be at an address: \
             remove one of the statements."
        ),
    };
    Some(Diagnostic::error("Ambiguous move statements", detail))
}

/// The error about statements that chase each other.
pub(super) fn cycle(
    statements: &[Statement],
    members: &[usize],
    sources: &SourceMap,
) -> Diagnostics {
    let mut list = String::new();
    for statement in members.iter().filter_map(|at| statements.get(*at)) {
        let at = statement.place.map_or_else(|| "implied".to_owned(), |at| position(at, sources));
        list.push_str(&format!("\n  - {at}: {} to {}", statement.from, statement.to));
    }
    let detail = format!(
        "These move statements form a cycle, so that there is no last address for the objects:\
         {list}\n\nA chain of moves must end at an address that no other statement moves from."
    );
    let problem = Diagnostic::error("Cyclic dependency in move statements", detail);
    let place = members.iter().find_map(|at| statements.get(*at)?.place);
    match place {
        Some(place) => problem.at(sources.range(place)).into(),
        None => problem.into(),
    }
}

fn position(span: Span, sources: &SourceMap) -> String {
    let range = sources.range(span);
    format!("{}:{},{}", range.filename, range.start.line, range.start.column)
}
