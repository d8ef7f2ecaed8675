-- Whose an identifier is goes by its spelling, and by its fold where the agency's extranet takes spellings for one:
-- `login_key` is the exact spelling from now on, `login_fold` what all spellings of one fold share. An empty fold is from
-- before this migration: it is filled in when the database is opened (no database folds as we do).

-- First, for it is found by the keys of before.
UPDATE old_digests SET login_key = (
    SELECT links.login FROM links
    WHERE links.agency = old_digests.agency AND links.login_key = old_digests.login_key)
WHERE EXISTS (
    SELECT 1 FROM links
    WHERE links.agency = old_digests.agency AND links.login_key = old_digests.login_key);

ALTER TABLE links ADD COLUMN login_fold TEXT NOT NULL DEFAULT '';
UPDATE links SET login_key = login;
CREATE INDEX links_fold ON links (agency, login_fold);

ALTER TABLE roster ADD COLUMN login_fold TEXT NOT NULL DEFAULT '';
UPDATE roster SET login_key = login;
CREATE INDEX roster_fold ON roster (agency, login_fold);

-- The spelling of a run stands in its data, and is read from there.
ALTER TABLE flows ADD COLUMN login_fold TEXT NOT NULL DEFAULT '';
CREATE INDEX flows_fold ON flows (agency, login_fold);

-- `spelled`: 0 or 1, whether it is known how the closed account was spelled; until now it is not.
ALTER TABLE closed_accounts ADD COLUMN login_fold TEXT NOT NULL DEFAULT '';
ALTER TABLE closed_accounts ADD COLUMN spelled BIGINT NOT NULL DEFAULT 0;
CREATE INDEX closed_accounts_fold ON closed_accounts (agency, login_fold);

-- What was learnt of an extranet. `told`: nothing, 'apart' or 'alike'. `asked_until`: somebody is finding it out until then.
-- The row is also what spellings of one agency wait for, so that two of them are not given at once.
CREATE TABLE identifier_cases (
    agency      TEXT   NOT NULL PRIMARY KEY,
    told        TEXT,
    asked_until BIGINT,
    learnt_at   BIGINT
);
