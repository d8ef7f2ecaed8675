//! Configuration, as written and as used, with every problem told at once.
