//! What machines may do: the credentials of their metadata, and the policies of their role.
use crate::place::{DOCUMENT, Place, text};
use crate::program::http;
use http::Request;
use serde_json::{Value, json};

fn policy() -> Value {
    json!([
        {"Effect": "Allow", "Action": ["ssm:GetParametersByPath", "ssm:GetParameter"],
            "Resource": "arn:aws:ssm:us-east-1:123456789012:parameter/kprov/demo/*"},
        {"Effect": "Allow", "Action": "ssm:PutParameter", "Condition": {"StringEquals": {"ssm:Overwrite": "false"}},
            "Resource": "arn:aws:ssm:us-east-1:123456789012:parameter/kprov/demo/etcd/*"},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::backups/demo/*"},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::backups",
            "Condition": {"StringLike": {"s3:prefix": "demo/*"}}},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::backups/demo/secret"},
        {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"},
        {"Effect": "Allow", "Action": "autoscaling:SetInstanceHealth", "Resource": "*",
            "Condition": {"StringEquals": {"aws:ResourceTag/kprov.dev/cluster": "demo"}}},
    ])
}

/// A machine with the role `node`: the place, and its access key.
async fn machine(place: &Place) -> (Value, String) {
    let (_, subnets) = place.network();
    place.role(&policy());
    place.template(DOCUMENT, true);
    let instance = place.launch(&subnets[0]);
    let found = place.until("it knows what it is", || place.found(&instance)).await;
    let key = text(&found["credentials"]["AccessKeyId"]);
    (found, key)
}

fn put(place: &Place, name: &str) {
    let input = json!({"Name": name, "Value": "x", "Type": "SecureString"});
    assert_eq!(place.ssm("AKIAEXAMPLE", "PutParameter", &input).0, 200);
}

#[tokio::test]
async fn parameters_are_read_below_the_path_of_the_role_and_nowhere_else() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::new(home.path()).await;
    let (found, key) = machine(&place).await;
    put(&place, "/kprov/demo/pki/kubernetes-ca/key.pem");
    put(&place, "/kprov/other/pki/kubernetes-ca/key.pem");
    let read = |path: &str| {
        place.ssm(
            &key,
            "GetParametersByPath",
            &json!({"Path": path, "Recursive": true, "WithDecryption": true}),
        )
    };
    let (status, answer) = read("/kprov/demo/pki");
    assert_eq!((status, answer["Parameters"].as_array().unwrap().len()), (200, 1), "{answer}");
    for path in ["/kprov/other/pki", "/kprov", "/"] {
        let (status, answer) = read(path);
        let message = answer["message"].as_str().or(answer["Message"].as_str()).unwrap_or_default();
        let who = format!("assumed-role/node/{}", text(&found["instance"]));
        assert_eq!(status, 400, "{path}");
        assert!(answer["__type"].as_str().unwrap().contains("AccessDeniedException"), "{answer}");
        assert!(message.contains(&who) && message.contains("ssm:GetParametersByPath"), "{answer}");
    }
    let names = json!({"Names": ["/kprov/demo/pki/kubernetes-ca/key.pem"]});
    assert_eq!(place.ssm(&key, "GetParameters", &names).0, 400, "another action");
    let one = json!({"Name": "/kprov/demo/pki/kubernetes-ca/key.pem"});
    assert_eq!(place.ssm(&key, "GetParameter", &one).0, 200);
    // A role without policies may do nothing.
    place.query("iam", "DeleteRolePolicy", &[("RoleName", "node"), ("PolicyName", "own")]);
    assert_eq!(read("/kprov/demo/pki").0, 400);
    place.server.unwrap().stop().await;
}

#[tokio::test]
async fn a_secret_under_a_key_of_ones_own_takes_the_use_of_the_key() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::new(home.path()).await;
    let (_, access) = machine(&place).await;
    let (_, made) = place.json("AKIAEXAMPLE", "kms", "TrentService.CreateKey", &json!({}));
    let (id, arn) = (text(&made["KeyMetadata"]["KeyId"]), text(&made["KeyMetadata"]["Arn"]));
    let input =
        json!({"Name": "/kprov/demo/key", "Value": "x", "Type": "SecureString", "KeyId": id});
    assert_eq!(place.ssm("AKIAEXAMPLE", "PutParameter", &input).0, 200);
    let read = |open: bool| {
        let input = json!({"Name": "/kprov/demo/key", "WithDecryption": open});
        place.ssm(&access, "GetParameter", &input)
    };
    assert_eq!(read(false).0, 200);
    let (status, answer) = read(true);
    assert!(status == 400 && answer.to_string().contains("kms:Decrypt"), "{answer}");
    let statement = json!({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": arn});
    let policy = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let input = [("RoleName", "node"), ("PolicyName", "key"), ("PolicyDocument", policy.as_str())];
    place.query("iam", "PutRolePolicy", &input);
    assert_eq!(read(true).0, 200);
    place.server.unwrap().stop().await;
}

#[tokio::test]
async fn of_those_who_claim_a_parameter_exactly_one_gets_it() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::new(home.path()).await;
    let (_, key) = machine(&place).await;
    let place = &place;
    let claim = |who: usize| {
        let input = json!({"Name": "/kprov/demo/etcd/founder", "Value": format!("i-{who}"), "Type": "String",
            "Overwrite": false});
        place.ssm(&key, "PutParameter", &input)
    };
    let answers: Vec<(u16, Value)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|who| scope.spawn(move || claim(who))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|(status, _)| *status == 200).count(), 1, "{answers:?}");
    let losers = answers.iter().filter(|(status, _)| *status != 200);
    for (_, answer) in losers {
        assert!(answer["__type"].as_str().unwrap().contains("ParameterAlreadyExists"), "{answer}");
    }
    let winner = answers.iter().position(|(status, _)| *status == 200).unwrap();
    let input = json!({"Name": "/kprov/demo/etcd/founder"});
    let (_, answer) = place.ssm(&key, "GetParameter", &input);
    assert_eq!(answer["Parameter"]["Value"], json!(format!("i-{winner}")));
    let input = json!({"Name": "/kprov/demo/etcd/founder", "Value": "x", "Type": "String", "Overwrite": true});
    let (_, answer) = place.ssm(&key, "PutParameter", &input);
    assert!(answer["__type"].as_str().unwrap().contains("AccessDenied"), "{answer}");
}

#[tokio::test]
async fn objects_and_listings_are_allowed_by_key_and_by_prefix() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::new(home.path()).await;
    let (_, key) = machine(&place).await;
    let s3 = |key: &str, method: &str, path: &str| {
        place.ask(key, "s3", Request::builder().method(method).uri(path), String::new())
    };
    assert_eq!(s3("AKIAEXAMPLE", "PUT", "/backups").0, 200);
    for object in ["demo/one", "demo/secret", "other/one"] {
        assert_eq!(s3("AKIAEXAMPLE", "PUT", &format!("/backups/{object}")).0, 200);
    }
    for (path, wanted) in [
        ("/backups/demo/one", 200),
        ("/backups/demo/secret", 403),
        ("/backups/other/one", 403),
        ("/backups?list-type=2&prefix=demo/", 200),
        ("/backups?list-type=2&prefix=other/", 403),
        ("/backups?list-type=2", 403),
        ("/", 403),
    ] {
        let (status, answer) = s3(&key, "GET", path);
        assert_eq!(status, wanted, "{path}: {answer}");
        assert_eq!(status == 403, answer.contains("<Code>AccessDenied</Code>"), "{answer}");
    }
    assert_eq!(s3(&key, "PUT", "/backups/demo/two").0, 403);
}

#[tokio::test]
async fn credentials_end_with_the_instance_and_not_with_the_clock() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::new(home.path()).await;
    let (found, key) = machine(&place).await;
    let describe = || {
        let request =
            Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        place.ask(&key, "ec2", request, "Action=DescribeInstances".to_owned())
    };
    let forbidden = || {
        let request =
            Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        place.ask(&key, "ec2", request, "Action=DescribeVpcs".to_owned())
    };
    assert_eq!(describe().0, 200);
    assert!(forbidden().1.contains("<Code>UnauthorizedOperation</Code>"), "{}", forbidden().1);
    // Whoever has them looks at the machine's clock, where they are good for hours.
    let until: jiff::Timestamp = text(&found["credentials"]["Expiration"]).parse().unwrap();
    let left = until.duration_since(jiff::Timestamp::now());
    assert!(left > jiff::SignedDuration::from_hours(5), "{left:?}");
    place.airplane.advance(30 * 24 * 3_600_000);
    assert_eq!(describe().0, 200);
    let instance = text(&found["instance"]);
    place.query("ec2", "TerminateInstances", &[("InstanceId.1", &instance)]);
    let refused = || (describe().0 != 200).then_some(());
    place.until("its credentials are good for nothing", refused).await;
    assert!(describe().1.contains("<Code>RequestExpired</Code>"), "{}", describe().1);
}

#[tokio::test]
async fn metadata_answers_as_that_of_ec2_does() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::new(home.path()).await;
    let (found, _) = machine(&place).await;
    let instance = text(&found["instance"]);
    let url = text(&found["metadata"]);
    let put = async |ttl: &str| {
        http(
            "PUT",
            &format!("{url}/latest/api/token"),
            Some(("X-aws-ec2-metadata-token-ttl-seconds", ttl)),
        )
        .await
    };
    for bad in ["0", "21601", "soon"] {
        assert_eq!(put(bad).await.0, 400, "{bad}");
    }
    let (_, token) = put("21600").await;
    let get = async |path: &str, token: &str| {
        http("GET", &format!("{url}/{path}"), Some(("X-aws-ec2-metadata-token", token))).await
    };
    assert_eq!(get("latest/meta-data/instance-id", &token).await, (200, instance.clone()));
    assert_eq!(get("2021-07-15/meta-data/instance-id", &token).await, (200, instance.clone()));
    assert_eq!(get("latest/meta-data/instance-id", "another").await.0, 401);
    assert_eq!(get("latest/meta-data/nothing", &token).await.0, 404);
    assert_eq!(get("latest/meta-data/iam/security-credentials/other", &token).await.0, 404);
    assert_eq!(get("latest/meta-data/spot/instance-action", &token).await.0, 404);
    let (_, info) = get("latest/meta-data/iam/info", &token).await;
    assert!(info.contains("instance-profile/node"), "{info}");
    assert_eq!(http("GET", &format!("{url}/latest/meta-data/"), None).await.0, 401);
    assert_eq!(http("POST", &format!("{url}/latest/meta-data/"), None).await.0, 405);
    let options = |name: &str, value: &str| {
        place.query(
            "ec2",
            "ModifyInstanceMetadataOptions",
            &[("InstanceId", &instance), (name, value)],
        )
    };
    options("HttpTokens", "optional");
    assert_eq!(http("GET", &format!("{url}/latest/meta-data/instance-id"), None).await.0, 200);
    options("HttpEndpoint", "disabled");
    assert_eq!(get("latest/meta-data/instance-id", &token).await.0, 403);
    // Nobody else has this machine's addresses.
    let addresses = place.control("GET", "addresses", &Value::Null);
    assert_eq!(addresses[text(&found["private"])], found["address"]);
    assert_eq!(addresses.as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn a_spot_instance_reads_that_it_is_taken() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::new(home.path()).await;
    let (_, subnets) = place.network();
    place.template(DOCUMENT, false);
    let instance = place.launch_with(&subnets[0], &[("InstanceMarketOptions.MarketType", "spot")]);
    let found = place.until("it knows what it is", || place.found(&instance)).await;
    let url = text(&found["metadata"]);
    let ttl = ("x-aws-ec2-metadata-token-ttl-seconds", "60");
    let (_, token) = http("PUT", &format!("{url}/latest/api/token"), Some(ttl)).await;
    let get = async |path: &str| {
        let header = Some(("x-aws-ec2-metadata-token", token.as_str()));
        http("GET", &format!("{url}/latest/meta-data/{path}"), header).await
    };
    let (action, rebalance) = ("spot/instance-action", "events/recommendations/rebalance");
    assert_eq!((get(action).await.0, get(rebalance).await.0), (404, 404));
    place.control("POST", "interrupt", &json!({"instance": instance}));
    let read = |answer: (u16, String)| -> Value {
        assert_eq!(answer.0, 200);
        serde_json::from_str(&answer.1).unwrap()
    };
    let (action, rebalance) = (read(get(action).await), read(get(rebalance).await));
    assert_eq!(action["action"], "terminate");
    let at = |time: &Value| text(time).parse::<jiff::Timestamp>().unwrap();
    let warning = at(&action["time"]).duration_since(at(&rebalance["noticeTime"]));
    assert_eq!(warning, jiff::SignedDuration::from_mins(2));
}
