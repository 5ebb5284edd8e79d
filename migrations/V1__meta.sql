-- What the database knows about itself and about the pair of systems it belongs to: one row per key.
-- Every migration ends by setting user_version to its own number.
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL CHECK (json_valid(value)) -- JSON; what each key holds is said in src/store/meta.rs
) STRICT, WITHOUT ROWID;

-- The 15 fields in the order they have everywhere; the names are those of settings and JSON.
CREATE TABLE fields (
    position INTEGER PRIMARY KEY NOT NULL, -- 1 to 15
    name TEXT NOT NULL UNIQUE
) STRICT;

INSERT INTO fields (position, name) VALUES
    (1, 'given_name'),
    (2, 'family_name'),
    (3, 'email'),
    (4, 'phone'),
    (5, 'birth_date'),
    (6, 'bank_account'),
    (7, 'address'),
    (8, 'gender'),
    (9, 'civil_status'),
    (10, 'employment_id'),
    (11, 'job_title'),
    (12, 'first_day_of_work'),
    (13, 'probation_end_date'),
    (14, 'termination_notice_date'),
    (15, 'last_day_of_work');

PRAGMA user_version = 1;
