-- Numbers passed over in the agents' lists, as revision 0003 makes them. This file is history: a
-- change of the tables is a new revision.
--
-- Positions have no holes and go on from a backup as if nothing had been listed after it. Readers
-- have seen more: what an agent is shown as trans_id is the position and all that was skipped
-- before it, so that a cursor of before the restore misses nothing.

CREATE TABLE list_skips (
  agent_id INTEGER NOT NULL,
  after_position INTEGER NOT NULL CHECK (after_position >= 0),
  skipped INTEGER NOT NULL CHECK (skipped > 0),
  PRIMARY KEY (agent_id, after_position)
) STRICT, WITHOUT ROWID;
