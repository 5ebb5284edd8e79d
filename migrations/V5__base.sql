-- What both sides of a pair last agreed on: one row per pair, written only when it changed.
CREATE TABLE bases (
    link_id INTEGER PRIMARY KEY NOT NULL REFERENCES links (link_id),
    digest BLOB NOT NULL CHECK (length(digest) = 32), -- BLAKE3 of the base
    states TEXT NOT NULL CHECK (json_valid(states)), -- list of the 15 states in field order, null for one not yet decided
    base TEXT NOT NULL CHECK (json_valid(base)) -- as reconcile::PairBase serializes; last, for it is long
) STRICT;

-- One row per pair and field. Values are in each side's own spelling; null is empty, hidden or not known.
CREATE VIEW field_state AS
WITH
seen AS (
    SELECT
        l.link_id,
        l.person,
        l.state AS link_state,
        f.position,
        f.name AS field,
        b.states ->> (f.position - 1) AS decided,
        coalesce(
            b.base ->> ('$.states.' || f.name || '.since'),
            b.base ->> ('$.fields.' || f.name || '.since')
        ) AS since,
        coalesce(
            b.base -> ('$.fields.' || f.name || '.agreed.huma'),
            b.base -> ('$.fields.' || f.name || '.agreed.xledger')
        ) AS base,
        h.record ->> ('$.fields.' || f.name || '.is') AS huma_is,
        h.record -> ('$.fields.' || f.name || '.of') AS huma,
        x.record ->> ('$.fields.' || f.name || '.is') AS xledger_is,
        x.record -> ('$.fields.' || f.name || '.of') AS xledger
    FROM links AS l
    CROSS JOIN fields AS f
    LEFT JOIN bases AS b ON b.link_id = l.link_id
    LEFT JOIN huma_snapshots AS h ON h.id = l.huma_id
    LEFT JOIN xledger_snapshots AS x ON x.id = l.xledger_id
    WHERE l.state <> 'closed'
),
spelled AS (
    SELECT
        link_id,
        person,
        link_state,
        position,
        field,
        decided,
        since,
        huma_is,
        xledger_is,
        coalesce(
            base ->> '$.text',
            base ->> '$.named.name',
            base ->> '$.account.national.number',
            base ->> '$.account.international.iban',
            (SELECT group_concat(value, ' | ') FROM json_each(base, '$.address'))
        ) AS base,
        coalesce(
            huma ->> '$.text',
            huma ->> '$.named.name',
            huma ->> '$.account.national.number',
            huma ->> '$.account.international.iban',
            (SELECT group_concat(value, ' | ') FROM json_each(huma, '$.address'))
        ) AS huma,
        coalesce(
            xledger ->> '$.text',
            xledger ->> '$.named.name',
            xledger ->> '$.account.national.number',
            xledger ->> '$.account.international.iban',
            (SELECT group_concat(value, ' | ') FROM json_each(xledger, '$.address'))
        ) AS xledger
    FROM seen
)
SELECT
    CAST(link_id AS TEXT) AS link_id,
    person,
    field,
    -- A pair that no cycle has decided yet is described by what was read.
    CASE
        WHEN decided IS NOT NULL THEN decided
        WHEN link_state = 'excluded' THEN 'off'
        WHEN huma_is = 'hidden' OR xledger_is = 'hidden' THEN 'hidden'
        WHEN huma IS xledger THEN 'agreed'
        WHEN huma IS NULL OR xledger IS NULL THEN 'missing'
        ELSE 'difference'
    END AS state,
    base,
    huma,
    xledger,
    -- Cut or filled to milliseconds, as every other moment here.
    substr(since, 1, 19) || '.' || substr(rtrim(substr(since, 21), 'Z') || '000', 1, 3) || 'Z' AS since
FROM spelled
ORDER BY spelled.link_id, position;

PRAGMA user_version = 5;
