-- What each side last said about each of its records: one row per person and side, written only when it changed.
-- The long column stands last, so that the others are read without it.
CREATE TABLE huma_snapshots (
    id TEXT PRIMARY KEY NOT NULL CHECK (id <> ''), -- Huma's user id, a UUID as Huma spells it
    person TEXT NOT NULL,                          -- readable label, "Kari Nordmann (1042)"
    employment_id TEXT,
    digest BLOB NOT NULL CHECK (length(digest) = 32), -- BLAKE3 of the record: equal means unchanged
    listing_digest BLOB CHECK (length(listing_digest) = 32), -- of the listing's row alone, where a listing showed one
    observed_at TEXT NOT NULL,                     -- UTC; when this content was first read
    missing_times INTEGER NOT NULL DEFAULT 0 CHECK (missing_times >= 0), -- sightings of its absence since it was last there
    first_missing_at TEXT,                         -- UTC
    last_missing_at TEXT,                          -- UTC
    record TEXT NOT NULL CHECK (json_valid(record)), -- the whole record as domain::Record serializes
    CHECK ((missing_times = 0) = (first_missing_at IS NULL)),
    CHECK ((missing_times = 0) = (last_missing_at IS NULL))
) STRICT;

CREATE TABLE xledger_snapshots (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id > 0), -- Xledger's dbId of the employee
    person TEXT NOT NULL,
    employment_id TEXT,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    listing_digest BLOB CHECK (length(listing_digest) = 32),
    observed_at TEXT NOT NULL,
    missing_times INTEGER NOT NULL DEFAULT 0 CHECK (missing_times >= 0),
    first_missing_at TEXT,
    last_missing_at TEXT,
    record TEXT NOT NULL CHECK (json_valid(record)),
    CHECK ((missing_times = 0) = (first_missing_at IS NULL)),
    CHECK ((missing_times = 0) = (last_missing_at IS NULL))
) STRICT;

PRAGMA user_version = 3;
