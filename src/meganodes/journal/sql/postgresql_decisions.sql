-- The journal's statements for PostgreSQL that decide about money, as asyncpg wants them ($1). Each
-- begins with its name; the comment below says what it is for. What writes takes whole columns
-- (arrays), one element for each row, in ascending order of the rows' keys. Every statement names
-- agent_id.

-- fragment: row_columns
-- The columns of a transaction, in the order of rows.COLUMNS.
t.agent_id, t.trans_id, t.provider_id, t.transaction_id, t.kind, t.user_code, t.account,
t.gplay_id, t.round_id, t.game_code, t.currency, t.amount_minor, t.revision, t.guid, t.data,
t.content, t.bet_transaction_id, t.cancel_transaction_id, t.created_at_ms, t.round_seq, t.state,
t.epoch, t.code, t.balance_minor, t.outcome_unknown, t.cancel_asked_at_ms, t.decided_at_ms,
t.step, t.due_at_ms, t.owed_since_ms, t.attempts, t.failures, t.maybe_sent, t.not_seen, t.probes,
t.reopened

-- name: step_rounds
-- Make one step of each round, or its first. A round that is closed and must be open is left out.
INSERT INTO rounds AS r (agent_id, provider_id, user_code, round_id, seq, wins, closed)
SELECT s.agent_id, s.provider_id, s.user_code, s.round_id, 1, s.wins, s.closed
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::smallint[])
  AS s (agent_id, provider_id, user_code, round_id, wins, closed)
ON CONFLICT (agent_id, provider_id, user_code, round_id) DO UPDATE
SET seq = r.seq + 1, wins = r.wins + excluded.wins, closed = greatest(r.closed, excluded.closed)
WHERE r.closed = 0 OR NOT EXISTS (
  SELECT 1
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $7::boolean[])
    AS m (agent_id, provider_id, user_code, round_id, must_be_open)
  WHERE m.must_be_open AND m.agent_id = r.agent_id AND m.provider_id = r.provider_id
    AND m.user_code = r.user_code AND m.round_id = r.round_id
)
RETURNING r.agent_id, r.provider_id, r.user_code, r.round_id, r.seq

-- name: insert_transactions
-- Record rows unless their keys are taken: one by (agent, provider, transaction_id) for ever.
INSERT INTO transactions AS t (
  agent_id, trans_id, provider_id, transaction_id, kind, user_code, account, gplay_id, round_id,
  game_code, currency, amount_minor, revision, guid, data, content, bet_transaction_id,
  cancel_transaction_id, created_at_ms, round_seq, state, epoch, code, balance_minor,
  outcome_unknown, cancel_asked_at_ms, decided_at_ms, step, due_at_ms, owed_since_ms, attempts,
  failures, maybe_sent, not_seen, probes, reopened, lease_until_ms, lease_owner
)
SELECT
  n.agent_id, n.trans_id, n.provider_id, n.transaction_id, n.kind, n.user_code, n.account,
  n.gplay_id, n.round_id, n.game_code, n.currency, n.amount_minor, n.revision, n.guid, n.data,
  n.content, n.bet_transaction_id, n.cancel_transaction_id, n.created_at_ms, n.round_seq, n.state,
  n.epoch, n.code, n.balance_minor, n.outcome_unknown, n.cancel_asked_at_ms, n.decided_at_ms,
  n.step, n.due_at_ms, n.owed_since_ms, n.attempts, n.failures, n.maybe_sent, n.not_seen, n.probes,
  n.reopened, coalesce($39::bigint, journal_now_ms()) + n.lease_ms,
  CASE WHEN n.lease_ms IS NOT NULL THEN $38::text END
