//! Taking an agency's roster, line by line (b02, b20).

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::acting::Acting;
use super::hasher::Comparison;
use super::{App, Fault, detach, spelling};
use crate::domain::adapter::Verifier;
use crate::domain::agency::Agency;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::identity::{IdentityId, LegacyLogin};
use crate::domain::password::PasswordHash;
use crate::domain::roster::{HandedOut, Holding, ImportId, OnRoster, Preview, RosterLine, Standing, is_another_holder};
use crate::domain::spelling::{KnownAs, KnownSpelling, Spellings};
use crate::sessions::Change;
use crate::store::Tx;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Some accounts.
    Part,
    /// The whole roster.
    Whole,
}

/// An import as it is planned: it says what it would do, and takes nothing.
pub struct Planned<'a> {
    app: &'a App,
    agency: &'a Agency,
    /// Every identifier of the file, as spelled.
    file: HashSet<LegacyLogin>,
    extent: Extent,
}

/// Takes lines; one transaction for each, so that an interrupted import keeps what it has and can be run again, or undone.
pub struct Import<'a> {
    planned: Planned<'a>,
    id: ImportId,
    expires_at: Option<Timestamp>,
    doubles: BTreeSet<(String, String)>,
    taken: u64,
    withdrawn: u64,
}

/// A provisional password, hashed, and the one that it was compared with.
struct Given {
    password: PasswordHash,
    is_before: bool,
    before: Option<PasswordHash>,
}

impl<'a> Planned<'a> {
    /// With the lines of a file.
    #[must_use]
    pub fn of(app: &'a App, agency: &'a Agency, (lines, extent): (&[RosterLine], Extent)) -> Self {
        Self { app, agency, file: lines.iter().map(|line| line.login.clone()).collect(), extent }
    }

    /// What taking these lines would do. Nothing is changed.
    pub async fn preview(&self, lines: &[RosterLine]) -> Result<Preview, Fault> {
        let code = &self.agency.code;
        let mut tx = self.app.store.read().await?;
        let holders: HashMap<LegacyLogin, Option<String>> = tx.roster_holders(code).await?.into_iter().collect();
        let known: HashSet<LegacyLogin> = tx.logins_of(code).await?.into_iter().collect();
        let mut preview = Preview { known: known.len() as u64, ..Preview::default() };
        // Lines of the roster that the file spells otherwise.
        let mut respelled = HashSet::new();
        for line in lines {
            let mut login = line.login.clone();
            if !known.contains(&login) {
                // The roster, or somebody, may know it by another spelling, which the file does not have.
                let spelled = spelling::spelled_at(&mut tx, self.agency, &login).await?;
                if !self.file.contains(&spelled.on_roster) {
                    respelled.insert(spelled.on_roster.clone());
                }
                let mut others = std::iter::once(spelled.on_roster).chain(spelled.others);
                let other = others.find(|other| known.contains(other) && !self.file.contains(other));
                login = other.unwrap_or(login);
            }
            let since = holders.get(&login).and_then(Option::as_deref);
            match (known.contains(&login), line.standing) {
                (false, Standing::There) => preview.new += 1,
                (false, Standing::Closed) => {}
                (true, Standing::Closed) => preview.closed.push(login),
                (true, Standing::There) if is_another_holder(since, line.since.as_deref()) => preview.given.push(login),
                (true, Standing::There) => preview.there += 1,
            }
        }
        drop(tx);
        for login in known.iter().filter(|_| self.extent == Extent::Whole) {
            let mut tx = self.app.store.read().await?;
            let on_roster = spelling::spelled_at(&mut tx, self.agency, login).await?.on_roster;
            drop(tx);
            if !respelled.contains(&on_roster) && !self.stands_in_file(login).await? {
                preview.missing.push(login.clone());
            }
        }
        preview.missing.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        let mut tx = self.app.store.read().await?;
        for login in preview.closed.iter().chain(&preview.missing).chain(&preview.given) {
            preview.persons += u64::from(detach::had_by(self.app, &mut tx, code, login).await?.is_some());
        }
        Ok(preview)
    }

    /// Whether an account stands in the file: as spelled, or under the one line of the roster that may be the same.
    async fn stands_in_file(&self, login: &LegacyLogin) -> Result<bool, Fault> {
        if self.file.contains(login) {
            return Ok(true);
        }
        let mut tx = self.app.store.read().await?;
        let spelled = spelling::spelled_at(&mut tx, self.agency, login).await?;
        Ok(spelled.on_roster != *login && self.file.contains(&spelled.on_roster))
    }

