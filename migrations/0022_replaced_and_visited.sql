-- The provisional password that the agency's last new one has replaced, hashed: it opens nothing, and who knows it is told.
ALTER TABLE roster ADD COLUMN replaced TEXT;

-- When the account was last entered from the portal; none before this was kept.
ALTER TABLE links ADD COLUMN visited_at BIGINT;
