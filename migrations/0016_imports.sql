-- What the import of a roster replaced and took away, so that it can be undone; it goes after a week.

CREATE TABLE imports (
    id       TEXT   NOT NULL PRIMARY KEY,
    agency   TEXT   NOT NULL,
    begun_at BIGINT NOT NULL
);
CREATE INDEX imports_agency ON imports (agency, begun_at);
CREATE INDEX imports_begun ON imports (begun_at);

-- What the roster said of an account before; `there`: 0 or 1. `closed_at` and what follows it: whether the agency had
-- closed the account.
CREATE TABLE import_lines (
    import_id      TEXT   NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    login_key      TEXT   NOT NULL,
    there          BIGINT NOT NULL,
    login_fold     TEXT,
    login          TEXT,
    name           TEXT,
    kind           TEXT,
    email          TEXT,
    password       TEXT,
    expires_at     BIGINT,
    used_at        BIGINT,
    imported_at    BIGINT,
    since          TEXT,
    holding        TEXT,
    closed_at      BIGINT,
    closed_fold    TEXT,
    closed_spelled BIGINT,
    PRIMARY KEY (import_id, login_key)
);

-- Accounts that were taken from persons, with the old password that was kept for them, sealed, and the letter that told
-- of it.
CREATE TABLE import_links (
    import_id   TEXT   NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    link_id     TEXT   NOT NULL,
    identity_id TEXT   NOT NULL REFERENCES identities (id) ON DELETE CASCADE,
    login_key   TEXT   NOT NULL,
    login_fold  TEXT   NOT NULL,
    login       TEXT   NOT NULL,
    name        TEXT,
    kind        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    letter_id   TEXT,
    old_digest  TEXT,
    version     BIGINT,
    key_id      TEXT,
    nonce       BYTEA,
    ciphertext  BYTEA,
    kept_at     BIGINT,
    worked      BIGINT,
    refused_at  BIGINT,
    tried_at    BIGINT,
    PRIMARY KEY (import_id, link_id)
);
CREATE INDEX import_links_identity ON import_links (identity_id);
