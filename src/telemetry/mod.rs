//! Logs, request ids, the clock and the dice that the rest is handed.
