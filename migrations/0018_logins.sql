-- What is typed is apart from the address that letters go to. `login` is the key of the address where that is what the
-- person types; where it is the old identifier of one of their accounts (document 004, or two at one address), it is
-- '#' and the credential's own id, and `contact_key` is the key of the address.
ALTER TABLE credentials ADD COLUMN contact_key TEXT;
CREATE INDEX credentials_contact ON credentials (contact_key);
