-- The journal's statements for SQLite. Each begins with its name; the comment below says what it is
-- for. A fragment is pasted in where its name stands in braces. Every statement names agent_id.

-- fragment: row_columns
-- The columns of a transaction, in the order of rows.COLUMNS.
t.agent_id, t.trans_id, t.provider_id, t.transaction_id, t.kind, t.user_code, t.account,
t.gplay_id, t.round_id, t.game_code, t.currency, t.amount_minor, t.revision, t.guid, t.data,
t.content, t.bet_transaction_id, t.cancel_transaction_id, t.created_at_ms, t.round_seq, t.state,
t.epoch, t.code, t.balance_minor, t.outcome_unknown, t.cancel_asked_at_ms, t.decided_at_ms,
t.step, t.due_at_ms, t.owed_since_ms, t.attempts, t.failures, t.maybe_sent, t.not_seen, t.probes,
t.reopened

-- fragment: attempt_columns
-- The columns of an attempt, in the order of rows.ATTEMPT_COLUMNS.
a.attempt_id, a.agent_id, a.trans_id, a.account, a.command, a.number, a.started_at_ms,
a.duration_ms, a.outcome, a.phase, a.result, a.http_status, b.request, b.reply, a.notes, a.faults,
a.peer_address

-- fragment: unleased
-- Nobody owns the row: its lease has ended, or lasts longer than any lease may, because it was
-- given before the clock was set back and the process started again (store.LEASE_MS_MAX).
coalesce(t.lease_until_ms - ?, 0) NOT BETWEEN 1 AND 120000

-- fragment: moved_columns
-- The columns that a move may change, in the order of rows.MOVING.
state = ?, epoch = ?, code = ?, balance_minor = ?, outcome_unknown = ?, cancel_asked_at_ms = ?,
decided_at_ms = ?, step = ?, due_at_ms = ?, owed_since_ms = ?, attempts = ?, failures = ?,
maybe_sent = ?, not_seen = ?, probes = ?, reopened = ?

