-- A device is known to each person for 180 days after the last sign-in there, and the purge finds the others.
CREATE INDEX devices_remembered ON devices (remembered_at);

-- Clients are counted under their own word, and IPv6 ones by their network.
DELETE FROM throttles WHERE subject LIKE 'place:%';
DELETE FROM letter_counts WHERE subject LIKE 'place:%';
