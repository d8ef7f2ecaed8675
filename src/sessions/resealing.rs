//! Extranets' cookies that do not live beside everything else, for the rotation of the vault's key: found over the people
//! who have sessions, because a cluster cannot be walked through as a whole.

use futures_util::future::try_join_all;

use super::{Sessions, SessionsError, Truth};
use crate::domain::identity::IdentityId;
use crate::store::{Sealed, SealedPlace};

/// The sealed cookies of some people's sessions.
#[derive(Debug)]
pub struct JarsElsewhere {
    /// The last of these people: ask for those behind next.
    pub last: IdentityId,
    /// Where each jar stands, and the jar.
    pub jars: Vec<(SealedPlace, Sealed)>,
}

impl<P: Clone> Sessions<P> {
    /// The jars of so many people, those behind `after`, which [`crate::store::Tx::sealed_otherwise`] does not find;
    /// none when there is nobody left, or the jars live in SQL.
    pub async fn jars_elsewhere(
        &self,
        after: Option<&IdentityId>,
        people: u32,
    ) -> Result<Option<JarsElsewhere>, SessionsError> {
        let Truth::Redis(redis) = &self.truth else { return Ok(None) };
        let people = self.store.read().await?.people_behind(after, people).await?;
        let Some(last) = people.last().cloned() else { return Ok(None) };
        let of_each = try_join_all(people.iter().map(|person| redis.sealed_of(person))).await?;
        Ok(Some(JarsElsewhere { last, jars: of_each.into_iter().flatten().collect() }))
    }

    /// Puts the same cookies, sealed anew, in the place of what was read, as the same version; false if that is not there
    /// any more.
    pub async fn reseal_elsewhere(
        &self,
        place: &SealedPlace,
        read: &Sealed,
        anew: &Sealed,
    ) -> Result<bool, SessionsError> {
        match (&self.truth, place) {
            (Truth::Redis(redis), SealedPlace::Cookies(session, link)) => {
                Ok(redis.reseal_jar(session, link, read, anew).await?)
            }
            _ => Ok(false),
        }
    }
}
