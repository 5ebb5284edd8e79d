-- Every write, recorded before its request leaves; and the journal of people being made.
CREATE TABLE intent_rows (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    cycle INTEGER NOT NULL REFERENCES cycle_rows (id),
    link_id INTEGER REFERENCES links (link_id), -- null for a person not linked yet
    record_id TEXT, -- the record written, on `side`; null for one still to be made
    person TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('huma', 'xledger')),
    operation TEXT NOT NULL, -- update-user, update-position, create ...
    fields TEXT NOT NULL,    -- names, comma-separated, in field order
    changes TEXT NOT NULL CHECK (json_valid(changes)), -- as reconcile::Change serializes, in a list
    reason TEXT NOT NULL CHECK (reason <> ''),
    state TEXT NOT NULL DEFAULT 'planned'
        CHECK (state IN ('planned', 'sent', 'confirmed', 'failed', 'unknown', 'superseded')),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0), -- times it was sent
    created_at TEXT NOT NULL, -- UTC
    updated_at TEXT NOT NULL  -- UTC
) STRICT;

CREATE INDEX intents_unfinished ON intent_rows (id) WHERE state IN ('planned', 'sent', 'unknown');
CREATE INDEX intents_by_link ON intent_rows (link_id);

CREATE VIEW intents AS
SELECT id, cycle, person, side, operation, fields, state, attempts, created_at, updated_at, reason
FROM intent_rows;

CREATE TABLE creations (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    intent_id INTEGER NOT NULL REFERENCES intent_rows (id),
    side TEXT NOT NULL CHECK (side IN ('huma', 'xledger')), -- where the person is made
    source_id TEXT NOT NULL, -- the record on the other side that is copied
    lookup_key TEXT NOT NULL, -- what both sides were asked for right before; JSON
    known_before TEXT NOT NULL CHECK (json_valid(known_before)), -- ids that had the key before: ours is none of them
    steps TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(steps)), -- step done → id it made
    made_id TEXT, -- id of the person's record on `side`, once known
    link_id INTEGER REFERENCES links (link_id), -- once recorded
    state TEXT NOT NULL DEFAULT 'planned'
        CHECK (state IN ('planned', 'sent', 'unknown', 'made', 'done', 'abandoned')),
    created_at TEXT NOT NULL, -- UTC
    updated_at TEXT NOT NULL  -- UTC
) STRICT;

-- One chain at a time for a person: a second one could only make a second person.
CREATE UNIQUE INDEX creations_open ON creations (side, source_id) WHERE state NOT IN ('done', 'abandoned');

PRAGMA user_version = 7;
