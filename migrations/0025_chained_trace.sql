-- The trace is a chain (d08): `chain` binds a line to the one before it, and `bound` is what is bound of what may name people,
-- under the line's own `salt`. Without its salt nobody finds it again by trying. Lines from before have none of them.
ALTER TABLE audit ADD COLUMN salt TEXT;
ALTER TABLE audit ADD COLUMN bound TEXT;
ALTER TABLE audit ADD COLUMN chain TEXT;
-- Of the last line.
ALTER TABLE counters ADD COLUMN chain TEXT;

-- What stays of lines that are past their time, for as long as an older one is there or a younger one needs it.
CREATE TABLE audit_spent (
    seq         BIGINT NOT NULL PRIMARY KEY,
    happened_at BIGINT NOT NULL,
    event       TEXT   NOT NULL,
    actor_kind  TEXT   NOT NULL,
    agency      TEXT,
    bound       TEXT   NOT NULL,
    chain       TEXT   NOT NULL
);
