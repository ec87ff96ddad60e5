-- The journal's tables for PostgreSQL, as revision 0007 makes them. This file is history: a change of
-- the tables is a new revision. Statements end with a semicolon at the end of a line; bodies of
-- functions stand between $$.
--
-- They are those of SQLite, which the first file of revisions explains. Every table and every unique
-- key carries agent_id. Text is compared byte by byte whatever the database's own collation; flags are
-- 0 and 1, so that one reader serves both databases. Ids that people look for have plain indexes here.

-- The time that leases run by: the database's, so that no node's clock matters.
CREATE FUNCTION journal_now_ms() RETURNS BIGINT LANGUAGE sql VOLATILE AS $$
  SELECT (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT
$$;

CREATE TABLE transactions (
  agent_id BIGINT NOT NULL,
  trans_id BIGINT NOT NULL CHECK (trans_id BETWEEN 1 AND 9007199254740991),
  provider_id BIGINT NOT NULL,
  transaction_id TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  user_code BIGINT NOT NULL,
  account TEXT COLLATE "C" NOT NULL,
  gplay_id BIGINT NOT NULL,
  round_id TEXT COLLATE "C" NOT NULL,
  game_code TEXT COLLATE "C" NOT NULL,
  currency TEXT COLLATE "C" NOT NULL,
  amount_minor BIGINT NOT NULL CHECK (amount_minor BETWEEN 0 AND 9007199254740991),
  revision TEXT COLLATE "C" NOT NULL,
  guid TEXT COLLATE "C" NOT NULL,
  data BYTEA NOT NULL,
  content TEXT COLLATE "C" NOT NULL,
  bet_transaction_id TEXT COLLATE "C",
  cancel_transaction_id TEXT COLLATE "C",
  created_at_ms BIGINT NOT NULL,
  round_seq BIGINT NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  epoch BIGINT NOT NULL,
  code BIGINT NOT NULL,
  balance_minor BIGINT,
  outcome_unknown SMALLINT NOT NULL,
  cancel_asked_at_ms BIGINT,
  decided_at_ms BIGINT,
  step TEXT COLLATE "C" NOT NULL,
  due_at_ms BIGINT,
  owed_since_ms BIGINT,
  attempts BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  maybe_sent SMALLINT NOT NULL,
  not_seen BIGINT NOT NULL,
  probes BIGINT NOT NULL,
  reopened BIGINT NOT NULL,
  lease_until_ms BIGINT,
  lease_owner TEXT COLLATE "C",
  PRIMARY KEY (trans_id, agent_id),
  UNIQUE (agent_id, provider_id, transaction_id),
  -- What is due has a time: nothing can be forgotten.
  CHECK ((step = 'none') = (due_at_ms IS NULL))
);

CREATE INDEX transactions_of_round
  ON transactions (agent_id, provider_id, user_code, round_id);
CREATE INDEX transactions_due
  ON transactions (agent_id, due_at_ms, trans_id) WHERE step <> 'none';
CREATE INDEX transactions_pending
  ON transactions (lease_until_ms, trans_id, agent_id) WHERE state = 'pending';
CREATE INDEX transactions_parked
  ON transactions (trans_id, agent_id) WHERE state = 'parked';
-- Ten of a guid's 40 digits find it among a billion.
CREATE INDEX transactions_of_guid ON transactions (substr(guid, 4, 10));

CREATE FUNCTION transactions_keep_what_was_asked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what was asked never changes';
END
$$;
CREATE TRIGGER transactions_keep_what_was_asked
  BEFORE UPDATE OF agent_id, trans_id, provider_id, transaction_id, kind, user_code, account,
    gplay_id, round_id, game_code, currency, amount_minor, revision, guid, data, content,
    bet_transaction_id, cancel_transaction_id, created_at_ms, round_seq
  ON transactions
  FOR EACH ROW EXECUTE FUNCTION transactions_keep_what_was_asked();

CREATE TABLE rounds (
  agent_id BIGINT NOT NULL,
  provider_id BIGINT NOT NULL,
  user_code BIGINT NOT NULL,
  round_id TEXT COLLATE "C" NOT NULL,
  seq BIGINT NOT NULL,
  wins BIGINT NOT NULL,
  closed SMALLINT NOT NULL CHECK (closed IN (0, 1)),
  PRIMARY KEY (agent_id, provider_id, user_code, round_id)
);

CREATE INDEX rounds_of_id ON rounds (round_id);
-- Few rounds are open at a time; the report of forgotten ones starts here.
CREATE INDEX rounds_open ON rounds (agent_id) WHERE closed = 0;

CREATE TABLE events (
  agent_id BIGINT NOT NULL,
  trans_id BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  at_ms BIGINT NOT NULL,
  from_state TEXT COLLATE "C",
  to_state TEXT COLLATE "C" NOT NULL,
  cause TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (trans_id, agent_id, epoch)
);

CREATE FUNCTION journal_is_insert_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% are insert-only', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER events_are_insert_only BEFORE UPDATE OR DELETE ON events
  FOR EACH ROW EXECUTE FUNCTION journal_is_insert_only();

CREATE TABLE attempts (
  attempt_id BIGINT NOT NULL,
  agent_id BIGINT NOT NULL,
  trans_id BIGINT,
  account TEXT COLLATE "C" NOT NULL,
  command TEXT COLLATE "C" NOT NULL,
  number BIGINT NOT NULL,
  started_at_ms BIGINT NOT NULL,
  duration_ms BIGINT NOT NULL,
  outcome TEXT COLLATE "C" NOT NULL,
  phase TEXT COLLATE "C" NOT NULL,
  result BIGINT,
  http_status BIGINT,
  notes TEXT COLLATE "C",
  faults TEXT COLLATE "C",
  peer_address TEXT COLLATE "C",
  PRIMARY KEY (attempt_id, agent_id)
);

CREATE INDEX attempts_of_transaction
  ON attempts (trans_id, agent_id) WHERE trans_id IS NOT NULL;
CREATE INDEX attempts_of_agent ON attempts (agent_id, attempt_id);
CREATE INDEX attempts_not_accepted ON attempts (agent_id, attempt_id) WHERE outcome <> 'accepted';

CREATE TRIGGER attempts_are_insert_only BEFORE UPDATE OR DELETE ON attempts
  FOR EACH ROW EXECUTE FUNCTION journal_is_insert_only();

-- The bytes of an attempt, apart from what is known about it: they may be compressed later.
CREATE TABLE attempt_bodies (
  attempt_id BIGINT NOT NULL,
  agent_id BIGINT NOT NULL,
  request BYTEA NOT NULL,
  reply BYTEA NOT NULL CHECK (octet_length(reply) <= 65536),
  PRIMARY KEY (attempt_id, agent_id)
);

-- Numbers are given before a commit, so they say nothing about the order of commits; positions do,
-- which place_listings gives to what it sees.
CREATE TABLE listings (
  listing_id BIGINT GENERATED ALWAYS AS IDENTITY,
  agent_id BIGINT NOT NULL,
  trans_id BIGINT NOT NULL,
  trans_type SMALLINT NOT NULL CHECK (trans_type IN (1, 2, 16)),
  balance_minor BIGINT,
  balance_open SMALLINT NOT NULL CHECK (balance_open IN (0, 1)),
  position BIGINT CHECK (position >= 1),
  listed_at_ms BIGINT,
  PRIMARY KEY (listing_id, agent_id),
  UNIQUE (trans_id, agent_id, trans_type),
  CHECK ((position IS NULL) = (listed_at_ms IS NULL))
);

CREATE INDEX listings_waiting ON listings (balance_open, listing_id) WHERE position IS NULL;
CREATE UNIQUE INDEX listings_placed ON listings (agent_id, position) WHERE position IS NOT NULL;

CREATE FUNCTION listings_keep_their_position() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an entry of an agent''s list never moves';
END
$$;
CREATE TRIGGER listings_keep_their_position BEFORE UPDATE OF position ON listings
  FOR EACH ROW WHEN (old.position IS NOT NULL) EXECUTE FUNCTION listings_keep_their_position();

CREATE TABLE listing_positions (
  agent_id BIGINT NOT NULL PRIMARY KEY,
  last_position BIGINT NOT NULL,
  last_listed_at_ms BIGINT NOT NULL,
  summed_position BIGINT NOT NULL DEFAULT 0,
  CHECK (summed_position BETWEEN 0 AND last_position)
);

CREATE TABLE turnovers (
  agent_id BIGINT NOT NULL,
  quarter BIGINT NOT NULL,
  user_code BIGINT NOT NULL,
  gplay_id BIGINT NOT NULL,
  provider_id BIGINT NOT NULL,
  game_code TEXT COLLATE "C" NOT NULL,
  bet_high BIGINT NOT NULL,
  bet_low BIGINT NOT NULL,
  win_high BIGINT NOT NULL,
  win_low BIGINT NOT NULL,
  last_bet BIGINT NOT NULL,
  PRIMARY KEY (agent_id, quarter, user_code, gplay_id, provider_id, game_code)
);

CREATE TABLE list_skips (
  agent_id BIGINT NOT NULL,
  after_position BIGINT NOT NULL CHECK (after_position >= 0),
  skipped BIGINT NOT NULL CHECK (skipped > 0),
  PRIMARY KEY (agent_id, after_position)
);

-- Gives the oldest waiting entries their positions: 1, 2, 3, ... for each agent, without a hole. One
-- node at a time does it, and holds the lock for no longer than this takes, even if it is stopped in
-- the middle; another finds nothing to do meanwhile. Each statement in here sees all that had been
-- committed when it began, so what was placed before is seen.
CREATE FUNCTION place_listings(now_ms BIGINT, at_most BIGINT) RETURNS BIGINT
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  ids BIGINT[];
  agents BIGINT[];
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext('meganodes.place_listings')) THEN
    RETURN 0;
  END IF;
  SELECT array_agg(w.listing_id), array_agg(w.agent_id) INTO ids, agents FROM (
    SELECT l.listing_id, l.agent_id FROM listings AS l
    WHERE l.position IS NULL AND l.balance_open = 0
    ORDER BY l.listing_id LIMIT at_most
  ) AS w;
  IF ids IS NULL THEN
    RETURN 0;
  END IF;
  INSERT INTO listing_positions AS p (agent_id, last_position, last_listed_at_ms)
  SELECT w.agent_id, count(*), now_ms FROM unnest(agents) AS w (agent_id)
  GROUP BY w.agent_id ORDER BY w.agent_id
  ON CONFLICT (agent_id) DO UPDATE
  SET last_position = p.last_position + excluded.last_position,
      last_listed_at_ms = greatest(p.last_listed_at_ms, excluded.last_listed_at_ms);
  UPDATE listings AS l
  SET position = n.position, listed_at_ms = n.listed_at_ms
  FROM (
    SELECT w.listing_id, w.agent_id, p.last_listed_at_ms AS listed_at_ms,
           p.last_position + 1
             - row_number() OVER (PARTITION BY w.agent_id ORDER BY w.listing_id DESC) AS position
    FROM unnest(ids, agents) AS w (listing_id, agent_id)
    JOIN listing_positions AS p ON p.agent_id = w.agent_id
  ) AS n
  WHERE l.listing_id = n.listing_id AND l.agent_id = n.agent_id;
  RETURN cardinality(ids);
END
$$;
