-- Which accounts of an agency's roster are one person's, in whatever words the agency has for that; compared within its
-- roster only.
ALTER TABLE roster ADD COLUMN person TEXT;
ALTER TABLE import_lines ADD COLUMN person TEXT;
CREATE INDEX roster_person ON roster (agency, person);

-- An account that has a password of its own is a part of its person: a row here and in `credentials`, typed by the identifier,
-- to which that one account is attached.
ALTER TABLE identities ADD COLUMN part_of TEXT;
CREATE INDEX identities_part_of ON identities (part_of);
