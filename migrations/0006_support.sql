-- What support needs: access that an operator withdraws, and finding a person's letters and lines of the trace.

-- When an operator withdrew the person's access; nothing while it stands.
ALTER TABLE identities ADD COLUMN disabled_at BIGINT;

CREATE INDEX letters_recipient ON letters (recipient);
CREATE INDEX audit_account ON audit (agency, lower(login));
CREATE INDEX challenges_address ON challenges (lower(address));
