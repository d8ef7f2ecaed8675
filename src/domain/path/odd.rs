//! Odd paths, of which the rules and the door are tested alike.

/// Below a public folder: what some server reads as climbing out of it (SEC-027, ATT-15).
pub(crate) const CLIMBS_SOMEWHERE: [&str; 17] = [
    "%c0%ae%c0%ae/private",
    "%c0%af..%c0%afprivate",
    "%e0%80%ae%e0%80%ae/",
    "%c0%ae%c0%ae%c0%afprivate",
    "%c1%9c..%c1%9c",
    "..%c0%af",
    "..%c1%9c",
    "x/..%c0%ae/",
    "%ef%bc%8e%ef%bc%8e%ef%bc%8f",
    "..%ef%bc%8f",
    ".%e2%80%8b./",
    "..%20/",
    "%2e%2e%20/",
    "..%a0/",
    "..:/",
    "..::$DATA/",
    "..+/",
];

/// Below a public folder: what is ambiguous only for the rule that opens it (case 10).
pub(crate) const AMBIGUOUS: [&str; 6] =
    ["css//site.css", "a;v=1.css", "50%25.gif", "R%E9sidence.pdf", "a%2Fb", "x%2fy"];

/// Below a public folder: what climbs for every server.
pub(crate) const CLIMBS: &str = "%25zz/%252e%252e/private";
