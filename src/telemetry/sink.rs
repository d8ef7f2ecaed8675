//! Where log lines go: into buffers in memory, from which one thread writes them in batches.
//!
//! No request waits for a disk or a pipe. What the sink does not take is dropped once a buffer is full, and counted.
//! Lines are whole: nothing else writes to the same place, and a batch is cut between lines only.

use std::cell::Cell;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use tokio::time::Instant;

/// The longest that a line waits before it is written, while the sink takes lines.
const LATEST: Duration = Duration::from_millis(100);
/// A buffer with so many bytes is written at once.
const FULL_ENOUGH: usize = 128 * 1024;
/// Bytes of a buffer; what does not fit is dropped.
const BUFFER: usize = 1024 * 1024;
/// Buffers; each thread uses one of them, so that threads seldom meet.
const BUFFERS: usize = 16;
/// Memory that an empty buffer keeps.
const KEPT: usize = 256 * 1024;
/// Pause where the sink says that it would block.
const PAUSE: Duration = Duration::from_millis(5);
/// What was dropped is told once in this time: on a full disk the line that tells it is dropped, too.
const TELL_EVERY: Duration = Duration::from_secs(1);

thread_local! {
    static MINE: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The buffers, shared by who writes lines and the thread that empties them.
pub struct Sink {
    buffers: [Buffer; BUFFERS],
    /// Whether the thread looks by itself; otherwise the next line has to wake it.
    awake: AtomicBool,
    thread: OnceLock<Thread>,
    dropped: AtomicU64,
    asked: AtomicU64,
    written: Mutex<u64>,
    was_written: Condvar,
}

/// Aligned, so that two threads' buffers share no cache line.
#[repr(align(128))]
#[derive(Default)]
struct Buffer(Mutex<Lines>);

/// Whole lines, and what the next one is written with.
#[derive(Default)]
pub struct Lines {
    bytes: Vec<u8>,
    stamp: super::stamp::Stamp,
}

/// How soon a line is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hurry {
    /// With the next batch.
    Batch,
    /// Now: somebody may be looking for it.
    Now,
}

impl Sink {
    /// Starts the thread that writes to `out`, in writes of at most `piece` bytes (a longer line goes alone).
    ///
    /// # Errors
    /// The thread cannot be started.
    pub fn start(out: impl Write + Send + 'static, piece: usize) -> io::Result<Arc<Self>> {
        let sink = Arc::new(Self {
            buffers: Default::default(),
            awake: AtomicBool::new(true),
            thread: OnceLock::new(),
            dropped: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            written: Mutex::new(0),
            was_written: Condvar::new(),
        });
        let its = Arc::clone(&sink);
        let handle = thread::Builder::new().name("log".into()).spawn(move || its.run(out, piece))?;
        // The cell is new, so setting it cannot fail.
        let _ = sink.thread.set(handle.thread().clone());
        Ok(sink)
    }

