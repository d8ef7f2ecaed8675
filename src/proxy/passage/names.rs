//! The addresses of a server's name. What is known is used at once; it is asked for again beside that, by one look-up at a
//! time, and one that nobody answers takes nothing from anybody but its own thread (B4 of the first review).

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, Semaphore};

use crate::proxy::steady;

/// How long addresses are used before they are asked for again.
const RESOLVED_FOR: Duration = Duration::from_secs(30);
/// After a look-up that gave nothing, the next one begins after this time.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Look-ups at a time, of all names together: each may hold a thread for as long as the system's resolver is patient.
const MOST_AT_ONCE: usize = 16;
static AT_ONCE: Semaphore = Semaphore::const_new(MOST_AT_ONCE);

/// A name, and what is known of it.
#[derive(Debug)]
pub(super) struct Names {
    host: String,
    port: u16,
    resolver: Resolver,
    known: Mutex<Known>,
    news: Notify,
}

/// Who is asked.
#[derive(Debug)]
pub(super) enum Resolver {
    /// The system.
    System,
    /// A rehearsal, which answers each look-up with what comes next, and not before.
    #[cfg(test)]
    Rehearsal(tests::Rehearsal),
}

#[derive(Debug, Default)]
struct Known {
    addresses: Option<Arc<[SocketAddr]>>,
    /// Before this time nobody asks.
    asked_until: Option<Instant>,
    /// A look-up is under way.
    asks: bool,
}

impl Names {
    pub(super) fn new(host: &str, port: u16, resolver: Resolver) -> Arc<Self> {
        let known = Mutex::default();
        Arc::new(Self { host: host.to_owned(), port, resolver, known, news: Notify::new() })
    }

    /// Its addresses, at least one; a name of which nothing is known yet is waited for, for this time at most. None where it
    /// has none, as far as is known.
    pub(super) async fn addresses(self: &Arc<Self>, patience: Duration) -> Option<Arc<[SocketAddr]>> {
        let known = self.refresh();
        if known.is_some() {
            return known;
        }
        Box::pin(self.first(patience)).await
    }

    /// How many addresses are known.
    pub(super) fn count(&self) -> usize {
        self.lock().addresses.as_ref().map_or(0, |addresses| addresses.len())
    }

    async fn first(self: &Arc<Self>, patience: Duration) -> Option<Arc<[SocketAddr]>> {
        let news = self.news.notified();
        tokio::pin!(news);
        news.as_mut().enable();
        let (known, asks) = {
            let known = self.lock();
            (known.addresses.clone(), known.asks)
        };
        if known.is_some() || !asks {
            return known;
        }
        // The look-up goes on when nobody waits for it any more.
        let _ = tokio::time::timeout(patience, news).await;
        self.lock().addresses.clone()
    }

    /// What is known; begins a look-up where it is time for one and none is under way.
    fn refresh(self: &Arc<Self>) -> Option<Arc<[SocketAddr]>> {
        let mut known = self.lock();
        let is_due = known.asked_until.is_none_or(|until| steady::now() >= until);
        if is_due && !known.asks {
            known.asks = true;
            let names = Arc::clone(self);
            tokio::spawn(async move { names.look_up().await });
        }
        known.addresses.clone()
    }

