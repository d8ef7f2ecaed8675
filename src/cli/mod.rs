//! The command line: the only place that names every module.
