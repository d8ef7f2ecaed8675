//! People, credentials, links, flows, letters and the trace in SQL; never decides.
