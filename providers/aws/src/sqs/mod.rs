//! Resource types of SQS, one per file, and queues by URL.

pub(crate) mod queue;
pub(crate) mod queue_policy;

use std::collections::BTreeMap;

use aws_sdk_sqs::types::QueueAttributeName as Name;

use crate::api::Api;
use crate::bulk::{Found, each};
use crate::resource::Result;
use crate::tags::Tags;

/// Attributes of a queue by the API's names.
pub(crate) type Attributes = BTreeMap<String, String>;

/// Attributes by URL.
pub(crate) async fn attributes(api: Api, urls: Vec<String>) -> Result<Found<Attributes>> {
    let api = &api;
    each(urls, |url| async move {
        let ask =
            || api.sqs().get_queue_attributes().queue_url(&url).attribute_names(Name::All).send();
        let answer = api.call("sqs", "GetQueueAttributes", ask).await?;
        let all = answer.attributes.unwrap_or_default().into_iter();
        Ok(all.map(|(name, value)| (name.as_str().to_owned(), value)).collect())
    })
    .await
}

/// Tags by URL.
pub(crate) async fn tags(api: Api, urls: Vec<String>) -> Result<Found<Tags>> {
    let api = &api;
    each(urls, |url| async move {
        let ask = || api.sqs().list_queue_tags().queue_url(&url).send();
        let answer = api.call("sqs", "ListQueueTags", ask).await?;
        Ok(answer.tags.unwrap_or_default().into_iter().collect())
    })
    .await
}

/// Sets attributes.
pub(crate) async fn set(api: &Api, url: &str, all: Vec<(Name, String)>) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    let call = || {
        let call = api.sqs().set_queue_attributes().queue_url(url);
        call.set_attributes(Some(all.iter().cloned().collect())).send()
    };
    api.call("sqs", "SetQueueAttributes", call).await.map(|_| ())
}