FROM unnest(
  $1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[],
  $8::bigint[], $9::text[], $10::text[], $11::text[], $12::bigint[], $13::text[], $14::text[],
  $15::bytea[], $16::text[], $17::text[], $18::text[], $19::bigint[], $20::bigint[], $21::text[],
  $22::bigint[], $23::bigint[], $24::bigint[], $25::smallint[], $26::bigint[], $27::bigint[],
  $28::text[], $29::bigint[], $30::bigint[], $31::bigint[], $32::bigint[], $33::smallint[],
  $34::bigint[], $35::bigint[], $36::bigint[], $37::bigint[]
) AS n (
  agent_id, trans_id, provider_id, transaction_id, kind, user_code, account, gplay_id, round_id,
  game_code, currency, amount_minor, revision, guid, data, content, bet_transaction_id,
  cancel_transaction_id, created_at_ms, round_seq, state, epoch, code, balance_minor,
  outcome_unknown, cancel_asked_at_ms, decided_at_ms, step, due_at_ms, owed_since_ms, attempts,
  failures, maybe_sent, not_seen, probes, reopened, lease_ms
)
ON CONFLICT DO NOTHING
RETURNING t.agent_id, t.trans_id

-- name: move_transactions
-- Move the rows that are still what their movers believe (state and epoch). A lease is set, given up,
-- or left as it is by a mover who is not the owner.
UPDATE transactions AS t
SET state = m.state, epoch = m.epoch, code = m.code, balance_minor = m.balance_minor,
    outcome_unknown = m.outcome_unknown, cancel_asked_at_ms = m.cancel_asked_at_ms,
    decided_at_ms = m.decided_at_ms, step = m.step, due_at_ms = m.due_at_ms,
    owed_since_ms = m.owed_since_ms, attempts = m.attempts, failures = m.failures,
    maybe_sent = m.maybe_sent, not_seen = m.not_seen, probes = m.probes, reopened = m.reopened,
    lease_until_ms = CASE WHEN m.keep_lease THEN t.lease_until_ms
                     ELSE coalesce($24::bigint, journal_now_ms()) + m.lease_ms END,
    lease_owner = CASE WHEN m.keep_lease THEN t.lease_owner
                  WHEN m.lease_ms IS NOT NULL THEN $23::text END
FROM unnest(
  $1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[],
  $8::bigint[], $9::smallint[], $10::bigint[], $11::bigint[], $12::text[], $13::bigint[],
  $14::bigint[], $15::bigint[], $16::bigint[], $17::smallint[], $18::bigint[], $19::bigint[],
  $20::bigint[], $21::bigint[], $22::boolean[]
) AS m (
  agent_id, trans_id, believed_state, believed_epoch, state, epoch, code, balance_minor,
  outcome_unknown, cancel_asked_at_ms, decided_at_ms, step, due_at_ms, owed_since_ms, attempts,
  failures, maybe_sent, not_seen, probes, reopened, lease_ms, keep_lease
)
WHERE t.agent_id = m.agent_id AND t.trans_id = m.trans_id
  AND t.state = m.believed_state AND t.epoch = m.believed_epoch
RETURNING t.agent_id, t.trans_id

-- name: insert_the_rest
-- Note events, log attempts with their bytes, and queue entries for the agents' lists, in their order;
-- the second entry of a kind for a row is left out.
WITH noted AS (
  INSERT INTO events (agent_id, trans_id, epoch, at_ms, from_state, to_state, cause)
  SELECT * FROM unnest(
    $1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[]
  )
), logged AS (
  INSERT INTO attempts (
    attempt_id, agent_id, trans_id, account, command, number, started_at_ms, duration_ms, outcome,
    phase, result, http_status, notes, faults, peer_address
  )
  SELECT * FROM unnest(
    $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::bigint[],
    $14::bigint[], $15::bigint[], $16::text[], $17::text[], $18::bigint[], $19::bigint[],
    $20::text[], $21::text[], $22::text[]
  )
), kept AS (
  INSERT INTO attempt_bodies (attempt_id, agent_id, request, reply)
  SELECT * FROM unnest($8::bigint[], $9::bigint[], $23::bytea[], $24::bytea[])
)
INSERT INTO listings (agent_id, trans_id, trans_type, balance_minor, balance_open)
SELECT l.agent_id, l.trans_id, l.trans_type, l.balance_minor, l.balance_open
FROM unnest(
  $25::bigint[], $26::bigint[], $27::smallint[], $28::bigint[], $29::smallint[]
) WITH ORDINALITY AS l (agent_id, trans_id, trans_type, balance_minor, balance_open, place)
ORDER BY l.place
ON CONFLICT (trans_id, agent_id, trans_type) DO NOTHING

