//! What all our own pages need: forms, CSRF, cookies, responses.
