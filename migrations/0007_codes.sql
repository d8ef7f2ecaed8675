-- The digest of a code is made under a key of the vault; the key's name stands beside it. Empty: a plain digest, of the
-- program before this one.
ALTER TABLE challenge_codes ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
