//! Argon2id on a few threads of its own, so that a storm of sign-ins does not slow the residents who are already in
//! (f13).
//!
//! The threads are bounded in number, lowered in priority, and fed by a bounded queue; a full queue is told at once.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

use argon2::password_hash::phc::{PasswordHash as Phc, Salt};
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::domain::password::{PasswordHash, normalised, readings};
use crate::domain::secret::{Dice, Secret};
use crate::telemetry::metrics::METRICS;
use crate::telemetry::traces;

/// The cost of one hash. OWASP's minimum is 19456 KiB and 2 passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    /// Memory, KiB.
    pub memory_kib: u32,
    /// Passes.
    pub iterations: u32,
}

/// More sign-ins wait than may; the caller is asked to come back (REL-050).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many sign-ins wait")]
pub struct Crowded;

/// The right to wait for a hash, taken before anything else is done for a sign-in; it ends with this value.
#[derive(Debug)]
pub struct Permit(#[expect(dead_code, reason = "it is held, and nothing else")] OwnedSemaphorePermit);

/// What comparing a password with a hash gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// Not the password.
    Wrong,
    /// The password.
    Right,
    /// The password, kept at a lower cost than today's, or as it was typed once: this is its new hash.
    RightAndRaised(PasswordHash),
}

type Job = Box<dyn FnOnce(&Argon2<'_>) + Send>;

/// The threads and their queue.
#[derive(Clone)]
pub struct Hasher {
    queue: SyncSender<Job>,
    places: Arc<Semaphore>,
    most: usize,
    dice: Arc<dyn Dice>,
    cost: HashCost,
    decoy: PasswordHash,
    #[cfg(test)]
    gates: gate::Gates,
}

impl Hasher {
    /// Starts the threads.
    ///
    /// # Errors
    /// The cost is outside what Argon2 allows, or a thread cannot be started.
    pub fn start(cost: HashCost, threads: usize, queue: usize, dice: Arc<dyn Dice>) -> std::io::Result<Self> {
        let params = Params::new(cost.memory_kib, cost.iterations, 1, None)
            .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidInput, error.to_string()))?;
        let (sender, receiver) = sync_channel::<Job>(queue);
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..threads.max(1) {
            let receiver = Arc::clone(&receiver);
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
            std::thread::Builder::new().name(format!("argon2-{number}")).spawn(move || {
                lower_priority();
                loop {
                    // A poisoned lock only says that another thread ended; the queue itself is whole.
                    let job = receiver.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv();
                    let Ok(job) = job else { return };
                    job(&argon2);
                }
            })?;
        }
        let mut bytes = [0; 32];
        dice.fill(&mut bytes);
        let decoy = Secret::new(data_encoding::HEXLOWER.encode(&bytes));
        let decoy = hash_with(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params), &decoy, [0; 16]);
        Ok(Self {
            queue: sender,
            places: Arc::new(Semaphore::new(queue)),
            most: queue,
            dice,
            cost,
            decoy,
            #[cfg(test)]
            gates: gate::Gates::default(),
        })
    }

    /// How many may wait.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.most
    }

    /// A place among those who wait for a hash. Whoever gets none is told so before anything is written down about the
    /// attempt: a storm of sign-ins costs the database nothing (REL-050).
    ///
    /// # Errors
    /// As many wait as may.
    pub fn place(&self) -> Result<Permit, Crowded> {
        Arc::clone(&self.places).try_acquire_owned().map(Permit).map_err(|_| {
            METRICS.hashes.add("crowded");
            Crowded
        })
    }

    /// The hash of a password that nobody knows: what is compared where there is nothing to compare, so that a stranger's
    /// identifier costs the same time and queues like a known one (SEC-053).
    #[must_use]
    pub const fn decoy(&self) -> &PasswordHash {
        &self.decoy
    }

    /// Hashes a new password, normalised.
    ///
    /// # Errors
    /// The queue is full.
    pub async fn hash(&self, password: Secret) -> Result<PasswordHash, Crowded> {
        let salt = self.salt();
        self.run(move |argon2| hash_with(argon2, &normalised(&password), salt)).await
    }

    /// Compares a typed password with a hash, in all of its readings (SEC-204).
    ///
    /// # Errors
    /// The queue is full.
    pub async fn compare(&self, password: Secret, hash: PasswordHash) -> Result<Comparison, Crowded> {
        let (salt, cost) = (self.salt(), self.cost);
        self.run(move |argon2| {
            let Ok(parsed) = Phc::new(hash.as_str()) else { return Comparison::Wrong };
            let fits = |reading: &Secret| argon2.verify_password(reading.expose().as_bytes(), &parsed).is_ok();
            let Some(kept) = readings(&password).into_iter().find(fits) else { return Comparison::Wrong };
            let today = normalised(&kept);
            if is_cheaper(&parsed, cost) || today.expose() != kept.expose() {
                Comparison::RightAndRaised(hash_with(argon2, &today, salt))
            } else {
                Comparison::Right
            }
        })
        .await
    }

    fn salt(&self) -> [u8; 16] {
        let mut salt = [0; 16];
        self.dice.fill(&mut salt);
        salt
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce(&Argon2<'_>) -> T + Send + 'static) -> Result<T, Crowded> {
        let (answer, result) = oneshot::channel();
        let waiting = METRICS.hashing.hold();
        let job: Job = Box::new(move |argon2| {
            let result = work(argon2);
            drop(waiting);
            METRICS.hashes.add("done");
            // Nobody waits any more when the browser has gone.
            let _ = answer.send(result);
        });
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => {
                METRICS.hashes.add("crowded");
                Crowded
            }
        })?;
        let _step = traces::step("password");
        let result = result.await.map_err(|_| Crowded);
        #[cfg(test)]
        self.gates.pass().await;
        result
    }

    /// Keeps whoever has the next hash from using it, until told otherwise: what is decided in a race is decided by the
    /// test and not by luck.
    #[cfg(test)]
    pub(crate) fn hold(&self) -> gate::Held {
        self.gates.hold()
    }
}

