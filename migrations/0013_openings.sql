-- Written by who asks whether the database can be written.
INSERT INTO counters (name, value) VALUES ('alive', 0);

-- How often an account was opened on this host in this session: a cookie is worth something only for the opening that
-- it was made in, so that one of an account that was closed stays worth nothing, whenever it was written.
ALTER TABLE open_accounts ADD COLUMN opening BIGINT NOT NULL DEFAULT 0;
ALTER TABLE agency_cookies ADD COLUMN opening BIGINT NOT NULL DEFAULT 0;
