//! From the socket to a request that reads the same for everybody: TLS, the PROXY protocol, heads and bodies by the letter.
//! Nothing here knows who asks, or for what.

pub mod asked;
pub mod certificates;
mod chunks;
pub mod client;
pub mod engine;
mod farewell;
mod frames;
mod head;
pub mod line;
pub mod wire;
