//! The only place that knows pingora: request, decision, forward.
