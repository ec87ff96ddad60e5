-- Retention, as revision 0010 makes it. This file is history: a change of the tables is a new revision.
--
-- packing says how the bytes of an attempt stand there: 0 as they are, 1 packed (journal/packing.py).
-- When they go, their digest is put down first, the one that seals hold (docs/adr/0020).

ALTER TABLE attempt_bodies ADD COLUMN packing INTEGER NOT NULL DEFAULT 0;

CREATE TABLE attempt_digests (
  attempt_id INTEGER NOT NULL,
  agent_id INTEGER NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  request_bytes INTEGER NOT NULL,
  reply_bytes INTEGER NOT NULL,
  PRIMARY KEY (attempt_id, agent_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER attempt_digests_are_never_changed BEFORE UPDATE ON attempt_digests
BEGIN
  SELECT RAISE(ABORT, 'attempt_digests are insert-only');
END;
CREATE TRIGGER attempt_digests_are_never_deleted BEFORE DELETE ON attempt_digests
BEGIN
  SELECT RAISE(ABORT, 'attempt_digests are insert-only');
END;

-- How far packing has come, with agent 0 for all of them: the number and the agent of the last attempt.
CREATE TABLE retention_progress (
  agent_id INTEGER NOT NULL PRIMARY KEY,
  packed_attempt_id INTEGER NOT NULL,
  packed_agent_id INTEGER NOT NULL
) STRICT;
