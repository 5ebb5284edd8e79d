-- Verified webhooks: hints to read somebody again, never data to write.
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    received_at TEXT NOT NULL, -- UTC
    side TEXT NOT NULL CHECK (side IN ('huma', 'xledger')),
    ids TEXT NOT NULL CHECK (json_valid(ids)), -- that side's ids in text, in a list
    taken_at TEXT -- UTC; when a cycle had acted on it
) STRICT;

CREATE INDEX inbox_waiting ON inbox (id) WHERE taken_at IS NULL;

PRAGMA user_version = 9;
