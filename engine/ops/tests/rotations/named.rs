//! `-rotate`: one machine, all of a group; what names nothing says what there is.

use kprov_ops::{PlanFile, PlanRequest};
use kprov_plan::Action;

use super::{ROTATION, action, main, of, only};

fn named(texts: &[&str]) -> PlanRequest {
    let rotate = texts.iter().map(|text| (*text).to_owned()).collect();
    PlanRequest { rotate, ..PlanRequest::default() }
}

#[test]
fn members_are_named_by_address_by_machine_and_by_both() {
    let place = of(3);
    let check = |texts: &[&str], expected: &[&str]| {
        let planned = place.plan_as(&main("a", ROTATION), &named(texts));
        assert!(planned.problems.is_empty(), "{texts:?}: {:?}", planned.problems);
        assert_eq!(action(&planned), Action::Update, "{texts:?}");
        let members = &only(&planned).groups[0].members;
        let machines: Vec<&str> = members.iter().map(|it| it.machine.as_str()).collect();
        assert_eq!(machines, expected, "{texts:?}");
        assert!(members.iter().all(|it| it.reason == "it was named for rotation"), "{members:?}");
        assert!(members.iter().all(|it| it.leaves.is_some()), "{members:?}");
        let file = PlanFile::of(&planned, &place.project);
        assert_eq!(file.named.len(), expected.len(), "later phases know them: {texts:?}");
    };
    check(&["cloud_group.w"], &["i-000", "i-001", "i-002"]);
    check(&["i-001"], &["i-001"]);
    check(&["cloud_group.w=i-002"], &["i-002"]);
    check(&["i-001", "cloud_group.w=i-002", "i-001"], &["i-001", "i-002"]);
}

#[test]
fn what_names_nothing_says_what_there_is() {
    let place = of(2);
    let check = |text: &str, expected: &[&str]| {
        let told = place.refused(&main("a", ROTATION), &named(&[text]));
        for part in expected {
            assert!(told.contains(part), "{text}: {told}");
        }
    };
    check("cloud_group.nobody", &["names no group that is rotated", "- cloud_group.w"]);
    check("cloud_template.w", &["names no group that is rotated", "- cloud_group.w"]);
    check("i-777", &["i-777 is no member", "- cloud_group.w: i-000, i-001"]);
    check("cloud_group.w=i-777", &["i-777 is no member", "- cloud_group.w: i-000, i-001"]);
    check("!", &["Invalid rotate address"]);
    let told = place.refused(&main("a", ""), &named(&["i-000"]));
    assert!(told.contains("names nothing that can be rotated"), "{told}");
    let blind = PlanRequest { skip_refresh: true, ..named(&["i-000"]) };
    let told = place.refused(&main("a", ROTATION), &blind);
    assert!(told.contains("-refresh=false"), "{told}");
}