-- name: insert_transaction
-- Record a row unless its key is taken: one row by (agent, provider, transaction_id) for ever.
INSERT INTO transactions (
  agent_id, trans_id, provider_id, transaction_id, kind, user_code, account, gplay_id, round_id,
  game_code, currency, amount_minor, revision, guid, data, content, bet_transaction_id,
  cancel_transaction_id, created_at_ms, round_seq, state, epoch, code, balance_minor,
  outcome_unknown, cancel_asked_at_ms, decided_at_ms, step, due_at_ms, owed_since_ms, attempts,
  failures, maybe_sent, not_seen, probes, reopened, lease_until_ms, lease_owner
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
        ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING

-- name: move_transaction
-- Move a row that is still what the mover believes (state and epoch); its lease is set or given up.
UPDATE transactions
SET {moved_columns}, lease_until_ms = ?, lease_owner = ?
WHERE agent_id = ? AND trans_id = ? AND state = ? AND epoch = ?

-- name: move_keeping_lease
-- The same for a mover who is not the owner and leaves the owner's lease as it is.
UPDATE transactions
SET {moved_columns}
WHERE agent_id = ? AND trans_id = ? AND state = ? AND epoch = ?

-- name: insert_event
-- Note one step of a row's history.
INSERT INTO events (agent_id, trans_id, epoch, at_ms, from_state, to_state, cause)
VALUES (?, ?, ?, ?, ?, ?, ?)

-- name: read_round
-- Read where a round stands.
SELECT seq, closed FROM rounds
WHERE agent_id = ? AND provider_id = ? AND user_code = ? AND round_id = ?

-- name: step_round
-- Make one step of a round, or its first.
INSERT INTO rounds (agent_id, provider_id, user_code, round_id, seq, wins, closed)
VALUES (?, ?, ?, ?, 1, ?, ?)
ON CONFLICT (agent_id, provider_id, user_code, round_id) DO UPDATE
SET seq = seq + 1, wins = wins + excluded.wins, closed = max(closed, excluded.closed)

-- name: insert_attempt
-- Log an attempt; its bytes are in a table of their own.
INSERT INTO attempts (
  attempt_id, agent_id, trans_id, account, command, number, started_at_ms, duration_ms, outcome,
  phase, result, http_status, notes, faults, peer_address
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: insert_attempt_bodies
-- Keep the bytes of an attempt.
INSERT INTO attempt_bodies (attempt_id, agent_id, request, reply) VALUES (?, ?, ?, ?)

-- name: insert_listing
-- Queue an entry for the agent's list; the second one of a kind for a row is left out.
INSERT INTO listings (agent_id, trans_id, trans_type, balance_minor, balance_open)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (trans_id, agent_id, trans_type) DO NOTHING

-- name: find
-- Read a row by the provider's id.
SELECT {row_columns} FROM transactions AS t
WHERE t.agent_id = ? AND t.provider_id = ? AND t.transaction_id = ?

-- name: fetch
-- Read a row by the hub's number.
SELECT {row_columns} FROM transactions AS t WHERE t.agent_id = ? AND t.trans_id = ?

-- name: read_place
-- Read what guards a move: where a row stands.
SELECT state, epoch FROM transactions WHERE agent_id = ? AND trans_id = ?

-- name: round_with_bets
-- Read a round and its bets as of one moment, oldest first; one row of NULLs when it has no bets.
SELECT r.seq, r.closed, r.wins, {row_columns}
FROM (SELECT ? AS agent_id, ? AS provider_id, ? AS user_code, ? AS round_id) AS k
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
WHERE t.agent_id = ? AND t.provider_id = ? AND t.user_code = ? AND t.round_id = ?
  AND t.kind IN ('bet', 'win')
ORDER BY t.round_seq, t.trans_id

-- name: claimable
-- Find due rows that nobody works on, oldest first. A win waits for the bets recorded before it.
SELECT {row_columns}, t.lease_until_ms FROM transactions AS t
WHERE t.agent_id = ? AND t.step <> 'none' AND t.due_at_ms <= ?
  AND {unleased}
  AND NOT (t.kind = 'win' AND EXISTS (
    SELECT 1 FROM transactions AS b
    WHERE b.agent_id = t.agent_id AND b.provider_id = t.provider_id
      AND b.user_code = t.user_code AND b.round_id = t.round_id
      AND b.kind = 'bet' AND b.state = 'pending' AND b.round_seq < t.round_seq
  ))
ORDER BY t.due_at_ms, t.trans_id
LIMIT ?

-- name: due_work
-- Count what is due, by agent.
SELECT agent_id, count(*), min(due_at_ms) FROM transactions
WHERE step <> 'none' AND due_at_ms <= ?
GROUP BY agent_id
ORDER BY agent_id

-- name: expired_pending
-- Find bets without a decision that nobody owns (any more), the longest ended first.
SELECT {row_columns} FROM transactions AS t
WHERE t.state = 'pending' AND {unleased}
ORDER BY t.lease_until_ms, t.trans_id, t.agent_id
LIMIT ?

-- name: overdue
-- Find what is owed for too long and has nobody at work on it, the oldest first.
SELECT {row_columns} FROM transactions AS t
WHERE t.step <> 'none' AND t.state IN ('owed', 'cancelling', 'not_seen_wait')
  AND t.owed_since_ms < ? AND {unleased}
ORDER BY t.owed_since_ms, t.trans_id, t.agent_id
LIMIT ?

-- name: events_of
-- Read a row's history, oldest first.
SELECT epoch, at_ms, from_state, to_state, cause FROM events
WHERE agent_id = ? AND trans_id = ?
ORDER BY epoch

-- name: last_to_place
-- Find where this run of the sequencer ends: the newest of the oldest waiting entries.
SELECT count(*), max(listing_id) FROM (
  SELECT listing_id FROM listings
  WHERE position IS NULL AND balance_open = 0
  ORDER BY listing_id
  LIMIT ?
)

-- name: advance_positions
-- Move each agent's last position on by what this run places; its time never goes back.
INSERT INTO listing_positions (agent_id, last_position, last_listed_at_ms)
SELECT agent_id, count(*), ? FROM listings
WHERE position IS NULL AND balance_open = 0 AND listing_id <= ?
GROUP BY agent_id
ON CONFLICT (agent_id) DO UPDATE
SET last_position = last_position + excluded.last_position,
    last_listed_at_ms = max(last_listed_at_ms, excluded.last_listed_at_ms)

-- name: place_listings
-- Give the waiting entries their positions, counted back from each agent's last one.
UPDATE listings
SET position = placed.position, listed_at_ms = placed.listed_at_ms
FROM (
  SELECT l.listing_id, l.agent_id, p.last_listed_at_ms AS listed_at_ms,
         p.last_position + 1
           - row_number() OVER (PARTITION BY l.agent_id ORDER BY l.listing_id DESC) AS position
  FROM listings AS l JOIN listing_positions AS p ON p.agent_id = l.agent_id
  WHERE l.position IS NULL AND l.balance_open = 0 AND l.listing_id <= ?
) AS placed
WHERE listings.listing_id = placed.listing_id AND listings.agent_id = placed.agent_id

-- name: unlisted_balances
-- Find entries whose balance the backend did not report, oldest first.
SELECT l.listing_id, l.agent_id, t.account
FROM listings AS l
JOIN transactions AS t ON t.agent_id = l.agent_id AND t.trans_id = l.trans_id
WHERE l.position IS NULL AND l.balance_open = 1
ORDER BY l.listing_id
LIMIT ?

-- name: settle_balance
-- Note what the balance callback brought; only the first answer counts.
UPDATE listings SET balance_minor = ?, balance_open = 0
WHERE agent_id = ? AND listing_id = ? AND balance_open = 1

-- name: listed_after
-- Read an agent's list after a position, oldest first.
SELECT l.position, l.trans_type, l.balance_minor, l.listed_at_ms, {row_columns}
FROM listings AS l
JOIN transactions AS t ON t.agent_id = l.agent_id AND t.trans_id = l.trans_id
WHERE l.agent_id = ? AND l.position > ?
ORDER BY l.position
LIMIT ?

-- name: attempts_of
-- Read the logged attempts of one transaction, oldest first.
SELECT {attempt_columns}
FROM attempts AS a
JOIN attempt_bodies AS b ON b.agent_id = a.agent_id AND b.attempt_id = a.attempt_id
WHERE a.agent_id = ? AND a.trans_id = ?
ORDER BY a.started_at_ms, a.attempt_id

-- name: attempt
-- Read one entry of the API log.
SELECT {attempt_columns}
FROM attempts AS a
JOIN attempt_bodies AS b ON b.agent_id = a.agent_id AND b.attempt_id = a.attempt_id
WHERE a.agent_id = ? AND a.attempt_id = ?

-- name: misplaced
-- Find an agent whose last position is not the one its list ends with: somebody edited the tables.
SELECT p.agent_id FROM listing_positions AS p
WHERE p.last_position IS NOT (
  SELECT max(l.position) FROM listings AS l WHERE l.agent_id = p.agent_id
)
LIMIT 1

-- name: parked
-- Find what waits for a person, oldest first.
SELECT {row_columns} FROM transactions AS t
WHERE t.state = 'parked'
ORDER BY t.trans_id
LIMIT ?

-- name: open_rounds
-- Find rounds that took a stake and were never closed, oldest first.
SELECT r.agent_id, r.provider_id, r.user_code, r.round_id, min(t.created_at_ms) AS opened_at_ms
FROM rounds AS r JOIN transactions AS t
  ON t.agent_id = r.agent_id AND t.provider_id = r.provider_id
  AND t.user_code = r.user_code AND t.round_id = r.round_id
  AND t.kind = 'bet' AND t.state = 'accepted'
WHERE r.closed = 0
GROUP BY r.agent_id, r.provider_id, r.user_code, r.round_id
HAVING min(t.created_at_ms) < ?
ORDER BY opened_at_ms
LIMIT ?

-- name: highest_trans_id
-- Read the highest number issued; the key begins with it, so this is one look.
SELECT coalesce(max(t.trans_id), 0) FROM transactions AS t
