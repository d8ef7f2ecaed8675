-- The sessions themselves may live in another store, which may lose what it acknowledged. That one has ended therefore
-- stands here, whatever keeps it.

-- Raised with every password change, reset and the like: sessions of an earlier number have ended, but for `spared_session`.
ALTER TABLE identities ADD COLUMN session_epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE identities ADD COLUMN spared_session TEXT;

ALTER TABLE sessions ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;

-- What happened to single sessions that live elsewhere. `generation`: how often its cookies were renewed; older ones are
-- worth nothing. `ended`: 0 or 1. `until`: when the session could not last any longer, so that the row can go.
CREATE TABLE session_marks (
    session_id TEXT   NOT NULL PRIMARY KEY,
    generation BIGINT NOT NULL,
    ended      BIGINT NOT NULL,
    until      BIGINT NOT NULL
);
CREATE INDEX session_marks_until ON session_marks (until);

-- Two writers of one jar are told apart by its version, which never repeats for a session and an account.
ALTER TABLE upstream_cookies ADD COLUMN version BIGINT NOT NULL DEFAULT 0;

-- A hand-over lives for seconds: nothing is copied. Its session may live elsewhere.
DROP TABLE handovers;
CREATE TABLE handovers (
    code       TEXT   NOT NULL PRIMARY KEY,
    session_id TEXT   NOT NULL,
    link_id    TEXT   NOT NULL REFERENCES links (id) ON DELETE CASCADE,
    browser    TEXT   NOT NULL,
    return_to  TEXT   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX handovers_link ON handovers (link_id);
CREATE INDEX handovers_expiry ON handovers (expires_at);
