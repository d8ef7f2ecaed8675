//! Use cases: one file per intention, one transaction and one audit event each.
