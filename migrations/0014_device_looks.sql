-- What a device's browser says it is, in two words of a closed list ("firefox windows"), so that its owner knows it again.
-- Empty: nobody has signed in there since.
ALTER TABLE devices ADD COLUMN look TEXT NOT NULL DEFAULT '';
