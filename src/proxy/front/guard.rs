//! What every answer of ours says, whatever it is.

use pingora::Result;
use pingora::http::ResponseHeader;

/// The headers of all our answers (SEC-240; OWASP's list of secure headers, ASVS 5.0 3.4). What an extranet answers is its
/// own.
const GUARD: [(&str, &str); 9] = [
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), encrypted-media=(), \
         fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), \
         publickey-credentials-get=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()",
    ),
    ("content-security-policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("x-permitted-cross-domain-policies", "none"),
    ("referrer-policy", "same-origin"),
    ("x-dns-prefetch-control", "off"),
];

/// Says it: nobody's page opens, frames or embeds it, no sensor is for it, and a text is never taken for a page. A page
/// has said more precisely what it may load, and what is said stays.
///
/// # Errors
/// Never: the values stand here.
pub fn guard(header: &mut ResponseHeader) -> Result<()> {
    for (name, value) in GUARD {
        if !header.headers.contains_key(name) {
            header.insert_header(name, value)?;
        }
    }
    Ok(())
}
