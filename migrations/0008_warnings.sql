-- « Ce n'est pas moi »: what somebody who got a letter can hold, and what the owner of an account is warned of.

-- When « Ce n'est pas moi » was pressed in one of a proof's letters; once.
ALTER TABLE challenges ADD COLUMN held_at BIGINT;

-- A changed address or password, of which the address from before was told. `kind`: email, password. `former` is that
-- address, `email` the one since, `password` the hash from before: whoever knows that password can undo a changed
-- address. `hours` is how long a fresh address waits, and how long a hold lasts. `ended_at`: undone, or over by a reset.
CREATE TABLE warnings (
    id          TEXT   NOT NULL PRIMARY KEY,
    identity_id TEXT   NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    kind        TEXT   NOT NULL,
    former      TEXT   NOT NULL,
    email       TEXT   NOT NULL,
    password    TEXT   NOT NULL,
    changed_at  BIGINT NOT NULL,
    hours       BIGINT NOT NULL,
    held_at     BIGINT,
    ended_at    BIGINT
);
CREATE INDEX warnings_identity ON warnings (identity_id);
CREATE INDEX warnings_changed ON warnings (changed_at);

CREATE TABLE warning_links (
    digest     TEXT   NOT NULL PRIMARY KEY,
    warning_id TEXT   NOT NULL REFERENCES warnings (id) ON DELETE CASCADE,
    sent_at    BIGINT NOT NULL
);
CREATE INDEX warning_links_warning ON warning_links (warning_id);
