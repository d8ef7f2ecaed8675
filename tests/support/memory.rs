//! What a core of a running process would hold: its memory, read from beside it as only root can.

use std::{fs, io, os::unix::fs::FileExt};

const PAGE: usize = 4096;
const NOTHING: [u8; PAGE] = [0; PAGE];

/// The pages that a process can write to and has written to. Refused to everybody but root, because the gateway lets
/// nobody look into it.
pub fn of(process: u32) -> io::Result<Vec<u8>> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps"))?;
    let memory = fs::File::open(format!("/proc/{process}/mem"))?;
    let mut held = Vec::new();
    let mut piece = vec![0; 256 * PAGE];
    for line in maps.lines().filter(|line| line.split_whitespace().nth(1).is_some_and(|may| may.starts_with("rw"))) {
        let (from, to) = line.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
        let [mut at, end] = [from, to].map(|address| u64::from_str_radix(address, 16).expect("an address"));
        while at < end {
            let length = usize::try_from(end - at).expect("a size").min(piece.len());
            // Some of the kernel's own pages cannot be read.
            let Ok(read) = memory.read_at(&mut piece[..length], at) else { break };
            let pages = piece[..read].chunks(PAGE);
            pages.filter(|page| **page != NOTHING[..page.len()]).for_each(|page| held.extend_from_slice(page));
            at += read.max(1) as u64;
        }
    }
    Ok(held)
}
