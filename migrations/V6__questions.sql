-- What humans must decide, and what they answered. An item is never used twice and never forgotten.
CREATE TABLE questions (
    item TEXT PRIMARY KEY NOT NULL, -- K7Q4
    subject TEXT NOT NULL,          -- what it is about, as reconcile::Subject::key spells it
    kind TEXT NOT NULL CHECK (kind IN (
        'conflict', 'difference', 'missing', 'divergence', 'clear', 'confirm', 'only-huma', 'only-xledger',
        'match', 'vanished', 'held', 'first-sync', 'flap'
    )),
    link_id INTEGER REFERENCES links (link_id),
    field TEXT,
    person TEXT NOT NULL, -- readable label; for `held` what is held, in words
    question TEXT CHECK (json_valid(question)), -- as reconcile::Question serializes; null after the person was erased
    fingerprint TEXT NOT NULL, -- the whole keyed hash of what is shown, in hex
    base TEXT,    -- the three values shown, readable; null for an empty one and for questions about people
    huma TEXT,
    xledger TEXT,
    cycle INTEGER NOT NULL, -- that asked it first
    asked_at TEXT NOT NULL, -- UTC
    changed_at TEXT NOT NULL, -- UTC; when what is shown last moved
    seen INTEGER NOT NULL DEFAULT 0 CHECK (seen IN (0, 1)), -- 1 once an admin's save has shown that they had it before them
    asleep_until TEXT, -- UTC; answered `later`
    closed_at TEXT,    -- UTC
    closed_why TEXT,   -- in words
    CHECK ((closed_at IS NULL) = (closed_why IS NULL)),
    CHECK (closed_at IS NOT NULL OR question IS NOT NULL)
) STRICT;

CREATE UNIQUE INDEX questions_open ON questions (subject) WHERE closed_at IS NULL;
CREATE INDEX questions_by_link ON questions (link_id);

CREATE TABLE fingerprints (
    item TEXT NOT NULL REFERENCES questions (item),
    fingerprint TEXT NOT NULL, -- whole, hex
    shown_at TEXT NOT NULL,    -- UTC; when it was first asked so
    PRIMARY KEY (item, fingerprint)
) STRICT, WITHOUT ROWID;

CREATE TABLE resolutions (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    item TEXT NOT NULL REFERENCES questions (item),
    fingerprint TEXT NOT NULL, -- whole, hex: what the admin saw
    verb TEXT NOT NULL,
    argument TEXT, -- may be a value
    who TEXT NOT NULL,
    certain INTEGER CHECK (certain IN (0, 1)), -- 0: the owner of a saved file; null: hxsync itself, not a user
    at TEXT NOT NULL, -- UTC; when the answer was taken in
    source TEXT NOT NULL, -- file, command ...
    state TEXT NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'applied', 'refused', 'superseded', 'passed-over')),
    words TEXT, -- what the admin was told
    finished_at TEXT, -- UTC
    CHECK ((state = 'queued') = (finished_at IS NULL))
) STRICT;

CREATE INDEX resolutions_by_item ON resolutions (item, fingerprint);
CREATE INDEX resolutions_queued ON resolutions (id) WHERE state = 'queued';

CREATE VIEW open_questions AS
SELECT item AS id, kind, person, field, base, huma, xledger, asked_at, seen, asleep_until
FROM questions
WHERE closed_at IS NULL;

PRAGMA user_version = 6;
