//! What the instance's metadata say of its end (IMDSv2).

use aws_config::imds;
use aws_config::imds::client::error::ImdsError;

use super::Told;
use crate::problem::{Problem, chain};

/// Asks for everything that may be told. What is not there, is not.
pub(crate) async fn ask(client: &imds::Client) -> Result<Told, Problem> {
    Ok(Told {
        spot: one(client, "spot/instance-action").await?,
        lifecycle: one(client, "autoscaling/target-lifecycle-state").await?,
        rebalance: one(client, "events/recommendations/rebalance").await?,
    })
}

async fn one(client: &imds::Client, path: &str) -> Result<Option<String>, Problem> {
    match client.get(format!("/latest/meta-data/{path}")).await {
        Ok(text) => Ok(Some(text.as_ref().to_owned())),
        Err(ImdsError::ErrorResponse(answer)) if answer.response().status().as_u16() == 404 => {
            Ok(None)
        }
        Err(error) => Err(Problem::new(
            "Notices of this machine's end cannot be read",
            format!("{path} of the instance's metadata: {}.", chain(&error)),
        )),
    }
}