-- name: leave_a_mark
-- Write to the log of the server alone, so that COMMIT waits until that is durable: a transaction that
-- has written nothing waits for nobody, not even when it has a number.
SELECT pg_logical_emit_message(true, 'meganodes', '')::text

-- name: find
-- Read a row by the provider's id.
SELECT {row_columns} FROM transactions AS t
WHERE t.agent_id = $1 AND t.provider_id = $2 AND t.transaction_id = $3

-- name: fetch
-- Read a row by the hub's number.
SELECT {row_columns} FROM transactions AS t WHERE t.agent_id = $1 AND t.trans_id = $2

-- name: read_round
-- Read where a round stands.
SELECT seq, closed FROM rounds
WHERE agent_id = $1 AND provider_id = $2 AND user_code = $3 AND round_id = $4

-- name: round_with_bets
-- Read a round and its bets as of one moment, oldest first; one row of NULLs when it has no bets.
SELECT r.seq, r.closed, r.wins, {row_columns}
FROM (
  SELECT $1::bigint AS agent_id, $2::bigint AS provider_id, $3::bigint AS user_code,
         $4::text AS round_id
) AS k
LEFT JOIN rounds AS r
  ON r.agent_id = k.agent_id AND r.provider_id = k.provider_id
  AND r.user_code = k.user_code AND r.round_id = k.round_id
LEFT JOIN transactions AS t
  ON t.agent_id = k.agent_id AND t.provider_id = k.provider_id
  AND t.user_code = k.user_code AND t.round_id = k.round_id AND t.kind = 'bet'
ORDER BY t.round_seq, t.trans_id

-- name: round_rows
-- Read the bets and wins of a round, oldest first.
SELECT {row_columns} FROM transactions AS t
WHERE t.agent_id = $1 AND t.provider_id = $2 AND t.user_code = $3 AND t.round_id = $4
  AND t.kind IN ('bet', 'win')
ORDER BY t.round_seq, t.trans_id

-- name: claimable
-- For each agent take hold of due rows that nobody works on, oldest first, passing over those that
-- somebody else is taking at this moment. A win waits for the bets recorded before it. A lease that
-- lasts longer than any may (store.LEASE_MS_MAX) has ended. No agent may be named twice.
SELECT c.*, w.place
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY
  AS w (agent_id, now_ms, most, place)
CROSS JOIN LATERAL (
  SELECT {row_columns}, t.lease_until_ms FROM transactions AS t
  WHERE t.agent_id = w.agent_id AND t.step <> 'none' AND t.due_at_ms <= w.now_ms
    AND coalesce(t.lease_until_ms - coalesce($4::bigint, journal_now_ms()), 0)
      NOT BETWEEN 1 AND 120000
    AND NOT (t.kind = 'win' AND EXISTS (
      SELECT 1 FROM transactions AS b
      WHERE b.agent_id = t.agent_id AND b.provider_id = t.provider_id
        AND b.user_code = t.user_code AND b.round_id = t.round_id
        AND b.kind = 'bet' AND b.state = 'pending' AND b.round_seq < t.round_seq
    ))
  ORDER BY t.due_at_ms, t.trans_id
  LIMIT w.most
  FOR UPDATE OF t SKIP LOCKED
) AS c
ORDER BY w.place, c.due_at_ms, c.trans_id

-- name: place_listings
-- Give the oldest waiting entries of all agents their positions; see the function.
SELECT place_listings($1, $2)

-- name: settle_balance
-- Note what the balance callback brought; only the first answer counts.
UPDATE listings SET balance_minor = $1, balance_open = 0
WHERE agent_id = $2 AND listing_id = $3 AND balance_open = 1

-- name: close_times
-- Let nothing of an agent's be listed before a moment any more.
INSERT INTO listing_positions AS p (agent_id, last_position, last_listed_at_ms) VALUES ($1, 0, $2)
ON CONFLICT (agent_id) DO UPDATE
SET last_listed_at_ms = greatest(p.last_listed_at_ms, excluded.last_listed_at_ms)

-- name: last_listed
-- Read before which moment nothing of an agent's will be listed any more.
SELECT last_listed_at_ms FROM listing_positions WHERE agent_id = $1

-- name: note_summed
-- Note how far an agent's entries are summed up, unless somebody else went on meanwhile.
UPDATE listing_positions SET summed_position = $1, day_summed_position = $1
WHERE agent_id = $2 AND summed_position = $3
RETURNING agent_id

