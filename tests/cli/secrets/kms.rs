//! Keys of AWS KMS, by an airplane's.

use super::{ONE, SECRET, with};
use crate::airplane::Aloft;
use crate::place::Place;

const MAKER: &str = r#"
provider "aws" { region = "eu-west-1" }
resource "aws_kms_key" "state" { description = "seals states" }
resource "aws_kms_alias" "state" {
  name          = "alias/kprov-state"
  target_key_id = aws_kms_key.state.key_id
}
resource "aws_kms_key" "other" { description = "another one" }
output "arn" { value = aws_kms_key.state.arn }
output "other" { value = aws_kms_key.other.arn }
"#;

#[test]
fn kms_seals_and_opens() {
    let sky = Aloft::new(Place::new(MAKER), "scaled:60");
    sky.kprov("apply -auto-approve").succeeds();
    let told = |name: &str| sky.place.kprov(&format!("output -raw {name}")).succeeds().stdout;
    let (arn, other) = (told("arn"), told("other"));
    let endpoint = sky.endpoint();
    let around = |key: &'static str, value: String| {
        let aws = [
            ("AWS_ENDPOINT_URL", endpoint.clone()),
            ("AWS_ACCESS_KEY_ID", "AIRPLANE123456789012".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "airplane".to_owned()),
            ("AWS_REGION", "eu-west-1".to_owned()),
            ("TF_VAR_secret", SECRET.to_owned()),
        ];
        [aws.to_vec(), vec![(key, value)]].concat()
    };
    fn run(place: &Place, variables: &[(&str, String)], line: &str) -> crate::program::Output {
        let borrowed: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        with(place, &borrowed, line)
    }
    let place = Place::new(ONE);
    let by_alias = around("KPROV_STATE_KMS_KEY", "alias/kprov-state".to_owned());
    let by_arn = around("KPROV_STATE_KMS_KEY", arn);
    let wrong = around("KPROV_STATE_KMS_KEY", other.clone());
    run(&place, &by_alias, "plan -out=p").succeeds();
    run(&place, &by_alias, "apply p").succeeds();
    assert!(!place.root().join("home/.config/kprov").exists());
    for around in [&by_alias, &by_arn] {
        assert_eq!(run(&place, around, "output -raw kept").succeeds().stdout, SECRET);
        run(&place, around, "plan -detailed-exitcode").succeeds();
    }
    run(&place, &wrong, "show").fails(&["Sealed state", "KMS"]);
    place.kprov("show").fails(&["Sealed state", "alias/kprov-state", "KPROV_STATE_KMS_KEY"]);
    place.kprov("state list").succeeds();
    // To another KMS key, and back to a file.
    run(&place, &by_alias, &format!("state rekey -kms-key {other}")).succeeds();
    assert_eq!(run(&place, &wrong, "output -raw kept").succeeds().stdout, SECRET);
    run(&place, &by_alias, "show").fails(&["Sealed state"]);
    run(&place, &wrong, "state rekey -to file -data").succeeds();
    assert_eq!(place.kprov("output -raw kept").succeeds().stdout, SECRET);
    // Where nothing is secret KMS is not asked.
    let calls = sky.calls();
    let plain = Place::new("resource \"terraform_data\" \"a\" { input = 1 }");
    run(&plain, &by_alias, "apply -auto-approve").succeeds();
    run(&plain, &by_alias, "plan -detailed-exitcode").succeeds();
    assert_eq!(sky.calls(), calls);
}
