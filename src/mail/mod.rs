//! Letters composed from the outbox and sent.
