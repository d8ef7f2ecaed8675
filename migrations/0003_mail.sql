-- Letters over a real mail server. Columns that an older program still reads stay, so that both can run for a moment.

-- `claim` is counted up each time somebody takes the letter: only who took it last may say what came of it.
-- `domain` is the recipient's, so that one slow domain does not take every connection.
ALTER TABLE letters ADD COLUMN claim BIGINT NOT NULL DEFAULT 0;
ALTER TABLE letters ADD COLUMN domain TEXT NOT NULL DEFAULT '';
CREATE INDEX letters_created ON letters (created_at);

-- A letter may go out twice (the server took it and could not say so): what stands in either copy opens, each in its
-- own time from its own sending. `challenges.code` is not written any more.
CREATE TABLE challenge_codes (
    challenge_id TEXT   NOT NULL REFERENCES challenges (id) ON DELETE CASCADE,
    issue        BIGINT NOT NULL,
    digest       TEXT   NOT NULL,
    sent_at      BIGINT NOT NULL,
    PRIMARY KEY (challenge_id, issue, digest)
);
INSERT INTO challenge_codes (challenge_id, issue, digest, sent_at)
    SELECT id, issue, code, sent_at FROM challenges WHERE code IS NOT NULL AND sent_at IS NOT NULL;
ALTER TABLE challenge_links ADD COLUMN sent_at BIGINT NOT NULL DEFAULT 0;
UPDATE challenge_links SET sent_at = COALESCE(
    (SELECT c.sent_at FROM challenges c WHERE c.id = challenge_links.challenge_id AND c.issue = challenge_links.issue), 0);
ALTER TABLE recovery_links ADD COLUMN sent_at BIGINT NOT NULL DEFAULT 0;
UPDATE recovery_links SET sent_at = COALESCE(
    (SELECT r.sent_at FROM recoveries r WHERE r.id = recovery_links.recovery_id), 0);

-- Addresses that a mail server has refused for good; the next letter that arrives takes the mark away.
CREATE TABLE refused_addresses (
    address    TEXT   NOT NULL PRIMARY KEY,
    answer     TEXT   NOT NULL,
    letter_id  TEXT   NOT NULL,
    refused_at BIGINT NOT NULL
);
