-- Finds employees by what an Xledger change points at, and people by number: without reading every record.
CREATE INDEX xledger_snapshots_by_contact ON xledger_snapshots (json_extract(record, '$.about.xledger.contact_id'));
CREATE INDEX xledger_snapshots_by_subledger ON xledger_snapshots (json_extract(record, '$.about.xledger.subledger_id'));
CREATE INDEX huma_snapshots_by_number ON huma_snapshots (employment_id);
CREATE INDEX xledger_snapshots_by_number ON xledger_snapshots (employment_id);

PRAGMA user_version = 10;
