//! What correctness leans on in pingora, in one place: set here whatever its default is, and where it cannot be set, held by
//! a test on the wire that fails when an update changes it.
//!
//! | What | Set by | Held by |
//! |---|---|---|
//! | No cleartext HTTP/2, no CONNECT | [`options`] | `engine_speaks_…` |
//! | One request at a time: pingora pipelines nothing, `Wire` does | [`set_up`] | SEC-129 |
//! | A body that is unread at the answer ends the connection | [`set_up`] | `engine_closes_…` |
//! | A client that goes away ends its request upstream | [`set_up`] | `engine_lets_…` |
//! | Interim answers reach the client | [`set_up`] | `expect_100_continue_…` |
//! | Times to read and to write | [`set_up`] | REL-048, `a_long_poll_…` |
//! | Retries: before anything is sent, and never a body twice | [`conf`], `Gateway::fail_to_connect` | `engine_repeats_…` |
//! | Connections upstream are kept for seconds, and in a pool with an end | [`conf`], `Backend` | REL-039 |
//! | No TLS secrets to a file | [`conf`] | |
//! | Streams, fields and resets of HTTP/2 | [`http2_limits`] | e13, SEC-142 |
//! | HTTP/0.9, bare LF, a length beside a coding, CL twice | `proxy::front::asked` | SEC-101 to 128, `engine_speaks_…` |
//! | Chunks, and where a body ends | `proxy::front::wire`, `proxy::front::chunks` | SEC-113, SEC-115 |
//! | 101 only to whom asked for it | `proxy::passage::way_back` | `engine_changes_…` |
//! | Trailers go nowhere; answers are framed anew | | SEC-117, `engine_frames_…` |

use std::time::Duration;

use pingora::apps::HttpServerOptions;
use pingora::protocols::http::v2::server::H2Options;
use pingora::proxy::Session;
use pingora::server::configuration::ServerConf;

/// Idle connections kept to extranets, for each worker.
const UPSTREAM_POOL: usize = 256;
/// Attempts for one request: its first, one for a pooled connection that was just closed, and a name's other addresses.
const MAX_ATTEMPTS: usize = 4;
/// Requests at a time on one connection of HTTP/2.
const MAX_STREAMS: u32 = 100;
/// Bytes of the fields of one request over HTTP/2, as HTTP/2 counts them.
const MAX_HEADER_LIST: u32 = 64 * 1024;
/// Streams that a client has reset before we looked at them (CVE-2023-44487).
const MAX_RESETS: usize = 20;
/// Streams that we had to reset for a client's mistakes.
const MAX_ERROR_RESETS: usize = 64;
/// Bytes of an answer that wait for a client to read them, for each stream.
const MAX_SEND_BUFFER: usize = 128 * 1024;
/// Longest wait for a client to send the next bytes of a request.
const READ_TIMEOUT: Duration = Duration::from_mins(1);
/// Longest wait for a client to take the next bytes of an answer.
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);

/// The engine's own configuration.
pub fn conf(workers: usize) -> ServerConf {
    ServerConf {
        threads: workers.max(1),
        upstream_keepalive_pool_size: UPSTREAM_POOL,
        max_retries: MAX_ATTEMPTS,
        upstream_debug_ssl_keylog: false,
        ..ServerConf::default()
    }
}

/// What it speaks with clients.
pub fn options(idle: Duration) -> HttpServerOptions {
    let mut options = HttpServerOptions::default();
    options.h2c = false;
    options.allow_connect_method_proxying = false;
    options.keepalive_request_limit = None;
    options.h2_idle_timeout = Some(idle);
    options
}

/// What one connection of HTTP/2 may hold or ask of us; who resets streams as fast as it opens them is closed.
pub fn http2_limits() -> H2Options {
    let mut limits = H2Options::default();
    limits
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_LIST)
        .max_pending_accept_reset_streams(MAX_RESETS)
        .max_local_error_reset_streams(Some(MAX_ERROR_RESETS))
        .max_send_buffer_size(MAX_SEND_BUFFER);
    limits
}

/// Whether a request can be sent again where a connection from before turns out to be closed: it asks for nothing to be
/// done, or to be done twice (RFC 9110, 9.2.2), and has no body, which is not kept.
pub fn may_repeat(session: &mut Session) -> bool {
    session.req_header().method.is_idempotent() && session.as_mut().is_body_empty()
}

/// What holds for each request; a connection of HTTP/1.1 is kept for so many seconds after it.
pub fn set_up(session: &mut Session, idle_seconds: u64) {
    if session.get_keepalive().is_some() {
        session.set_keepalive(Some(idle_seconds));
    }
    session.set_read_timeout(Some(READ_TIMEOUT));
    session.set_write_timeout(Some(WRITE_TIMEOUT));
    session.set_pipelining_enabled(false);
    session.set_close_on_response_before_downstream_finish(true);
    session.set_abort_on_close(true);
    session.set_ignore_info_resp(false);
    session.set_min_send_rate(None);
}
