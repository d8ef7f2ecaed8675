-- Whose an account is, is asked when it is given: a run of the wizard keeps what the roster said when it began.

-- One holder's time with an account: it stays while the roster says nothing else, and is another one when the account was
-- taken off it, or has another holder. Empty: a line from before this column.
ALTER TABLE roster ADD COLUMN holding TEXT NOT NULL DEFAULT '';

-- Accounts that their agency has closed, until they stand on its roster again: an extranet may go on taking the password.
CREATE TABLE closed_accounts (
    agency    TEXT   NOT NULL,
    login_key TEXT   NOT NULL,
    closed_at BIGINT NOT NULL,
    PRIMARY KEY (agency, login_key)
);

-- `flows.state` has a fourth word, 'withdrawn': the account was taken back while the run was under way, and its browser is
-- told so.
