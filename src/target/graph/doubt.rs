//! Looks that disagree. Every look is answered by another replica, and each lags by its own time:
//! what one look showed, the next one may not show yet.
//!
//! So a look that shows an object otherwise than the plan expects it is believed at once, unless
//! another one showed it as expected a short while ago. Then nobody knows which of the two is the
//! newer one, and the service is asked again until it has to know.

use jiff::Timestamp;

use super::GraphTarget;
use super::memory::{Since, Wrote};
use super::mirror::Mirror;
use super::object_id::ObjectId;
use super::write::APPEARS;
use crate::model::entry::Attributes;
use crate::target::WriteError;

/// Looks after the first one.
const LOOKS: usize = 5;

impl GraphTarget {
    /// Looks, and where there is doubt looks again for a while, until it is as expected.
    pub(super) async fn look_until<T>(
        &self,
        is_doubtful: bool,
        look: impl AsyncFn() -> T,
        is_expected: impl Fn(&T) -> bool,
    ) -> T {
        let mut found = look().await;
        for pause in APPEARS.iter().take(LOOKS) {
            if !is_doubtful || is_expected(&found) {
                break;
            }
            self.settings.tempo().sleep(*pause).await;
            found = look().await;
        }
        found
    }

    /// We made this object, brought it back, or saw it stand, so lately that a replica may not
    /// show it.
    pub(super) fn is_new(&self, id: ObjectId) -> bool {
        let now = (self.settings.now)();
        let mirror = self.mirror();
        let memory = &mirror.memory;
        mirror.fresh(id, now).is_some()
            || memory.users.contains_key(&id) && mirror.is_sight_new(&memory.users_since, now)
            || memory.groups.contains_key(&id) && mirror.is_sight_new(&memory.groups_since, now)
    }
}

/// What a look found, or why not, is as the plan expects it. An error that no other replica would
/// mend counts as well: asking again is of no use.
pub(super) fn is_settled<T>(
    found: &Result<Option<T>, WriteError>,
    is_expected: impl Fn(&T) -> bool,
) -> bool {
    match found {
        Ok(Some(found)) => is_expected(found),
        Ok(None) | Err(WriteError::Stale(_)) => false,
        Err(_) => true,
    }
}

/// What we know of an object before a look at it.
pub(super) struct Known {
    pub(super) attributes: Option<Attributes>,
    /// What we wrote of it so lately that a look may not show it.
    pub(super) wrote: Option<Wrote>,
    /// It was seen so lately that a look may be behind.
    pub(super) is_sight_new: bool,
}

impl Mirror {
    /// The whole was read so lately that a look may show an older state than the one we know.
    fn is_sight_new(&self, since: &Option<Since>, now: Timestamp) -> bool {
        let given_at = since.as_ref().map(|since| since.given_at);
        let at = self.looked_at.max(given_at);
        at.is_none_or(|at| self.is_fresh(at, now))
    }

    pub(super) fn known_user(&self, id: ObjectId, now: Timestamp) -> Known {
        Known {
            attributes: self.user_attributes(id),
            wrote: self.fresh(id, now).cloned(),
            is_sight_new: self.is_sight_new(&self.memory.users_since, now),
        }
    }

    pub(super) fn known_group(&self, id: ObjectId, now: Timestamp) -> Known {
        Known {
            attributes: self.group_attributes(id),
            wrote: self.fresh(id, now).cloned(),
            is_sight_new: self.is_sight_new(&self.memory.groups_since, now),
        }
    }
}

impl Known {
    /// We wrote this of it, so lately that we know better than a look.
    pub(super) fn has_written(&self, name: &str) -> bool {
        match &self.wrote {
            Some(Wrote::Whole) => true,
            Some(Wrote::Part(names)) => names.contains(name),
            Some(Wrote::Gone) | None => false,
        }
    }

    /// What a look shows, but for what we wrote lately.
    pub(super) fn overlaid(&self, seen: Attributes) -> Attributes {
        let Some(known) = &self.attributes else { return seen };
        let kept = seen.iter().filter(|(name, _)| !self.has_written(name));
        let ours = known.iter().filter(|(name, _)| self.has_written(name));
        kept.chain(ours).collect()
    }

    /// We know it as the plan expects it: a look that differs is in doubt.
    pub(super) fn is_doubtful(&self, is_expected: impl Fn(&Attributes) -> bool) -> bool {
        self.is_sight_new && self.attributes.as_ref().is_some_and(is_expected)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn map(pairs: &[(&str, &str)]) -> Attributes {
        pairs.iter().map(|(name, value)| (name, [value])).collect()
    }

    #[test]
    fn what_we_wrote_a_moment_ago_is_believed_before_a_look() {
        let seen = || map(&[("a", "old"), ("b", "theirs"), ("c", "gone")]);
        let wrote = Wrote::Part(BTreeSet::from(["a".to_owned(), "c".to_owned()]));
        let attributes = Some(map(&[("a", "new"), ("b", "ours")]));
        let mut known = Known { attributes, wrote: Some(wrote), is_sight_new: true };
        assert_eq!(known.overlaid(seen()), map(&[("a", "new"), ("b", "theirs")]));
        known.wrote = None;
        assert_eq!(known.overlaid(seen()), seen());
    }
}