    /// Begins to keep what is replaced, without which nothing is taken; provisional credentials live for so many days from
    /// now (at most, they die with their first use).
    pub async fn begin(self, provisional_days: u32) -> Result<Import<'a>, Fault> {
        let (id, now) = (ImportId::random(&*self.app.dice), self.app.now());
        let lifetime = SignedDuration::from_hours(i64::from(provisional_days) * 24);
        let mut tx = self.app.store.write().await?;
        tx.begin_import(&id, &self.agency.code, now).await?;
        tx.commit().await?;
        let expires_at = now.checked_add(lifetime).ok();
        Ok(Import { planned: self, id, expires_at, doubles: BTreeSet::new(), taken: 0, withdrawn: 0 })
    }
}

impl Import<'_> {
    /// Takes one line; a line for an account that is there already replaces what the roster said of it. Where it has
    /// another holder, or is closed, it is taken from who had it (SEC-017).
    pub async fn take(&mut self, line: &RosterLine) -> Result<(), Fault> {
        if line.standing == Standing::Closed {
            return self.withdraw(&line.login).await;
        }
        let (code, now) = (&self.planned.agency.code, self.planned.app.now());
        let given = self.given(line).await?;
        let mut tx = self.planned.app.store.write().await?;
        // Before anything: an account that a run attaches at this very moment is either seen, or not given.
        tx.hold_spellings(code).await?;
        tx.keep_line_before(&self.id, code, &line.login).await?;
        let handed_out = self.handed_out(&mut tx, line, given, now).await?;
        self.respell(&mut tx, &line.login).await?;
        let before = tx.roster_since(code, &line.login).await?;
        let mut had = None;
        if is_another_holder(before.as_deref(), line.since.as_deref()) {
            had = detach::withdraw(self.planned.app, &mut tx, (code, &self.id), &line.login, now).await?.had;
            tx.delete_roster_line(code, &line.login).await?;
            self.withdrawn += 1;
        }
        let holding = Holding::random(&*self.planned.app.dice);
        tx.upsert_roster_line(code, line, handed_out.as_ref(), &holding, now).await?;
        if let Some(since) = &line.since {
            tx.set_roster_since(code, &line.login, since).await?;
        }
        let others = tx.known_spellings(code, &line.login).await?;
        self.commit(tx, had).await?;
        self.see_doubles(&line.login, &others);
        self.taken += 1;
        Ok(())
    }

    /// The password of a line, compared with the one that is there; nothing is hashed anew that stays.
    async fn given(&self, line: &RosterLine) -> Result<Option<Given>, Fault> {
        let Some(password) = &line.password else { return Ok(None) };
        let hasher = &self.planned.app.hasher;
        let before = self.provisional(&mut self.planned.app.store.read().await?, line).await?;
        if let Some(before) = &before
            && hasher.compare(password.clone(), before.clone()).await? != Comparison::Wrong
        {
            return Ok(Some(Given { password: before.clone(), is_before: true, before: Some(before.clone()) }));
        }
        Ok(Some(Given { password: hasher.hash(password.clone()).await?, is_before: false, before }))
    }

    /// What the line hands out. Another password than before ends the run that was begun with that one, first, as whatever
    /// takes an account back does (decision 39): the agency has switched it off.
    async fn handed_out(
        &self,
        tx: &mut Tx,
        line: &RosterLine,
        given: Option<Given>,
        now: Timestamp,
    ) -> Result<Option<HandedOut>, Fault> {
        let Some(given) = given else { return Ok(None) };
        let (app, agency) = (self.planned.app, self.planned.agency);
        let before = self.provisional(tx, line).await?;
        let is_another = before.is_some() && !(given.is_before && before == given.before);
        if is_another && agency.verifier == Verifier::Roster {
            detach::end_run(app, tx, &agency.code, &line.login, now).await?;
        }
        Ok(Some(HandedOut { password: given.password, expires_at: self.expires_at, is_another }))
    }

    /// The provisional password that the roster has for a line's account.
    async fn provisional(&self, tx: &mut Tx, line: &RosterLine) -> Result<Option<PasswordHash>, Fault> {
        let agency = self.planned.agency;
        let spelled = spelling::spelled_at(tx, agency, &line.login).await?;
        let is_its_line = spelled.on_roster == line.login || !self.planned.file.contains(&spelled.on_roster);
        let entry = tx.roster_entry(&agency.code, &spelled.on_roster).await?.filter(|_| is_its_line);
        Ok(entry.and_then(|entry| entry.provisional))
    }

    /// The file was the whole roster: every account that does not stand in it is closed.
    pub async fn close_all_others(&mut self) -> Result<(), Fault> {
        let known = self.planned.app.store.read().await?.logins_of(&self.planned.agency.code).await?;
        for login in known {
            if !self.planned.stands_in_file(&login).await? {
                self.withdraw(&login).await?;
            }
        }
        Ok(())
    }

    /// A line that the file spells otherwise than the roster did is the same line, where the file is the whole roster or
    /// spellings are known to be one; not where the file has both.
    async fn respell(&self, tx: &mut Tx, login: &LegacyLogin) -> Result<(), Fault> {
        let spelled = spelling::spelled_at(tx, self.planned.agency, login).await?;
        let before = &spelled.on_roster;
        let known = self.planned.agency.identifier_case.with(tx.spellings_of(&self.planned.agency.code).await?);
        let may_be_respelled = self.planned.extent == Extent::Whole || known == Spellings::Alike;
        if before == login || self.planned.file.contains(before) || !may_be_respelled {
            return Ok(());
        }
        tx.keep_line_before(&self.id, &self.planned.agency.code, before).await?;
        if tx.on_roster(&self.planned.agency.code, before).await? == OnRoster::Closed {
            tx.reopen_account(&self.planned.agency.code, before).await?;
        } else {
            tx.respell_roster_line(&self.planned.agency.code, before, login).await?;
        }
        Ok(())
    }

    fn see_doubles(&mut self, login: &LegacyLogin, known: &[KnownSpelling]) {
        for other in known.iter().filter(|known| known.known_as == KnownAs::Roster && known.login != *login) {
            let (one, other) = (login.as_str().to_owned(), other.login.as_str().to_owned());
            self.doubles.insert(if one < other { (one, other) } else { (other, one) });
        }
    }

    /// Accounts of the roster whose identifiers differ in capitals, accents or the like only, so far.
    #[must_use]
    pub const fn doubles(&self) -> &BTreeSet<(String, String)> {
        &self.doubles
    }

    /// Accounts that were taken off the roster, or given to somebody else, so far.
    #[must_use]
    pub const fn withdrawn(&self) -> u64 {
        self.withdrawn
    }

    async fn withdraw(&mut self, login: &LegacyLogin) -> Result<(), Fault> {
        let code = &self.planned.agency.code;
        let mut tx = self.planned.app.store.write().await?;
        tx.hold_spellings(code).await?;
        let now = self.planned.app.now();
        let spelled = spelling::spelled_at(&mut tx, self.planned.agency, login).await?;
        let line = if self.planned.file.contains(&spelled.on_roster) { login.clone() } else { spelled.on_roster };
        tx.keep_line_before(&self.id, code, login).await?;
        tx.keep_line_before(&self.id, code, &line).await?;
        let withdrawn = detach::withdraw(self.planned.app, &mut tx, (code, &self.id), login, now).await?;
        tx.close_account(code, login, now).await?;
        if tx.delete_roster_line(code, &line).await? || withdrawn.had.is_some() || withdrawn.run {
            self.withdrawn += 1;
        }
        self.commit(tx, withdrawn.had).await
    }

    async fn commit(&self, tx: Tx, had: Option<IdentityId>) -> Result<(), Fault> {
        match had {
            Some(identity) => self.planned.app.sessions.commit(tx, &Change::Identity(identity)).await?,
            None => tx.commit().await?,
        }
        Ok(())
    }

    /// Ends, and writes the trace.
    pub async fn finish(self, refused: u64) -> Result<u64, Fault> {
        let by = Acting::operator("import");
        let event = AuditEvent::RosterImported { accounts: self.taken, refused, withdrawn: self.withdrawn };
        let entry = AuditEntry { agency: Some(self.planned.agency.code.clone()), ..by.entry(event) };
        let mut tx = self.planned.app.store.write().await?;
        by.audit(&mut tx, &entry, self.planned.app.now()).await?;
        tx.commit().await?;
        Ok(self.taken)
    }
}
