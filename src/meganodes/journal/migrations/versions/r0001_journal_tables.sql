-- The journal's tables for SQLite, as revision 0001 makes them. This file is history: a change of
-- the tables is a new revision.
--
-- Every table and every unique key carries agent_id, so that the tables can be distributed by it.
-- Keys begin with the number that grows with time where they can: then the rows of all agents go to
-- the end of one index, and a commit of many agents' bets touches few pages.
--
-- Words (kind, state, step, revision) come from enumerations of the program and are not checked
-- again here: comparing text took a third of a bet's time.

CREATE TABLE transactions (
  agent_id INTEGER NOT NULL,
  trans_id INTEGER NOT NULL CHECK (trans_id BETWEEN 1 AND 9007199254740991),
  provider_id INTEGER NOT NULL,
  transaction_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  user_code INTEGER NOT NULL,
  account TEXT NOT NULL,
  gplay_id INTEGER NOT NULL,
  round_id TEXT NOT NULL,
  game_code TEXT NOT NULL,
  currency TEXT NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor BETWEEN 0 AND 9007199254740991),
  revision TEXT NOT NULL,
  guid TEXT NOT NULL,
  data BLOB NOT NULL,
  content TEXT NOT NULL,
  bet_transaction_id TEXT,
  cancel_transaction_id TEXT,
  created_at_ms INTEGER NOT NULL,
  round_seq INTEGER NOT NULL,
  state TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  code INTEGER NOT NULL,
  balance_minor INTEGER,
  outcome_unknown INTEGER NOT NULL,
  cancel_asked_at_ms INTEGER,
  decided_at_ms INTEGER,
  step TEXT NOT NULL,
  due_at_ms INTEGER,
  owed_since_ms INTEGER,
  attempts INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  maybe_sent INTEGER NOT NULL,
  not_seen INTEGER NOT NULL,
  probes INTEGER NOT NULL,
  reopened INTEGER NOT NULL,
  lease_until_ms INTEGER,
  lease_owner TEXT,
  PRIMARY KEY (trans_id, agent_id),
  UNIQUE (agent_id, provider_id, transaction_id),
  -- What is due has a time: nothing can be forgotten.
  CHECK ((step = 'none') = (due_at_ms IS NULL))
) STRICT;

CREATE INDEX transactions_of_round
  ON transactions (agent_id, provider_id, user_code, round_id);
CREATE INDEX transactions_due
  ON transactions (agent_id, due_at_ms, trans_id) WHERE step <> 'none';
CREATE INDEX transactions_pending
  ON transactions (lease_until_ms, trans_id, agent_id) WHERE state = 'pending';

CREATE INDEX transactions_parked
  ON transactions (trans_id, agent_id) WHERE state = 'parked';

CREATE TRIGGER transactions_keep_what_was_asked
BEFORE UPDATE OF agent_id, trans_id, provider_id, transaction_id, kind, user_code, account,
  gplay_id, round_id, game_code, currency, amount_minor, revision, guid, data, content,
  bet_transaction_id, cancel_transaction_id, created_at_ms, round_seq
ON transactions
BEGIN
  SELECT RAISE(ABORT, 'what was asked never changes');
END;

CREATE TABLE rounds (
  agent_id INTEGER NOT NULL,
  provider_id INTEGER NOT NULL,
  user_code INTEGER NOT NULL,
  round_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  wins INTEGER NOT NULL,
  closed INTEGER NOT NULL CHECK (closed IN (0, 1)),
  PRIMARY KEY (agent_id, provider_id, user_code, round_id)
) STRICT, WITHOUT ROWID;

-- Few rounds are open at a time; the report of forgotten ones starts here.
CREATE INDEX rounds_open ON rounds (agent_id) WHERE closed = 0;

CREATE TABLE events (
  agent_id INTEGER NOT NULL,
  trans_id INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  from_state TEXT,
  to_state TEXT NOT NULL,
  cause TEXT NOT NULL,
  PRIMARY KEY (trans_id, agent_id, epoch)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
BEGIN
  SELECT RAISE(ABORT, 'events are insert-only');
END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN
  SELECT RAISE(ABORT, 'events are insert-only');
END;

CREATE TABLE attempts (
  attempt_id INTEGER NOT NULL,
  agent_id INTEGER NOT NULL,
  trans_id INTEGER,
  account TEXT NOT NULL,
  command TEXT NOT NULL,
  number INTEGER NOT NULL,
  started_at_ms INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  phase TEXT NOT NULL,
  result INTEGER,
  http_status INTEGER,
  notes TEXT,
  faults TEXT,
  peer_address TEXT,
  PRIMARY KEY (attempt_id, agent_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_of_transaction
  ON attempts (trans_id, agent_id) WHERE trans_id IS NOT NULL;

CREATE TRIGGER attempts_are_never_changed BEFORE UPDATE ON attempts
BEGIN
  SELECT RAISE(ABORT, 'attempts are insert-only');
END;
CREATE TRIGGER attempts_are_never_deleted BEFORE DELETE ON attempts
BEGIN
  SELECT RAISE(ABORT, 'attempts are insert-only');
END;

-- The bytes of an attempt, apart from what is known about it: they may be compressed later.
CREATE TABLE attempt_bodies (
  attempt_id INTEGER NOT NULL,
  agent_id INTEGER NOT NULL,
  request BLOB NOT NULL,
  reply BLOB NOT NULL CHECK (length(reply) <= 65536),
  PRIMARY KEY (attempt_id, agent_id)
) STRICT;

-- listing_id is the row number of SQLite and so the order of the commits. position is given by the
-- sequencer. balance_open: the backend reported no balance, one balance callback is to be made.
CREATE TABLE listings (
  listing_id INTEGER PRIMARY KEY,
  agent_id INTEGER NOT NULL,
  trans_id INTEGER NOT NULL,
  trans_type INTEGER NOT NULL CHECK (trans_type IN (1, 2, 16)),
  balance_minor INTEGER,
  balance_open INTEGER NOT NULL CHECK (balance_open IN (0, 1)),
  position INTEGER CHECK (position >= 1),
  listed_at_ms INTEGER,
  UNIQUE (trans_id, agent_id, trans_type),
  CHECK ((position IS NULL) = (listed_at_ms IS NULL))
) STRICT;

CREATE INDEX listings_waiting ON listings (balance_open) WHERE position IS NULL;
CREATE UNIQUE INDEX listings_placed ON listings (agent_id, position) WHERE position IS NOT NULL;

CREATE TRIGGER listings_keep_their_position BEFORE UPDATE OF position ON listings
WHEN old.position IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'an entry of an agent''s list never moves');
END;

CREATE TABLE listing_positions (
  agent_id INTEGER NOT NULL PRIMARY KEY,
  last_position INTEGER NOT NULL,
  last_listed_at_ms INTEGER NOT NULL
) STRICT;
