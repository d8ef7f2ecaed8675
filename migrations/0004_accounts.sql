-- Which account is open on a host in a session: one, whatever keeps the sessions. `until` is when the session is over at
-- the latest.
CREATE TABLE open_accounts (
    session_id TEXT   NOT NULL,
    host       TEXT   NOT NULL,
    link_id    TEXT   NOT NULL REFERENCES links (id) ON DELETE CASCADE,
    until      BIGINT NOT NULL,
    PRIMARY KEY (session_id, host)
);
CREATE INDEX open_accounts_link ON open_accounts (link_id);
CREATE INDEX open_accounts_until ON open_accounts (until);

-- Since when an account of a roster belongs to who has it: another value means another holder (SEC-017).
ALTER TABLE roster ADD COLUMN since TEXT;
