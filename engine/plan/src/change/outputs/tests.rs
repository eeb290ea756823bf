//! Output changes (scenarios output-type-change, sensitive-output-toggle, target-outputs).

use super::*;
use crate::change::testing::sensitive;
use kprov_core::Type;

#[test]
fn actions() {
    let one = || Value::int(1);
    let list = Value::list(Type::Number, vec![one()]);
    let tuple = Value::tuple([one()]);
    let planned =
        |value: &Value, sensitive| Some(Some(PlannedOutput { value: value.clone(), sensitive }));
    let unknown = Value::unknown(Type::Number);
    let null = Value::NULL;
    let hidden = sensitive(one());
    let cases = [
        (None, planned(&one(), false), Some((Action::Create, false))),
        (None, planned(&hidden, true), Some((Action::Create, true))),
        (None, planned(&unknown, false), Some((Action::Create, false))),
        (None, planned(&null, false), Some((Action::NoOp, false))),
        (Some(one()), planned(&one(), false), Some((Action::NoOp, false))),
        (Some(one()), planned(&Value::int(2), false), Some((Action::Update, false))),
        (Some(one()), planned(&unknown, false), Some((Action::Update, false))),
        (Some(one()), planned(&null, false), Some((Action::Update, false))),
        (Some(one()), planned(&hidden, true), Some((Action::Update, true))),
        (Some(hidden.clone()), planned(&one(), false), Some((Action::Update, true))),
        (Some(hidden.clone()), planned(&hidden, true), Some((Action::NoOp, true))),
        (Some(list.clone()), planned(&tuple, false), Some((Action::Update, false))),
        (Some(hidden), None, Some((Action::Delete, true))),
        (Some(one()), Some(None), None),
    ];
    for (stored, planned, expect) in cases {
        let label = format!("{stored:?} {planned:?}");
        let name = Str::new("o");
        let stored = stored.map(|value| (name.clone(), value)).into_iter().collect();
        let planned = planned.map(|output| (name.clone(), output)).into_iter().collect();
        let changes = output_changes(&stored, &planned);
        let found = changes.get("o").map(|change| (change.action, change.sensitive));
        assert_eq!(found, expect, "{label}");
        for change in changes.values() {
            assert!((change.before.marks_deep() | change.after.marks_deep()).is_empty());
        }
    }
}
