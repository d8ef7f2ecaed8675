//! Known devices: browsers on which somebody has signed in before, and which no stranger's guesses lock (f02).

use super::lockout::LockoutPolicy;

/// A person is known on a device for so many days after the last sign-in there: as long as its cookie lives.
pub const KNOWN_DAYS: u16 = 180;

/// So many persons are known on one device: a family, or the computer of a residence's hall. The oldest goes.
pub const PERSONS: u8 = 10;

/// Failures on one device at all persons whom it knows together; those at each of them are slowed by the person's policy
/// beside that.
pub const LOCKOUT: LockoutPolicy = LockoutPolicy {
    free_failures: 25,
    first_delay_s: 90,
    longest_delay_s: 4 * 3600,
    daily_failures: 25,
    calm_s: 24 * 3600,
};
