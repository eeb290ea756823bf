//! What data sources that search EC2 have in common: filters from arguments, and finding just one.

use aws_sdk_ec2::types::Filter;

use crate::api::AwsError;
use crate::ec2::filter;
use crate::fields::Fields;
use crate::resource::Result;

/// The code where nothing matches. What was made a moment ago may not be seen by a search yet.
pub(super) const NO_MATCH: &str = "NoMatch";

/// Filters from arguments (attribute and EC2's name), `tags` and `filter` blocks.
pub(super) fn filters(config: Fields<'_>, by: &[(&str, &str)]) -> Vec<Filter> {
    let argument = |(attribute, name): &(&str, &str)| {
        let text = config.string(attribute);
        let text =
            text.or_else(|| config.bool(attribute).filter(|it| *it).map(|_| "true".to_owned()));
        text.map(|text| filter(name, [text]))
    };
    let tags = config.map("tags").into_iter();
    let tags = tags.map(|(key, value)| filter(&format!("tag:{key}"), [value]));
    let blocks = config
        .blocks("filter")
        .filter_map(|block| Some(filter(block.str("name")?, block.strings("values"))));
    by.iter().filter_map(argument).chain(tags).chain(blocks).collect()
}

/// As the SDK takes them: `None` where there are none.
pub(super) fn some(filters: Vec<Filter>) -> Option<Vec<Filter>> {
    Some(filters).filter(|filters| !filters.is_empty())
}

/// The only item of what was found.
///
/// # Errors
/// Where there is none, or more than one, named by `id`.
pub(super) fn only<T>(mut found: Vec<T>, what: &str, id: fn(&T) -> Option<&str>) -> Result<T> {
    match found.len() {
        1 => Ok(found.swap_remove(0)),
        0 => {
            let message = format!(
                "No {what} matches all arguments. Check them, the region and the account; if it is made \
                 by this configuration, refer to its attributes so that it is made first."
            );
            Err(AwsError::refused(NO_MATCH, message))
        }
        count => {
            let ids: Vec<&str> = found.iter().filter_map(id).take(5).collect();
            let message = format!(
                "{count} of them match ({}{}), and just one {what} is wanted: add arguments.",
                ids.join(", "),
                if count > ids.len() { ", ..." } else { "" }
            );
            Err(AwsError::refused("TooManyMatches", message))
        }
    }
}
