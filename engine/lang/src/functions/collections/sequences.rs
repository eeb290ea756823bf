//! Functions that make one sequence of several: `concat`, `flatten`; and `range`.

use kprov_core::value::{convert, unify};
use kprov_core::{Marks, Number, Type, Value};

use crate::functions::items::{element_of, items, length_is_known};
use crate::functions::{Function, FunctionContext, FunctionError, Parameter};

/// How many numbers `range` gives at most.
const RANGE_MAX: usize = 1024;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new("concat", "Makes one list of several.", concat_type, concat)
            .with_rest(Parameter::new("seqs", Type::Dynamic).marked()),
        Function::new(
            "flatten",
            "Puts the items of lists in place of the lists, at any depth.",
            flatten_type,
            flatten,
        )
        .with(Parameter::new("list", Type::Dynamic).marked()),
        Function::new(
            "range",
            "Makes a list of numbers from a start, an end and a step.",
            |_| Ok(Type::list(Type::Number)),
            range,
        )
        .with_rest(Parameter::new("params", Type::Number)),
    ]
}

/// The common type of lists; where there is none, or a tuple among them, a tuple.
fn concat_type(arguments: &[Value]) -> Result<Type, FunctionError> {
    if arguments.is_empty() {
        return Err(FunctionError::new("at least one argument is required"));
    }
    let types: Vec<Type> = arguments.iter().map(Value::ty).collect();
    if types.iter().all(|ty| matches!(ty, Type::List(_)))
        && let Some(common) = unify(&types)
    {
        return Ok(common);
    }
    let mut elements = Vec::new();
    for (index, (argument, ty)) in arguments.iter().zip(&types).enumerate() {
        match (ty, argument.bare()) {
            (Type::Tuple(types), _) => elements.extend(types.iter().cloned()),
            (Type::List(_), Value::List(list)) => {
                elements.extend(list.items().iter().map(|_| list.element().clone()));
            }
            (Type::List(_), _) => return Ok(Type::Dynamic),
            _ => {
                let name = ty.friendly_name();
                let message = format!("all arguments must be lists or tuples; got {name}");
                return Err(FunctionError::argument(index, message));
            }
        }
    }
    Ok(Type::tuple(elements))
}

fn concat(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let ty = concat_type(arguments)?;
    let marks = arguments.iter().fold(Marks::NONE, |marks, argument| marks | argument.marks());
    let mut all = Vec::new();
    for (index, argument) in arguments.iter().enumerate() {
        if matches!(ty, Type::List(_)) {
            let list = convert(argument, &ty)
                .map_err(|error| FunctionError::argument(index, error.to_string()))?;
            all.extend_from_slice(items(&list));
        } else {
            all.extend_from_slice(items(argument));
        }
    }
    let result = match ty {
        Type::List(_) => Value::list(element_of(&ty), all),
        _ => Value::tuple(all),
    };
    Ok(result.with_marks(marks))
}

fn flatten_type(arguments: &[Value]) -> Result<Type, FunctionError> {
    let list = &arguments[0];
    if !list.is_wholly_known() {
        return Ok(Type::Dynamic);
    }
    if list.bare().as_items().is_none() {
        return Err(FunctionError::new("can only flatten lists, sets and tuples"));
    }
    let mut flat = Flat::default();
    flat.add(list);
    Ok(Type::tuple(flat.items.iter().map(Value::ty)))
}

fn flatten(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let list = &arguments[0];
    if list.bare().as_items().is_none() {
        return Err(FunctionError::new("can only flatten lists, sets and tuples"));
    }
    let mut flat = Flat::default();
    flat.add(list);
    let result =
        if flat.unsettled { Value::unknown(Type::Dynamic) } else { Value::tuple(flat.items) };
    Ok(result.with_marks(flat.marks))
}

/// What `flatten` has found so far.
#[derive(Default)]
struct Flat {
    items: Vec<Value>,
    /// Marks of all the lists; those of items stay with them.
    marks: Marks,
    /// Something may turn out to be a list, or a list's length is not known.
    unsettled: bool,
}

impl Flat {
    fn add(&mut self, list: &Value) {
        self.marks = self.marks | list.marks();
        if !length_is_known(list) {
            self.unsettled = true;
            return;
        }
        for item in items(list) {
            match item.bare() {
                Value::List(_) | Value::Set(_) | Value::Tuple(_) => self.add(item),
                Value::Unknown(unknown) => match unknown.ty() {
                    Type::List(_) | Type::Set(_) | Type::Tuple(_) => {
                        self.unsettled = true;
                        self.marks = self.marks | item.marks();
                    }
                    Type::Dynamic => self.unsettled = true,
                    _ => self.items.push(item.clone()),
                },
                _ => self.items.push(item.clone()),
            }
        }
    }
}

fn range(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let zero = Number::from(0_i64);
    let numbers: Vec<&Number> = arguments.iter().filter_map(Value::as_number).collect();
    let (start, end) = match numbers.as_slice() {
        [end] => (&zero, *end),
        [start, end] | [start, end, _] => (*start, *end),
        _ => return Err(FunctionError::new("must have one, two, or three arguments")),
    };
    let default_step = Number::from(if end < start { -1_i64 } else { 1 });
    let step = numbers.get(2).copied().unwrap_or(&default_step);
    let down = *step < zero;
    if down && end > start {
        return Err(FunctionError::argument(
            1,
            "end must be less than start when step is negative",
        ));
    }
    if !down && end < start {
        return Err(FunctionError::argument(
            1,
            "end must be greater than start when step is positive",
        ));
    }
    let mut numbers = Vec::new();
    let mut next = start.clone();
    while if down { next > *end } else { next < *end } {
        if numbers.len() >= RANGE_MAX {
            return Err(FunctionError::new(
                "more than 1024 values were generated; either decrease the difference between \
                 start and end or use a smaller step",
            ));
        }
        numbers.push(Value::Number(next.clone()));
        next = next
            .add(step)
            .map_err(|_| FunctionError::new("can't compute sum of opposing infinities"))?;
    }
    Ok(Value::list(Type::Number, numbers))
}
