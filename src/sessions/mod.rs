//! Who is signed in on which browser, behind one in-process cache.
