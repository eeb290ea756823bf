//! Writing: create with everything that follows it, update, tags, delete.

use std::time::{Duration, SystemTime};

use aws_sdk_ec2::types::{Filter, Tag};
use kprov_core::Str;

use super::{Adapter, AwsResource, Create, Made, Result, Tagging};
use crate::api::{Api, AwsError};
use crate::fields::Fields;
use crate::row::Row;
use crate::tags::{OPERATION, Tags};

/// How long a new object may stay invisible to reads.
const INVISIBLE: Duration = Duration::from_secs(90);

/// How long an object of which only the tag is seen may take to turn up.
const TURN_UP: Duration = Duration::from_secs(15);

/// Between the moments at which new objects are looked for first.
const FIRST_LOOK: Duration = Duration::from_millis(250);

/// And at most.
const LONGEST_LOOK: Duration = Duration::from_secs(4);

/// The time between looks at what was made so long ago: half of that, in powers of two.
fn step(age: Duration) -> Duration {
    let mut step = FIRST_LOOK;
    while step < LONGEST_LOOK && step * 4 <= age {
        step *= 2;
    }
    step
}

/// How long until the clock shows the next multiple of `step`; never nothing.
pub(super) fn until_next(now: SystemTime, step: Duration) -> Duration {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
    let step = step.as_millis().max(1);
    Duration::from_millis(u64::try_from(step - since % step).unwrap_or_default())
}

/// A change in place, as the type sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changes<'a> {
    /// As it is.
    pub(crate) prior: Fields<'a>,
    /// As it shall be.
    pub(crate) planned: Fields<'a>,
    /// What the user wrote.
    pub(crate) config: Fields<'a>,
    pub(super) names: &'a [Str],
}

impl<'a> Changes<'a> {
    /// Does the attribute or block differ?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|changed| *changed == name)
    }

    /// Names of all that differ.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.names.iter().map(Str::as_str)
    }

    /// Does one of them differ?
    pub(crate) fn any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    /// The object's id.
    pub(crate) fn id(&self) -> &'a str {
        self.prior.id()
    }
}

impl<T: AwsResource> Adapter<T> {
    /// Makes the object, or finds it where this create is repeated, and completes it.
    pub(super) async fn make(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let repeated = api.use_token(create.token).is_some();
        let found = if repeated { self.find_alive(api, create).await? } else { None };
        let made = match found {
            Some(made) => Ok(made),
            None => self.inner.create(api, create).await,
        };
        // A create may wait for long (for a name to be free) before it is carried out.
        api.use_token(create.token);
        let made = made?;
        api.made(&made.id);
        let completed = self.inner.complete(api, &made.id, create).await;
        completed.map_err(|error| api.conclude(create.token, error).after_effect())?;
        Ok(made)
    }

    /// Completes an object that a create with this token left behind; why that cannot be done.
    pub(super) async fn finish(
        &self,
        api: &Api,
        made: &Made,
        create: Create<'_>,
    ) -> Result<Option<AwsError>> {
        if let Some(error) = api.concluded(create.token) {
            return Ok(Some(error));
        }
        api.made(&made.id);
        match self.inner.complete(api, &made.id, create).await {
            Err(error) if error.is_conclusion() => Ok(Some(error)),
            Err(error) => Err(error.after_effect()),
            Ok(()) => Ok(None),
        }
    }

    /// What a create with this token made, if it is still there. Tags outlive objects for a while,
    /// and a new object may be seen by its tag first: it gets a moment to turn up.
    async fn find_alive(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let Some(made) = self.find(api, create).await? else { return Ok(None) };
        let known = self.identified(create.planned.0, &made);
        let known = known.map_err(|error| AwsError::lost("Unidentified", error))?;
        Ok(self.read_found(api, Fields(&known)).await?.map(|_| made))
    }

