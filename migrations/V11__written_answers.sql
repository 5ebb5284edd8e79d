-- What an admin typed, where a printed letter has become an id since: so that an old copy saved again is recognised.
ALTER TABLE resolutions ADD COLUMN written TEXT;

PRAGMA user_version = 11;
