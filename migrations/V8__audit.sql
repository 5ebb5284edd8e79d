-- What happened, in order, for ever. Each row's hash is over the row and the hash before it; values stand apart and hang
-- on a salted digest, so that a person's values can be erased and the chain still verifies.
CREATE TABLE audit_rows (
    seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at TEXT NOT NULL, -- UTC
    cycle INTEGER,    -- null for what was done outside a cycle
    link_id INTEGER,
    field TEXT,
    side TEXT CHECK (side IN ('huma', 'xledger', 'both')),
    why TEXT NOT NULL, -- words without values
    who TEXT NOT NULL, -- hxsync or the real user
    outcome TEXT NOT NULL CHECK (outcome IN (
        'written', 'agreed', 'linked', 'created', 'asked', 'answered', 'refused', 'held', 'failed', 'unknown',
        'noted', 'erased'
    )),
    values_digest BLOB NOT NULL CHECK (length(values_digest) = 32), -- SHA-256 of salt and values
    prev_hash BLOB NOT NULL CHECK (length(prev_hash) = 32), -- the row before's hash; zeros for the first
    hash BLOB NOT NULL CHECK (length(hash) = 32) -- SHA-256; over what: src/store/audit.rs
) STRICT;

CREATE INDEX audit_by_link ON audit_rows (link_id, field);
CREATE INDEX audit_by_cycle ON audit_rows (cycle);

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit_rows
BEGIN
    SELECT raise(ABORT, 'the audit is append-only');
END;

CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit_rows
BEGIN
    SELECT raise(ABORT, 'the audit is append-only');
END;

-- REPLACE deletes without asking the trigger above.
CREATE TRIGGER audit_is_never_replaced BEFORE INSERT ON audit_rows
WHEN EXISTS (SELECT 1 FROM audit_rows WHERE seq = NEW.seq)
BEGIN
    SELECT raise(ABORT, 'the audit is append-only');
END;

CREATE TABLE audit_values (
    seq INTEGER PRIMARY KEY NOT NULL REFERENCES audit_rows (seq),
    salt BLOB NOT NULL CHECK (length(salt) = 16), -- random; gone with the values
    person TEXT,
    record TEXT, -- "huma:ID" or "xledger:ID" for people without a link
    old TEXT,
    new TEXT
) STRICT;

CREATE INDEX audit_by_record ON audit_values (record) WHERE record IS NOT NULL;

CREATE TRIGGER audit_values_are_never_changed BEFORE UPDATE ON audit_values
BEGIN
    SELECT raise(ABORT, 'the audit is append-only');
END;

CREATE TRIGGER audit_values_are_never_replaced BEFORE INSERT ON audit_values
WHEN EXISTS (SELECT 1 FROM audit_values WHERE seq = NEW.seq)
BEGIN
    SELECT raise(ABORT, 'the audit is append-only');
END;

CREATE VIEW audit AS
SELECT r.seq, r.at, r.cycle, v.person, r.field, r.side, v.old, v.new, r.why, r.who, r.outcome
FROM audit_rows AS r
LEFT JOIN audit_values AS v ON v.seq = r.seq;

PRAGMA user_version = 8;
