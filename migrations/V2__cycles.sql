-- The passes of the program, and what the interfaces of both sides cost in each calendar month.
CREATE TABLE cycle_rows (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    started_at TEXT NOT NULL, -- UTC, 2026-11-23T08:15:00.000Z
    ended_at TEXT,            -- UTC; null while it runs, or for ever if the process died in it
    cause TEXT NOT NULL,      -- what woke it: timer, webhook, file, signal, command ...
    outcome TEXT,             -- in words; null until it ended
    huma_requests INTEGER NOT NULL DEFAULT 0 CHECK (huma_requests >= 0),
    xledger_requests INTEGER NOT NULL DEFAULT 0 CHECK (xledger_requests >= 0),
    writes INTEGER NOT NULL DEFAULT 0 CHECK (writes >= 0),       -- fields written on either side
    questions INTEGER NOT NULL DEFAULT 0 CHECK (questions >= 0), -- open when it ended
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;

CREATE VIEW cycles AS
SELECT id, started_at, ended_at, cause, outcome, huma_requests, xledger_requests, writes, questions
FROM cycle_rows;

CREATE TABLE api_use_rows (
    month TEXT NOT NULL CHECK (month GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]'), -- 2026-11, UTC
    side TEXT NOT NULL CHECK (side IN ('huma', 'xledger')),
    requests INTEGER NOT NULL CHECK (requests >= 0),
    bytes_in INTEGER NOT NULL CHECK (bytes_in >= 0),
    bytes_out INTEGER NOT NULL CHECK (bytes_out >= 0),
    PRIMARY KEY (month, side)
) STRICT, WITHOUT ROWID;

CREATE VIEW api_use AS
SELECT month, side, requests, bytes_in, bytes_out
FROM api_use_rows;

PRAGMA user_version = 2;
