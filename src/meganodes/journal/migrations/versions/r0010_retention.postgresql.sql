-- Retention, as revision 0010 makes it. This file is history: a change of the tables is a new revision.
--
-- The bytes of attempts lie in parts by day of their number (UTC): what is too old goes as a whole part,
-- and what is packed is written anew, without a hole (docs/adr/0020). What was there before becomes the
-- first part, without being copied. A row that no part has room for goes to the last one: no insert
-- fails. The rest is as on SQLite.

ALTER TABLE attempt_bodies ADD COLUMN packing SMALLINT NOT NULL DEFAULT 0;

DO $$
DECLARE
  day BIGINT := (86400000::BIGINT << 12);
  past BIGINT;
  low BIGINT;
BEGIN
  SELECT greatest((journal_now_ms() - 1767225600000) << 12, coalesce(max(attempt_id), 0)) / day + 1
  INTO past FROM attempt_bodies;
  past := past * day;
  ALTER TABLE attempt_bodies RENAME TO attempt_bodies_before;
  ALTER INDEX attempt_bodies_pkey RENAME TO attempt_bodies_before_pkey;
  ALTER TABLE attempt_bodies_before
    RENAME CONSTRAINT attempt_bodies_reply_check TO attempt_bodies_before_reply_check;
  CREATE TABLE attempt_bodies (
    attempt_id BIGINT NOT NULL,
    agent_id BIGINT NOT NULL,
    request BYTEA NOT NULL,
    reply BYTEA NOT NULL CONSTRAINT attempt_bodies_reply_check CHECK (octet_length(reply) <= 65536),
    packing SMALLINT NOT NULL DEFAULT 0,
    PRIMARY KEY (attempt_id, agent_id)
  ) PARTITION BY RANGE (attempt_id);
  ALTER TABLE attempt_bodies_before
    RENAME CONSTRAINT attempt_bodies_before_reply_check TO attempt_bodies_reply_check;
  EXECUTE format(
    'ALTER TABLE attempt_bodies ATTACH PARTITION attempt_bodies_before FOR VALUES FROM (MINVALUE) TO (%s)',
    past
  );
  CREATE TABLE attempt_bodies_rest PARTITION OF attempt_bodies DEFAULT;
  FOR ahead IN 0..6 LOOP
    low := past + ahead * day;
    EXECUTE format(
      'CREATE TABLE attempt_bodies_%s PARTITION OF attempt_bodies FOR VALUES FROM (%s) TO (%s)',
      to_char(to_timestamp((1767225600000 + (low >> 12)) / 1000) AT TIME ZONE 'UTC', 'YYYYMMDD'),
      low, low + day
    );
  END LOOP;
END
$$;

CREATE TABLE attempt_digests (
  attempt_id BIGINT NOT NULL,
  agent_id BIGINT NOT NULL,
  digest BYTEA NOT NULL CHECK (octet_length(digest) = 32),
  request_bytes BIGINT NOT NULL,
  reply_bytes BIGINT NOT NULL,
  PRIMARY KEY (attempt_id, agent_id)
);

CREATE TRIGGER attempt_digests_are_insert_only BEFORE UPDATE OR DELETE ON attempt_digests
  FOR EACH ROW EXECUTE FUNCTION journal_is_insert_only();

CREATE TABLE retention_progress (
  agent_id BIGINT NOT NULL PRIMARY KEY,
  packed_attempt_id BIGINT NOT NULL,
  packed_agent_id BIGINT NOT NULL
);
