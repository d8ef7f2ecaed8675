//! How many letters somebody can cause (f04, SEC-248): further requests are answered as before, without a letter.

use jiff::Timestamp;

use super::{Caller, Fault};
use crate::domain::email::EmailAddress;
use crate::store::Tx;

/// Letters to one address in an hour.
const LETTERS_PER_ADDRESS: u32 = 5;

/// Letters that one client address can cause in an hour; an office or a residence may share it.
const LETTERS_PER_PLACE: u32 = 60;

/// Whether another letter may go there, and if so, counts it.
pub(super) async fn may_write_to(
    tx: &mut Tx,
    caller: &Caller,
    email: &EmailAddress,
    now: Timestamp,
) -> Result<bool, Fault> {
    let address = format!("address:{}", email.key());
    let place = format!("place:{}", caller.client);
    let over = tx.letters_in_last_hour(&address, now).await? >= LETTERS_PER_ADDRESS
        || tx.letters_in_last_hour(&place, now).await? >= LETTERS_PER_PLACE;
    if !over {
        tx.count_letter(&address, now).await?;
        tx.count_letter(&place, now).await?;
    }
    Ok(!over)
}
