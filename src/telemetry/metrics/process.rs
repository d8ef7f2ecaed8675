//! What the system says of this process; behind our own word, the names are those of Prometheus' libraries.

use std::fs;

/// Figures of the process; what the system does not tell is left out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Process {
    /// Memory that it holds, bytes.
    pub(super) resident: Option<u64>,
    /// Open files, connections among them.
    pub(super) open_files: Option<u64>,
    /// As many as it may have.
    pub(super) most_files: Option<u64>,
}

impl Process {
    /// As they are now.
    pub(super) fn now() -> Self {
        let page = u64::try_from(rustix::param::page_size()).ok();
        let pages = fs::read_to_string("/proc/self/statm").ok().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let open = fs::read_dir("/proc/self/fd").ok().map(|open| u64::try_from(open.count()).unwrap_or(u64::MAX));
        Self {
            resident: pages.zip(page).map(|(pages, page): (u64, u64)| pages * page),
            // One of them is the folder that is read.
            open_files: open.map(|open| open.saturating_sub(1)),
            most_files: rustix::process::getrlimit(rustix::process::Resource::Nofile).current,
        }
    }
}