fn hash_with(argon2: &Argon2<'_>, password: &Secret, salt: [u8; 16]) -> PasswordHash {
    let salt = Salt::new(&salt).expect("16 bytes are a salt");
    let hash = argon2
        .hash_password_with_salt(password.expose().as_bytes(), salt.as_ref())
        .expect("checked parameters and a bounded password can be hashed");
    PasswordHash::phc(hash.to_string())
}

fn is_cheaper(hash: &Phc, today: HashCost) -> bool {
    Params::try_from(hash)
        .map_or(true, |params| params.m_cost() < today.memory_kib || params.t_cost() < today.iterations)
}

/// Residents who browse go before residents who sign in. On Linux the nice value belongs to the thread.
fn lower_priority() {
    if let Err(error) = rustix::process::nice(10) {
        tracing::warn!(%error, "the hashing threads keep their priority");
    }
}

#[cfg(test)]
pub(crate) mod gate {
    //! Gates behind the hashing: each lets one hash be made and then holds who asked for it.

    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};

    use tokio::sync::oneshot;

    /// The gates that are closed, the first to be reached first.
    #[derive(Clone, Default)]
    pub(super) struct Gates(Arc<Mutex<VecDeque<Gate>>>);

    /// From the other side of [`Held`].
    struct Gate {
        arrived: oneshot::Sender<()>,
        opened: oneshot::Receiver<()>,
    }

    /// Somebody who is held, or will be.
    pub(crate) struct Held {
        reached: oneshot::Receiver<()>,
        open: oneshot::Sender<()>,
    }

    impl Gates {
        pub(super) fn hold(&self) -> Held {
            let ((arrived, reached), (open, opened)) = (oneshot::channel(), oneshot::channel());
            self.0.lock().expect("the gates").push_back(Gate { arrived, opened });
            Held { reached, open }
        }

        pub(super) async fn pass(&self) {
            let gate = self.0.lock().expect("the gates").pop_front();
            if let Some(Gate { arrived, opened }) = gate {
                let _ = arrived.send(());
                let _ = opened.await;
            }
        }
    }

    impl Held {
        /// Waits until somebody is held here.
        pub(crate) async fn reached(&mut self) {
            (&mut self.reached).await.expect("somebody asked for a hash");
        }

        /// Lets whoever is held here go on.
        pub(crate) fn release(self) {
            let _ = self.open.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::tests::CountingDice;

    fn hasher(memory_kib: u32) -> Hasher {
        let cost = HashCost { memory_kib, iterations: 1 };
        Hasher::start(cost, 1, 4, Arc::new(CountingDice::default())).expect("threads")
    }

    #[tokio::test]
    async fn f13_a_password_is_kept_as_argon2id_with_its_own_salt() {
        let hasher = hasher(64);
        let first = hasher.hash(Secret::new("Vert-789")).await.expect("room");
        let second = hasher.hash(Secret::new("Vert-789")).await.expect("room");
        assert!(first.as_str().starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{}", first.as_str());
        assert_ne!(first, second);
        assert_eq!(hasher.compare(Secret::new("Vert-789"), first.clone()).await, Ok(Comparison::Right));
        assert_eq!(hasher.compare(Secret::new("vert-789"), first).await, Ok(Comparison::Wrong));
    }

    #[tokio::test]
    async fn f13_a_hash_is_raised_at_the_next_sign_in_when_the_cost_has_risen() {
        let old = hasher(64).hash(Secret::new("Vert-789")).await.expect("room");
        let today = hasher(128);
        let Ok(Comparison::RightAndRaised(raised)) = today.compare(Secret::new("Vert-789"), old).await else {
            panic!("the hash is not raised")
        };
        assert!(raised.as_str().contains("m=128"));
    }

    #[tokio::test]
    async fn sec_204_a_password_opens_however_it_is_composed_and_pasted() {
        let hasher = hasher(64);
        let composed = "Bélier-42 forêt";
        let kept = hasher.hash(Secret::new("Be\u{301}lier-42 fore\u{302}t")).await.expect("room");
        for typed in
            [composed, "Be\u{301}lier-42 forêt", "Bélier-42\u{a0}forêt", " Bélier-42 forêt\u{a0}", "Bélier-42 forêt\n"]
        {
            let compared = hasher.compare(Secret::new(typed), kept.clone()).await;
            assert_eq!(compared, Ok(Comparison::Right), "{typed:?}");
        }
        for typed in ["bélier-42 forêt", "Belier-42 foret", "Bélier-42forêt", "Bélier-42 forêt.", ""] {
            assert_eq!(hasher.compare(Secret::new(typed), kept.clone()).await, Ok(Comparison::Wrong), "{typed:?}");
        }
    }

    #[tokio::test]
    async fn sec_204_a_hash_of_before_opens_as_it_was_typed_and_is_raised() {
        let hasher = hasher(64);
        let apart = "Be\u{301}lier-42";
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).expect("parameters"));
        let before = hash_with(&argon2, &Secret::new(apart), [7; 16]);
        assert_eq!(hasher.compare(Secret::new("Bélier-42"), before.clone()).await, Ok(Comparison::Wrong));
        let Ok(Comparison::RightAndRaised(raised)) = hasher.compare(Secret::new(apart), before).await else {
            panic!("it is not raised")
        };
        assert_eq!(hasher.compare(Secret::new("Bélier-42"), raised).await, Ok(Comparison::Right));
        let blank = hash_with(&argon2, &Secret::new("Vert-789 "), [7; 16]);
        assert_eq!(hasher.compare(Secret::new("Vert-789 "), blank.clone()).await, Ok(Comparison::Right));
        assert_eq!(
            hasher.compare(Secret::new("Vert-789"), blank).await,
            Ok(Comparison::Wrong),
            "a blank that was chosen"
        );
    }

    #[test]
    fn rel_050_as_many_sign_in_at_a_time_as_may_wait_for_a_hash() {
        let hasher = hasher(64);
        let mut places: Vec<Permit> = (0..4).map(|_| hasher.place().expect("room")).collect();
        assert!(hasher.place().is_err());
        places.pop();
        assert!(hasher.place().is_ok());
    }

    #[tokio::test]
    async fn f13_a_full_queue_is_told_at_once() {
        let hasher = hasher(64 * 1024);
        let waiting = (0..20).map(|_| hasher.hash(Secret::new("x")));
        let answers = futures_util::future::join_all(waiting).await;
        assert!(answers.iter().any(Result::is_err) && answers.iter().any(Result::is_ok));
    }
}