    /// Reads an object that was found by its tag or name.
    pub(super) async fn read_found(&self, api: &Api, object: Fields<'_>) -> Result<Option<Row>> {
        match self.read_within(api, object, TURN_UP).await {
            Ok(row) => Ok(Some(row)),
            Err(error) if error.is(&["NotVisible"]) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What a create with this token made.
    pub(super) async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        match self.inner.tagging() {
            Tagging::Ec2(kind) => Ok(find_tagged(api, kind, create.token).await?.map(Made::id)),
            _ => self.inner.find(api, create).await,
        }
    }

    /// Reads a new object, which may not be visible at once.
    pub(super) async fn read_back(&self, api: &Api, object: Fields<'_>) -> Result<Row> {
        let patience = object.timeout("create", INVISIBLE);
        self.read_within(api, object, patience).await.map_err(AwsError::after_effect)
    }

    /// Reads an object until it is visible. All look at the same moments, so that objects that were
    /// made one after the other are read together.
    async fn read_within(&self, api: &Api, object: Fields<'_>, patience: Duration) -> Result<Row> {
        let start = api.now();
        let mut api = api.recalling();
        if let Some(told) = api.recalling_only() {
            match self.inner.read(&told, object).await {
                // What was told tells it all.
                Ok(Some(row)) => return Ok(row),
                Err(error) if error.is_not_told() => {}
                _ => api = api.plain(),
            }
        }
        let api = &api;
        loop {
            api.sleep(until_next(api.now(), step(api.since(start)))).await;
            let row = match self.inner.read(api, object).await {
                Err(error) if error.is_not_found() => None,
                row => row?,
            };
            if let Some(row) = row {
                return Ok(row);
            }
            if api.since(start) >= patience {
                let message = format!("{} {} was made, but is not visible", self.name, object.id());
                return Err(AwsError::lost("NotVisible", message));
            }
        }
    }

    /// Writes the difference between two sets of tags.
    pub(super) async fn retag(
        &self,
        api: &Api,
        object: Fields<'_>,
        old: &Tags,
        new: &Tags,
    ) -> Result<()> {
        let (removed, written) = crate::tags::difference(old, new);
        if removed.is_empty() && written.is_empty() {
            return Ok(());
        }
        match self.inner.tagging() {
            Tagging::None => Ok(()),
            Tagging::Own => self.inner.retag(api, object, removed, written).await,
            Tagging::Ec2(_) => retag_ec2(api, object.id(), &removed, &written).await,
        }
    }

    /// Deletes, waiting for what still needs the object.
    pub(super) async fn remove(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let patience = prior.timeout("delete", self.inner.delete_patience());
        let delete = || self.inner.delete(api, prior);
        match api.insist(patience, AwsError::is_in_use, delete).await {
            Err(error) if error.is_not_found() => Ok(()),
            Err(mut error) if error.is_in_use() => {
                let holders = self.inner.holders(api, prior).await.unwrap_or_default();
                if !holders.is_empty() {
                    error.message =
                        format!("{} It is held by {}.", error.message.trim(), holders.join(", "));
                }
                Err(error)
            }
            result => result,
        }
    }
}

/// The EC2 object that carries the token.
async fn find_tagged(api: &Api, kind: &str, token: &str) -> Result<Option<String>> {
    let filter = |name: &str, value: &str| Filter::builder().name(name).values(value).build();
    let ask = || {
        api.ec2()
            .describe_tags()
            .filters(filter("key", OPERATION))
            .filters(filter("value", token))
            .filters(filter("resource-type", kind))
            .send()
    };
    let answer = api.call("ec2", "DescribeTags", ask).await?;
    Ok(answer.tags().iter().find_map(|tag| tag.resource_id().map(str::to_owned)))
}

/// Removes and writes tags of an EC2 object.
pub(crate) async fn retag_ec2(
    api: &Api,
    id: &str,
    removed: &[String],
    written: &Tags,
) -> Result<()> {
    if !removed.is_empty() {
        let tags: Vec<Tag> = removed.iter().map(|key| Tag::builder().key(key).build()).collect();
        let remove = || api.ec2().delete_tags().resources(id).set_tags(Some(tags.clone())).send();
        api.call("ec2", "DeleteTags", remove).await?;
    }
    if !written.is_empty() {
        let tags = crate::ec2::tags(written);
        let write = || api.ec2().create_tags().resources(id).set_tags(Some(tags.clone())).send();
        api.call("ec2", "CreateTags", write).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_fall_on_the_same_moments_and_come_further_apart() {
        let at = |millis: u64| SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        let millis = Duration::from_millis;
        assert_eq!(until_next(at(1_010), FIRST_LOOK), millis(240));
        assert_eq!(until_next(at(1_100), FIRST_LOOK), millis(150));
        assert_eq!(until_next(at(1_250), FIRST_LOOK), FIRST_LOOK, "time must go on");
        let steps = [0, 999, 1_000, 2_000, 9_000, 60_000].map(|age| step(millis(age)).as_millis());
        assert_eq!(steps, [250, 250, 500, 1_000, 4_000, 4_000]);
    }
}