    async fn look_up(&self) {
        let place = AT_ONCE.acquire().await;
        let found = self.resolver.ask(&self.host, self.port).await.unwrap_or_default();
        drop(place);
        let mut known = self.lock();
        let wait = if found.is_empty() { AGAIN_AFTER } else { RESOLVED_FOR };
        (known.asks, known.asked_until) = (false, Some(steady::now() + wait));
        if !found.is_empty() {
            known.addresses = Some(found.into());
        }
        drop(known);
        self.news.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolver {
    async fn ask(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        match self {
            Self::System => Ok(tokio::net::lookup_host((host, port)).await?.collect()),
            #[cfg(test)]
            Self::Rehearsal(rehearsal) => rehearsal.ask().await,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Mutex as Gate;
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

    use super::*;

    type Said = io::Result<Vec<SocketAddr>>;

    /// Answers by a test.
    #[derive(Debug)]
    pub struct Rehearsal {
        asked: Arc<AtomicUsize>,
        answers: Gate<UnboundedReceiver<Said>>,
    }

    impl Rehearsal {
        pub(super) async fn ask(&self) -> Said {
            self.asked.fetch_add(1, Ordering::SeqCst);
            self.answers.lock().await.recv().await.expect("an answer")
        }
    }

    const PATIENCE: Duration = Duration::from_secs(2);

    fn names() -> (Arc<Names>, UnboundedSender<Said>, Arc<AtomicUsize>) {
        let (answers, receiver) = unbounded_channel();
        let asked = Arc::new(AtomicUsize::new(0));
        let rehearsal = Rehearsal { asked: Arc::clone(&asked), answers: Gate::new(receiver) };
        (Names::new("extranet.test", 80, Resolver::Rehearsal(rehearsal)), answers, asked)
    }

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 80))
    }

    /// As if the time until the next look-up were over.
    fn is_due(names: &Names) {
        names.lock().asked_until = Some(steady::now());
    }

    async fn settled() {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn review_b4_a_dead_resolver_holds_nobody_up_whose_extranet_is_known() {
        let (names, answers, asked) = names();
        answers.send(Ok(vec![address(1)])).expect("to answer");
        assert_eq!(names.addresses(PATIENCE).await.as_deref(), Some(&[address(1)][..]));
        is_due(&names);
        // The resolver is silent now.
        let begun = tokio::time::Instant::now();
        for _ in 0..30 {
            assert_eq!(names.addresses(PATIENCE).await.as_deref(), Some(&[address(1)][..]));
            settled().await;
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert_eq!(asked.load(Ordering::SeqCst), 2, "one look-up at a time, however many ask");
        answers.send(Err(io::ErrorKind::TimedOut.into())).expect("to answer");
        settled().await;
        assert_eq!(names.addresses(PATIENCE).await.as_deref(), Some(&[address(1)][..]), "what is known stays");
        settled().await;
        assert_eq!(asked.load(Ordering::SeqCst), 2, "not again at once");
        is_due(&names);
        answers.send(Ok(vec![address(2), address(3)])).expect("to answer");
        assert_eq!(names.addresses(PATIENCE).await.as_deref(), Some(&[address(1)][..]), "nobody waits for it");
        settled().await;
        assert_eq!(names.addresses(PATIENCE).await.as_deref(), Some(&[address(2), address(3)][..]));
        assert_eq!(names.count(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn review_b4_a_first_look_up_is_one_for_all_and_waited_for_for_a_while_only() {
        let (names, answers, asked) = names();
        let begun = tokio::time::Instant::now();
        let all: Vec<_> = (0..30)
            .map(|_| {
                let names = Arc::clone(&names);
                tokio::spawn(async move { names.addresses(PATIENCE).await })
            })
            .collect();
        for one in all {
            assert_eq!(one.await.expect("an answer"), None);
        }
        assert_eq!(begun.elapsed(), PATIENCE);
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        let waits = tokio::spawn({
            let names = Arc::clone(&names);
            async move { names.addresses(PATIENCE).await }
        });
        settled().await;
        answers.send(Ok(vec![address(1)])).expect("to answer");
        assert_eq!(waits.await.expect("an answer").as_deref(), Some(&[address(1)][..]), "who waits is told");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn review_b4_a_name_that_is_nobodys_is_not_asked_for_with_every_request() {
        let (names, answers, asked) = names();
        answers.send(Err(io::ErrorKind::NotFound.into())).expect("to answer");
        assert_eq!(names.addresses(PATIENCE).await, None);
        assert_eq!(names.addresses(PATIENCE).await, None);
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}
