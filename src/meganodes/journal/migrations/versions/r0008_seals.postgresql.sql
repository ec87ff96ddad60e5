-- Seals, as revision 0008 makes them. This file is history: a change of the tables is a new revision.
--
-- Each agent has a chain of its own: what is handed out about one agent says nothing of another. A
-- seal covers rows that were new in one minute; leaves and rests are their digests, 16 bytes each,
-- by which a changed row is found and named (docs/adr/0017). sealed_to_ms says how far all chains
-- have come, with agent 0 for all of them.

CREATE TABLE seals (
  agent_id BIGINT NOT NULL,
  number BIGINT NOT NULL CHECK (number >= 1),
  minute_ms BIGINT NOT NULL,
  previous BYTEA NOT NULL,
  digest BYTEA NOT NULL,
  leaves BYTEA NOT NULL,
  rests BYTEA NOT NULL,
  PRIMARY KEY (agent_id, number)
);

CREATE INDEX seals_of_minute ON seals (minute_ms, agent_id, number);

CREATE TRIGGER seals_are_insert_only BEFORE UPDATE OR DELETE ON seals
  FOR EACH ROW EXECUTE FUNCTION journal_is_insert_only();

CREATE TABLE seal_progress (
  agent_id BIGINT NOT NULL,
  sealed_to_ms BIGINT NOT NULL,
  PRIMARY KEY (agent_id)
);

-- Events that came more than a minute after their transaction's number was made: few, and the only
-- ones that cannot be found by that number.
CREATE INDEX events_late ON events (at_ms, agent_id, trans_id, epoch)
  WHERE at_ms - (1767225600000 + (trans_id >> 12)) > 60000;
