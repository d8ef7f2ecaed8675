-- The provisional password that the agency's last new one has replaced, hashed: it opens nothing, and who knows it is told.
ALTER TABLE roster ADD COLUMN replaced TEXT;

-- When the account was last entered from the portal; none before this was kept.
ALTER TABLE links ADD COLUMN visited_at BIGINT;

-- `by_address`: 0 or 1, whether the reset was asked for by an address, which several people may read: then it is asked whose
-- password is meant, behind the link or code.
ALTER TABLE recoveries ADD COLUMN by_address BIGINT NOT NULL DEFAULT 0;
