-- Which two records are the same person. A record is in at most one link that is not closed.
CREATE TABLE links (
    link_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    huma_id TEXT,       -- null only after the person was erased
    xledger_id INTEGER, -- null only after the person was erased
    person TEXT NOT NULL, -- readable label, kept up to date
    employment_id TEXT,
    state TEXT NOT NULL DEFAULT 'linked' CHECK (state IN ('linked', 'excluded', 'vanished', 'closed')),
    linked_at TEXT NOT NULL, -- UTC
    linked_by TEXT NOT NULL, -- the rule or the user
    closed_at TEXT,          -- UTC
    closed_why TEXT,
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK ((huma_id IS NULL) = (xledger_id IS NULL)),
    CHECK (state = 'closed' OR huma_id IS NOT NULL)
) STRICT;

CREATE UNIQUE INDEX links_by_huma ON links (huma_id) WHERE state <> 'closed';
CREATE UNIQUE INDEX links_by_xledger ON links (xledger_id) WHERE state <> 'closed';

-- Pairs a human has called two different people: never proposed again until linked by hand.
CREATE TABLE not_same (
    huma_id TEXT NOT NULL,
    xledger_id INTEGER NOT NULL,
    who TEXT NOT NULL,
    at TEXT NOT NULL, -- UTC
    PRIMARY KEY (huma_id, xledger_id)
) STRICT, WITHOUT ROWID;

-- Records a human has answered `ignore` for.
CREATE TABLE ignored (
    side TEXT NOT NULL CHECK (side IN ('huma', 'xledger')),
    id TEXT NOT NULL, -- that side's id in text
    who TEXT NOT NULL,
    at TEXT NOT NULL, -- UTC
    PRIMARY KEY (side, id)
) STRICT, WITHOUT ROWID;

CREATE VIEW people AS
SELECT
    CAST(link_id AS TEXT) AS link_id,
    person,
    employment_id,
    huma_id,
    CAST(xledger_id AS TEXT) AS xledger_id,
    state,
    linked_at,
    linked_by
FROM links
WHERE state <> 'closed'
UNION ALL
SELECT
    NULL,
    s.person,
    s.employment_id,
    s.id,
    NULL,
    CASE WHEN i.id IS NULL THEN 'only-huma' ELSE 'excluded' END,
    NULL,
    NULL
FROM huma_snapshots AS s
LEFT JOIN ignored AS i ON i.side = 'huma' AND i.id = s.id
WHERE NOT EXISTS (SELECT 1 FROM links AS l WHERE l.huma_id = s.id AND l.state <> 'closed')
UNION ALL
SELECT
    NULL,
    s.person,
    s.employment_id,
    NULL,
    CAST(s.id AS TEXT),
    CASE WHEN i.id IS NULL THEN 'only-xledger' ELSE 'excluded' END,
    NULL,
    NULL
FROM xledger_snapshots AS s
LEFT JOIN ignored AS i ON i.side = 'xledger' AND i.id = CAST(s.id AS TEXT)
WHERE NOT EXISTS (SELECT 1 FROM links AS l WHERE l.xledger_id = s.id AND l.state <> 'closed');

PRAGMA user_version = 4;
