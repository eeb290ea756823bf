//! The tree in SSM. By names, not by the whole prefix: a worker may not read what is for masters only.

use std::collections::BTreeMap;

use aws_config::SdkConfig;

use crate::aws::refused;
use crate::problem::Problem;

/// SSM takes so many names at once.
const AT_ONCE: usize = 10;

pub(super) async fn fetch(
    aws: &SdkConfig,
    prefix: &str,
    paths: &[String],
) -> Result<BTreeMap<String, String>, Problem> {
    let client = aws_sdk_ssm::Client::new(aws);
    let mut texts = BTreeMap::new();
    for some in paths.chunks(AT_ONCE) {
        let names = some.iter().map(|path| format!("{prefix}/{path}")).collect();
        let asked =
            client.get_parameters().set_names(Some(names)).with_decryption(true).send().await;
        let answer =
            asked.map_err(|error| refused("The PKI tree cannot be read from SSM", &error))?;
        for parameter in answer.parameters() {
            let path = parameter
                .name()
                .and_then(|name| name.strip_prefix(prefix))
                .map(|path| path.trim_start_matches('/'));
            if let (Some(path), Some(value)) = (path, parameter.value()) {
                texts.insert(path.to_owned(), value.to_owned());
            }
        }
    }
    Ok(texts)
}
