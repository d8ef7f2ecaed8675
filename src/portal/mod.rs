//! The residents' pages.
