//! From the socket to a request that reads the same for everybody: TLS, the PROXY protocol, heads and bodies by the letter.
//! Nothing here knows who asks, or for what.

mod about;
pub mod asked;
pub mod certificates;
mod chunks;
pub mod client;
mod client_stream;
pub mod engine;
mod farewell;
mod frames;
pub mod guard;
pub mod handshake;
mod head;
pub mod proxy_protocol;
pub mod refusal;
pub mod wire;
