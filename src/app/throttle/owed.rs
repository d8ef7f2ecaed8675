//! What was counted against residents and could not be taken back, because something of ours was out of order by then
//! (REL-027): it is taken back before anything is counted again. It goes with the process.

use std::sync::{Mutex, PoisonError};

use super::reserved::Reserved;
use crate::app::{App, Fault};
use crate::store::Receipt;

/// More than this many are not kept: the next to be counted pays for all of them.
const MOST: usize = 200;

/// Attempts that were no failures, and are counted as such.
#[derive(Debug, Default)]
pub struct Owed(Mutex<Vec<Debt>>);

/// An attempt that is counted, or may be.
#[derive(Debug)]
pub(super) struct Debt {
    pub(super) reserved: Reserved,
    doubt: Option<Doubt>,
}

/// What somebody who got no answer has to find out first.
#[derive(Debug)]
pub(super) enum Doubt {
    /// Whether it was counted.
    Counted(Receipt),
    /// Whether it was taken back already.
    TakenBack(Receipt),
}

impl Owed {
    pub(super) fn add(&self, reserved: Reserved, doubt: Option<Doubt>) {
        if !reserved.is_empty() {
            self.put(Debt { reserved, doubt });
        }
    }

    pub(super) fn put(&self, debt: Debt) {
        let mut owed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if owed.len() < MOST {
            owed.push(debt);
        }
    }

    pub(super) fn next(&self) -> Option<Debt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

impl Debt {
    /// Whether it is counted; None while the database is still at it.
    pub(super) async fn is_owed(&self, app: &App) -> Result<Option<bool>, Fault> {
        Ok(match self.doubt {
            None => Some(true),
            Some(Doubt::Counted(receipt)) => app.store.happened(receipt).await?,
            Some(Doubt::TakenBack(receipt)) => app.store.happened(receipt).await?.map(|happened| !happened),
        })
    }
}
