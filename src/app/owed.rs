//! What was counted against residents and could not be taken back, because something of ours was out of order by then
//! (REL-027): it is taken back before anything is counted again. It goes with the process.

use std::sync::{Mutex, PoisonError};

use super::throttle::Reserved;

/// More than this many are not kept: the next to be counted pays for all of them.
const MOST: usize = 200;

/// Attempts that were no failures, and are counted as such.
#[derive(Debug, Default)]
pub struct Owed(Mutex<Vec<Reserved>>);

impl Owed {
    pub(super) fn add(&self, reserved: Reserved) {
        let mut owed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if owed.len() < MOST {
            owed.push(reserved);
        }
    }

    pub(super) fn next(&self) -> Option<Reserved> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}
