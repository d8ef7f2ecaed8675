-- A forgotten password is reset by link, by code, or by either. A code counts in the browser that asked: `asked_by` is a
-- digest of that browser's secret and of what was typed there; without it no code can be typed anywhere. `tries` counts
-- the codes that were.
ALTER TABLE recoveries ADD COLUMN method TEXT NOT NULL DEFAULT 'link';
ALTER TABLE recoveries ADD COLUMN code_minutes BIGINT NOT NULL DEFAULT 10;
ALTER TABLE recoveries ADD COLUMN asked_by TEXT;
ALTER TABLE recoveries ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
CREATE INDEX recoveries_asked_by ON recoveries (asked_by);

-- One for each copy of the letter that may have gone out, as a digest under a key of the vault.
CREATE TABLE recovery_codes (
    recovery_id TEXT   NOT NULL REFERENCES recoveries (id) ON DELETE CASCADE,
    digest      TEXT   NOT NULL,
    key_id      TEXT   NOT NULL,
    sent_at     BIGINT NOT NULL,
    PRIMARY KEY (recovery_id, digest)
);