    /// Adds one line, which `write` appends whole, with its line end. False where it was dropped.
    pub fn add(&self, hurry: Hurry, write: impl FnOnce(&mut Vec<u8>, &mut super::stamp::Stamp)) -> bool {
        let mut lines = self.mine();
        let before = lines.bytes.len();
        let Lines { bytes, stamp } = &mut *lines;
        write(bytes, stamp);
        if bytes.len() > BUFFER {
            bytes.truncate(before);
            drop(lines);
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        let now = hurry == Hurry::Now || (before < FULL_ENOUGH && bytes.len() >= FULL_ENOUGH);
        drop(lines);
        if now || !self.awake.load(Ordering::Acquire) {
            self.wake();
        }
        true
    }

    /// Lines that were dropped since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Waits until everything that was added before is written, or for `patience`. True where it is.
    pub fn flush(&self, patience: Duration) -> bool {
        let asked = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        self.wake();
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.was_written.wait_timeout_while(written, patience, |written| *written < asked);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn wake(&self) {
        self.awake.store(true, Ordering::Release);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    fn mine(&self) -> MutexGuard<'_, Lines> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let mine = MINE.with(|mine| {
            mine.get().unwrap_or_else(|| {
                let given = NEXT.fetch_add(1, Ordering::Relaxed) % BUFFERS;
                mine.set(Some(given));
                given
            })
        });
        self.buffers[mine].0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For as long as the process lives: the lines of its last moments count.
    fn run(&self, out: impl Write, piece: usize) {
        let (mut batch, mut told, mut tell_at) = (Vec::new(), 0, Instant::now());
        let mut out = Whole { out, is_cut: false };
        loop {
            let asked = self.asked.load(Ordering::Acquire);
            // Before the look: a line that comes after the look finds it false, and wakes.
            self.awake.store(false, Ordering::SeqCst);
            let mut some = self.write_in_order(&mut out, piece);
            for buffer in &self.buffers {
                std::mem::swap(&mut buffer.0.lock().unwrap_or_else(PoisonError::into_inner).bytes, &mut batch);
                if !batch.is_empty() {
                    some = true;
                    self.awake.store(true, Ordering::Release);
                    self.write(&mut out, &batch, piece);
                    batch.clear();
                    batch.shrink_to(KEPT);
                }
            }
            *self.written.lock().unwrap_or_else(PoisonError::into_inner) = asked;
            self.was_written.notify_all();
            let dropped = self.dropped();
            if dropped > told && Instant::now() >= tell_at {
                // Written by this thread into one of the buffers, like any other line.
                tracing::warn!(lines = dropped - told, "log lines were dropped: the sink is too slow, or has no room");
                (told, tell_at) = (dropped, Instant::now() + TELL_EVERY);
            } else if some || dropped > told {
                thread::park_timeout(LATEST);
            } else if !self.awake.load(Ordering::SeqCst) {
                thread::park();
                // Something has come; what comes with it goes in the same batch.
                if self.asked.load(Ordering::Acquire) == asked {
                    thread::park_timeout(LATEST);
                }
            }
        }
    }

    /// Writes what waits in the order of its times, whatever buffers it is in, as long as that is not much: in a storm each
    /// buffer is written by itself. Whether there was something.
    fn write_in_order(&self, out: &mut Whole<impl Write>, piece: usize) -> bool {
        let waiting = |buffer: &Buffer| buffer.0.lock().unwrap_or_else(PoisonError::into_inner).bytes.len();
        let sizes = self.buffers.each_ref().map(waiting);
        if sizes.iter().filter(|size| **size > 0).count() < 2 || sizes.iter().sum::<usize>() > FULL_ENOUGH {
            return false;
        }
        let taken = self
            .buffers
            .each_ref()
            .map(|buffer| std::mem::take(&mut buffer.0.lock().unwrap_or_else(PoisonError::into_inner).bytes));
        self.awake.store(true, Ordering::Release);
        self.write(out, &in_order(&taken), piece);
        true
    }

    fn write(&self, out: &mut Whole<impl Write>, batch: &[u8], piece: usize) {
        let mut rest = batch;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(whole_lines(rest, piece));
            // There is nowhere to tell it but in the metrics, and once there is room again.
            self.dropped.fetch_add(lines(out.write_all(now)), Ordering::Relaxed);
            rest = later;
        }
    }
}

/// The lines of several buffers by the times that they begin with; one without a time stays behind the one before it.
fn in_order(buffers: &[Vec<u8>]) -> Vec<u8> {
    let mut lines: Vec<(&[u8], &[u8])> = Vec::new();
    for buffer in buffers {
        let mut last: &[u8] = &[];
        for line in buffer.split_inclusive(|byte| *byte == b'\n') {
            last = time_of(line).unwrap_or(last);
            lines.push((last, line));
        }
    }
    // Stable: what has one time keeps its order.
    lines.sort_by_key(|(time, _)| *time);
    lines.iter().flat_map(|(_, line)| *line).copied().collect()
}

/// `2026-11-22T05:56:34.000007Z`, where a line begins with it, as text or as JSON.
fn time_of(line: &[u8]) -> Option<&[u8]> {
    const LENGTH: usize = "2026-11-22T05:56:34.000007Z".len();
    let line = line.strip_prefix(b"{\"timestamp\":\"").unwrap_or(line);
    line.get(..LENGTH).filter(|time| time[0].is_ascii_digit() && time[LENGTH - 1] == b'Z')
}