-- name: add_turnovers
-- Add to turnovers, or begin them.
INSERT INTO turnovers AS s (
  agent_id, quarter, user_code, gplay_id, provider_id, game_code, bet_high, bet_low, win_high,
  win_low, last_bet
)
SELECT * FROM unnest(
  $1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[],
  $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[]
)
ON CONFLICT (agent_id, quarter, user_code, gplay_id, provider_id, game_code) DO UPDATE
SET bet_high = s.bet_high + excluded.bet_high, bet_low = s.bet_low + excluded.bet_low,
    win_high = s.win_high + excluded.win_high, win_low = s.win_low + excluded.win_low,
    last_bet = greatest(s.last_bet, excluded.last_bet)

-- name: add_day_turnovers
-- Add to turnovers of days, or begin them.
INSERT INTO day_turnovers AS d (
  agent_id, day, provider_id, game_code, bet_high, bet_low, win_high, win_low
)
SELECT * FROM unnest(
  $1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
  $8::bigint[]
)
ON CONFLICT (agent_id, day, provider_id, game_code) DO UPDATE
SET bet_high = d.bet_high + excluded.bet_high, bet_low = d.bet_low + excluded.bet_low,
    win_high = d.win_high + excluded.win_high, win_low = d.win_low + excluded.win_low

-- name: make_day_turnovers
-- Make an agent's turnovers of days from those of quarters, anew where there are any; a day has 96.
INSERT INTO day_turnovers (
  agent_id, day, provider_id, game_code, bet_high, bet_low, win_high, win_low
)
SELECT agent_id, quarter / 96, provider_id, game_code,
       sum(bet_high)::bigint, sum(bet_low)::bigint, sum(win_high)::bigint, sum(win_low)::bigint
FROM turnovers AS s
WHERE s.agent_id = $1
GROUP BY agent_id, quarter / 96, provider_id, game_code
ON CONFLICT (agent_id, day, provider_id, game_code) DO UPDATE
SET bet_high = excluded.bet_high, bet_low = excluded.bet_low,
    win_high = excluded.win_high, win_low = excluded.win_low

-- name: misplaced
-- Find an agent whose list does not end where it says.
SELECT p.agent_id FROM listing_positions AS p
WHERE p.last_position <> coalesce(
  (SELECT max(l.position) FROM listings AS l WHERE l.agent_id = p.agent_id AND l.position >= 1), 0
)
LIMIT 1

-- name: server_facts
-- Read what a commit's safety rests on, and how many connections are left.
SELECT
  current_setting('server_version_num')::int AS version,
  current_setting('server_encoding') AS encoding,
  pg_is_in_recovery() AS is_standby,
  current_setting('transaction_read_only') AS read_only,
  current_setting('fsync') AS fsync,
  current_setting('full_page_writes') AS full_page_writes,
  current_setting('synchronous_commit') AS synchronous_commit,
  current_setting('synchronous_standby_names') AS standby_names,
  current_setting('max_connections')::int
    - current_setting('superuser_reserved_connections')::int
    - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int
    AS connections_left,
  (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms

-- name: table_names
-- Read which tables there are.
SELECT tablename::text FROM pg_tables WHERE schemaname = ANY (current_schemas(false))

-- name: journal_revision
-- Read which revision the tables are of.
SELECT version_num FROM journal_version

-- name: unconfirmed
-- Count this node's commits that still wait for a standby on connections that it has given up.
SELECT count(*)::int FROM pg_stat_activity
WHERE application_name = $1 AND wait_event = 'SyncRep'

-- name: note_sealed
-- Note how far the journal is sealed, unless somebody else went on meanwhile.
INSERT INTO seal_progress AS p (agent_id, sealed_to_ms) VALUES (0, $1)
ON CONFLICT (agent_id) DO UPDATE SET sealed_to_ms = excluded.sealed_to_ms
WHERE p.sealed_to_ms = $2
RETURNING agent_id

-- name: add_seal
-- Add a seal to an agent's chain.
INSERT INTO seals (agent_id, number, minute_ms, previous, digest, leaves, rests)
VALUES ($1, $2, $3, $4, $5, $6, $7)
