//! IAM.

use serde_json::json;

use super::*;
use crate::tests::run;

#[test]
fn roles_conform() {
    run(async {
        let flight = Flight::new();
        let of = "aws_iam_role";
        let base = json!({
            "name": "node", "assume_role_policy": trust("ec2.amazonaws.com"),
            "description": "of nodes", "tags": {"Name": "node"},
        });
        let long = "d".repeat(1001);
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(
                of,
                &base,
                json!({
                    "assume_role_policy": trust("eks.amazonaws.com"), "description": "others",
                    "max_session_duration": 7200, "tags": {"a": "b"},
                }),
            ))
            .update(with(
                of,
                &base,
                json!({
                    "inline_policy": [{"name": "i", "policy": allow("ec2:DescribeTags")}],
                }),
            ))
            .replace(with(of, &base, json!({"name": "other"})), "name")
            .replace(with(of, &base, json!({"path": "/team/"})), "path")
            .bad(with(of, &base, json!({"name": "a b"})), "name")
            .bad(with(of, &base, json!({"name_prefix": "a"})), "name_prefix")
            .bad(with(of, &base, json!({"assume_role_policy": "{"})), "assume_role_policy")
            .bad(with(of, &base, json!({"max_session_duration": 60})), "max_session_duration")
            .bad(with(of, &base, json!({"permissions_boundary": "x"})), "permissions_boundary")
            .bad(with(of, &base, json!({"path": "team"})), "path")
            .bad(with(of, &base, json!({"description": long})), "description")
            .import(id)
            .import_misses(&["force_detach_policies"])
            .bad_id("no-such-role");
        flight.check(of, cases).await;
        let generated =
            json!({"name_prefix": "n-", "assume_role_policy": trust("a.amazonaws.com")});
        flight.check(of, flight.cases(config(of, generated))).await;
        let inline = json!([{"name": "i", "policy": allow("ec2:DescribeTags")}]);
        flight.check(of, flight.cases(with(of, &base, json!({"inline_policy": inline})))).await;
    });
}

#[test]
fn many_roles_cost_calls_by_page() {
    run(async {
        let flight = Flight::new();
        let mut roles = Vec::new();
        for n in 0..12 {
            let wanted = json!({
                "name": format!("r{n}"), "assume_role_policy": trust("ec2.amazonaws.com"),
                "inline_policy": [{"name": "i", "policy": allow("ec2:DescribeTags")}],
                "description": "of many", "tags": {"n": n.to_string()},
            });
            roles.push(flight.make("aws_iam_role", config("aws_iam_role", wanted)).await);
        }
        // The first look may not see yet what was made a moment ago, and looks again.
        flight.read_all("aws_iam_role", &roles).await;
        let before = flight.calls();
        let read = flight.read_all("aws_iam_role", &roles).await;
        assert_eq!(read.into_iter().map(Option::unwrap).collect::<Vec<_>>(), roles);
        assert_eq!(flight.calls() - before, 2);
    });
}

#[test]
fn policies_and_their_attachments_conform() {
    run(async {
        let flight = Flight::new();
        let of = "aws_iam_policy";
        let base = json!({"name": "p", "policy": allow("a:A"), "tags": {"Name": "p"}});
        // One more version than IAM keeps.
        let mut cases = flight.cases(with(of, &base, json!({})));
        for n in 0..6 {
            cases = cases.update(with(of, &base, json!({"policy": allow(&format!("a:A{n}"))})));
        }
        let cases = cases
            .update(with(of, &base, json!({"policy": allow("a:B"), "tags": {"b": "c"}})))
            .replace(with(of, &base, json!({"description": "d"})), "description")
            .bad(with(of, &base, json!({"policy": "[]"})), "policy")
            .bad(with(of, &base, json!({"policy": allow(&"x".repeat(6200))})), "policy")
            .bad(with(of, &base, json!({"name": "a/b"})), "name")
            .import(id)
            .bad_id("arn:aws:iam::123456789012:policy/none")
            .bad_id("p");
        flight.check(of, cases).await;

        let (role, policy) = (role(&flight, "node").await, flight.id(of, config(of, base)).await);
        let of = "aws_iam_role_policy_attachment";
        let base = json!({"role": role, "policy_arn": policy});
        let cases = flight
            .cases(with(of, &base, json!({})))
            .replace(with(of, &base, json!({"role": "other"})), "role")
            .bad(with(of, &base, json!({"policy_arn": "p"})), "policy_arn")
            .import(|object| format!("{}/{}", text(object, "role"), text(object, "policy_arn")))
            .bad_id("node");
        flight.check(of, cases).await;
        let missing = json!({"role": "none", "policy_arn": policy});
        let error = flight.try_make(of, &config(of, missing)).await.unwrap_err();
        assert_eq!(error.attribute, Some(kprov_core::Path::attribute("role")), "{error}");
    });
}

#[test]
fn policies_of_a_role_conform() {
    run(async {
        let flight = Flight::new();
        let of = "aws_iam_role_policy";
        let role = role(&flight, "node").await;
        let base = json!({"name": "logs", "role": role, "policy": allow("logs:PutLogEvents")});
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"policy": allow("logs:CreateLogStream")})))
            .replace(with(of, &base, json!({"name": "other"})), "name")
            .bad(with(of, &base, json!({"policy": "no"})), "policy")
            .import(id)
            .bad_id("node")
            .bad_id("node:none");
        flight.check(of, cases).await;
        let generated = json!({"role": role, "policy": allow("a:A")});
        flight.check(of, flight.cases(config(of, generated))).await;
    });
}

#[test]
fn instance_profiles_conform() {
    run(async {
        let flight = Flight::new();
        let of = "aws_iam_instance_profile";
        let (one, other) = (role(&flight, "one").await, role(&flight, "other").await);
        let base = json!({"name": "node", "role": one, "tags": {"Name": "node"}});
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"role": other, "tags": {"a": "b"}})))
            .update(config(of, json!({"name": "node"})))
            .replace(with(of, &base, json!({"name": "o"})), "name")
            .bad(with(of, &base, json!({"name": "a b"})), "name")
            .import(id)
            .bad_id("none");
        flight.check(of, cases).await;
    });
}

#[test]
fn openid_connect_providers_conform() {
    run(async {
        let flight = Flight::new();
        let of = "aws_iam_openid_connect_provider";
        let print = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280";
        let base = json!({
            "url": "https://oidc.example.org/cluster", "client_id_list": ["sts.amazonaws.com"],
            "thumbprint_list": [print], "tags": {"Name": "c"},
        });
        let cases = flight
            .cases(with(of, &base, json!({})))
            .update(with(of, &base, json!({"client_id_list": ["a", "b"], "tags": {}})))
            .update(with(of, &base, json!({"thumbprint_list": [print.replace('9', "a")]})))
            .replace(with(of, &base, json!({"url": "https://oidc.example.org/b"})), "url")
            .bad(with(of, &base, json!({"url": "http://oidc.example.org"})), "url")
            .bad(with(of, &base, json!({"thumbprint_list": ["x"]})), "thumbprint_list")
            .import(id)
            .import_misses(&["url"])
            .bad_id("x");
        flight.check(of, cases).await;
    });
}