/// How many bytes of the beginning are whole lines within `piece`; one line at least.
fn whole_lines(bytes: &[u8], piece: usize) -> usize {
    if bytes.len() <= piece {
        return bytes.len();
    }
    let ends = |byte: &u8| *byte == b'\n';
    let within = bytes[..piece].iter().rposition(ends);
    within.or_else(|| bytes.iter().position(ends)).map_or(bytes.len(), |end| end + 1)
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| sum + u64::from(*byte == b'\n'))
}

/// Where lines go; what was cut off in the middle of one stays on a line of its own.
struct Whole<W> {
    out: W,
    is_cut: bool,
}

impl<W: Write> Whole<W> {
    /// Writes these lines; gives what was not taken, from the beginning of its first line on.
    fn write_all<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        if self.is_cut && !self.write_on(b"\n").is_empty() {
            return bytes;
        }
        let rest = self.write_on(bytes);
        let written = &bytes[..bytes.len() - rest.len()];
        let whole = written.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.is_cut = whole < written.len();
        &bytes[whole..]
    }

    /// Writes as much as is taken; gives the rest.
    fn write_on<'b>(&mut self, mut bytes: &'b [u8]) -> &'b [u8] {
        while !bytes.is_empty() {
            match self.out.write(bytes) {
                Ok(written) if written > 0 => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A terminal that somebody else has made non-blocking.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
                Ok(_) | Err(_) => break,
            }
        }
        bytes
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A sink that takes nothing before it is opened.
    #[derive(Clone, Default)]
    pub struct Gate(Arc<(Mutex<State>, Condvar)>);

    #[derive(Default)]
    struct State {
        open: bool,
        writes: Vec<Vec<u8>>,
    }

    impl Gate {
        /// One that takes everything.
        pub fn opened() -> Self {
            let gate = Self::default();
            gate.open();
            gate
        }

        fn open(&self) {
            self.0.0.lock().expect("the state").open = true;
            self.0.1.notify_all();
        }

        fn writes(&self) -> Vec<Vec<u8>> {
            self.0.0.lock().expect("the state").writes.clone()
        }

        /// What was written so far.
        pub fn text(&self) -> String {
            String::from_utf8(self.writes().concat()).expect("text")
        }
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let state = self.0.0.lock().expect("the state");
            let mut state = self.0.1.wait_while(state, |state| !state.open).expect("the state");
            state.writes.push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const PATIENCE: Duration = Duration::from_secs(20);

    fn add(sink: &Sink, line: &str) -> bool {
        sink.add(Hurry::Batch, |bytes, _| bytes.extend_from_slice(line.as_bytes()))
    }

    #[test]
    fn lines_of_many_threads_are_written_whole_and_each_threads_in_order() {
        let gate = Gate::opened();
        let sink = Sink::start(gate.clone(), 64).expect("a thread");
        thread::scope(|scope| {
            for name in 0..20 {
                let sink = &sink;
                scope.spawn(move || (0..500).for_each(|line| assert!(add(sink, &format!("{name} {line}\n")))));
            }
        });
        assert!(sink.flush(PATIENCE));
        assert!(gate.writes().iter().all(|write| write.len() <= 64 && write.ends_with(b"\n")));
        let mut next = [0; 20];
        for line in gate.text().lines() {
            let (name, number) = line.split_once(' ').expect("a whole line");
            let next: &mut usize = &mut next[name.parse::<usize>().expect("a name")];
            assert_eq!(number.parse::<usize>(), Ok(*next));
            *next += 1;
        }
        assert_eq!(next, [500; 20]);
        assert_eq!(sink.dropped(), 0);
    }

    #[test]
    fn a_sink_that_takes_nothing_holds_nobody_up_and_what_is_lost_is_counted() {
        let gate = Gate::default();
        let sink = Sink::start(gate.clone(), 4096).expect("a thread");
        let line = format!("{}\n", "x".repeat(1023));
        let kept = (0..5000).filter(|_| add(&sink, &line)).count();
        assert!(kept < 5000 && !sink.flush(Duration::from_millis(20)));
        assert_eq!(usize::try_from(sink.dropped()), Ok(5000 - kept));
        gate.open();
        assert!(sink.flush(PATIENCE));
        assert_eq!(gate.text().lines().count(), kept);
    }

    /// A file on a disk with room for so many bytes.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<Written>>);

    #[derive(Default)]
    struct Written {
        room: usize,
        bytes: Vec<u8>,
        tries: usize,
        told: Option<Arc<Sink>>,
    }

    impl Disk {
        fn make_room(&self, bytes: usize) {
            self.0.lock().expect("the disk").room = bytes;
        }

        fn text(&self) -> String {
            String::from_utf8(self.0.lock().expect("the disk").bytes.clone()).expect("text")
        }

        fn tries(&self) -> usize {
            self.0.lock().expect("the disk").tries
        }
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut disk = self.0.lock().expect("the disk");
            let taken = bytes.len().min(disk.room);
            disk.room -= taken;
            disk.bytes.extend_from_slice(&bytes[..taken]);
            disk.tries += 1;
            if taken > 0 {
                return Ok(taken);
            }
            if let Some(sink) = &disk.told {
                add(sink, "lines were dropped\n");
            }
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn rel_027_a_line_that_a_full_disk_cuts_off_spoils_no_other_one() {
        let disk = Disk::default();
        let sink = Sink::start(disk.clone(), usize::MAX).expect("a thread");
        disk.make_room(12);
        assert!(add(&sink, "first\n") && add(&sink, "second, which is long\n") && add(&sink, "third\n"));
        assert!(sink.flush(PATIENCE));
        assert_eq!((disk.text().as_str(), sink.dropped()), ("first\nsecond", 2));
        disk.make_room(usize::MAX);
        add(&sink, "fourth\n");
        assert!(sink.flush(PATIENCE));
        assert_eq!(disk.text(), "first\nsecond\nfourth\n");
    }

    #[test]
    fn rel_027_a_full_disk_keeps_no_core_busy() {
        let disk = Disk::default();
        let sink = Sink::start(disk.clone(), usize::MAX).expect("a thread");
        // As in the program, what is dropped is told in a line of the same sink.
        let its = Arc::clone(&sink);
        disk.0.lock().expect("the disk").told = Some(its);
        add(&sink, "first\n");
        thread::sleep(Duration::from_millis(500));
        assert!(disk.tries() < 20, "{} tries in half a second", disk.tries());
    }

    #[test]
    fn a_line_comes_by_itself_after_a_rest() {
        let gate = Gate::opened();
        let sink = Sink::start(gate.clone(), 4096).expect("a thread");
        for expected in 1..4 {
            add(&sink, "line\n");
            let state = gate.0.0.lock().expect("the state");
            // The condition is told of by `open` only: look again every now and then.
            drop(state);
            let mut tries = 0;
            while gate.text().lines().count() < expected {
                thread::sleep(PAUSE);
                tries += 1;
                assert!(tries < 4000, "the line never comes");
            }
        }
    }

    #[test]
    fn a16_lines_of_several_threads_stand_in_the_order_of_their_times() {
        let at =
            |second: u32, said: &str| format!("{{\"timestamp\":\"2026-11-22T05:56:{second:02}.000007Z\",{said}}}\n");
        let buffers = [
            (at(1, "a") + "no time of its own\n" + &at(7, "b")).into_bytes(),
            Vec::new(),
            (at(3, "c") + &at(1, "d") + "2026-11-22T05:56:05.000001Z  INFO text\n").into_bytes(),
        ];
        let said = String::from_utf8(in_order(&buffers)).expect("text");
        let expected = at(1, "a")
            + "no time of its own\n"
            + &at(1, "d")
            + &at(3, "c")
            + "2026-11-22T05:56:05.000001Z  INFO text\n"
            + &at(7, "b");
        assert_eq!(said, expected);
    }

    #[test]
    fn a_piece_ends_with_a_line() {
        assert_eq!(whole_lines(b"a\nbc\nd\n", 6), 5);
        assert_eq!(whole_lines(b"abcdef\ng\n", 3), 7);
        assert_eq!(whole_lines(b"a\n", 3), 2);
    }
}
