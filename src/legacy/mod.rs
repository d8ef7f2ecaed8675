//! Speaking each extranet's own sign-in.
