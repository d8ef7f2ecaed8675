-- What an extranet said of a kept secret. `worked`: 0 or 1, whether it ever took it; what is kept until now was right
-- when it was typed. `refused_at`: the first refusal since it last worked. `tried_at`: when somebody began to try it
-- again after that.
ALTER TABLE legacy_secrets ADD COLUMN worked BIGINT NOT NULL DEFAULT 1;
ALTER TABLE legacy_secrets ADD COLUMN refused_at BIGINT;
ALTER TABLE legacy_secrets ADD COLUMN tried_at BIGINT;
CREATE INDEX legacy_secrets_refused ON legacy_secrets (refused_at);

-- « Garder ma session active », as it was ticked: 0 or 1. Of sessions until now it is known by their length only.
ALTER TABLE sessions ADD COLUMN kept BIGINT NOT NULL DEFAULT 0;
UPDATE sessions SET kept = 1 WHERE idle_minutes >= hours * 60;
