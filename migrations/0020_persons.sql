-- Which accounts of an agency's roster are one person's, in whatever words the agency has for that; compared within its
-- roster only.
ALTER TABLE roster ADD COLUMN person TEXT;
ALTER TABLE import_lines ADD COLUMN person TEXT;
CREATE INDEX roster_person ON roster (agency, person);
