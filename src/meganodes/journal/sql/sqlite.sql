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
-- The columns of an attempt, in the order of rows.ATTEMPT_COLUMNS and rows.KEPT_COLUMNS.
a.attempt_id, a.agent_id, a.trans_id, a.account, a.command, a.number, a.started_at_ms,
a.duration_ms, a.outcome, a.phase, a.result, a.http_status, b.request, b.reply, a.notes, a.faults,
a.peer_address, b.packing, d.digest, d.request_bytes, d.reply_bytes

-- fragment: attempt_bytes
-- Where the bytes of an attempt are, or their digest.
LEFT JOIN attempt_bodies AS b ON b.agent_id = a.agent_id AND b.attempt_id = a.attempt_id
LEFT JOIN attempt_digests AS d ON d.agent_id = a.agent_id AND d.attempt_id = a.attempt_id

-- fragment: attempt_summary
-- The columns of rows.ATTEMPT_COLUMNS without the bytes, which lists do not show.
a.attempt_id, a.agent_id, a.trans_id, a.account, a.command, a.number, a.started_at_ms,
a.duration_ms, a.outcome, a.phase, a.result, a.http_status, x'' AS request, x'' AS reply, a.notes,
a.faults, a.peer_address

-- fragment: attempt_fits
-- An attempt is what a filter asks for; NULL leaves open.
(:command IS NULL OR a.command = :command)
  AND (:outcome IS NULL OR a.outcome = :outcome)
  AND (:http_status IS NULL OR a.http_status = :http_status)
  AND (:account IS NULL OR a.account = :account)
  AND (:trans_id IS NULL OR a.trans_id = :trans_id)

-- fragment: unleased
-- Nobody owns the row: its lease has ended, or lasts longer than any lease may, because it was
-- given before the clock was set back and the process started again (store.LEASE_MS_MAX).
coalesce(t.lease_until_ms - ?, 0) NOT BETWEEN 1 AND 120000

-- fragment: moved_columns
-- The columns that a move may change, in the order of rows.MOVING.
state = ?, epoch = ?, code = ?, balance_minor = ?, outcome_unknown = ?, cancel_asked_at_ms = ?,
decided_at_ms = ?, step = ?, due_at_ms = ?, owed_since_ms = ?, attempts = ?, failures = ?,
maybe_sent = ?, not_seen = ?, probes = ?, reopened = ?

-- fragment: bet_parts
-- What an entry adds to the bets, in two parts (turnover.PART_MINOR): a cancel takes its bet out.
((l.trans_type = 1) - (l.trans_type = 16)) * (t.amount_minor / 100000000) AS bet_high,
((l.trans_type = 1) - (l.trans_type = 16)) * (t.amount_minor % 100000000) AS bet_low

-- fragment: win_parts
-- What an entry adds to the wins, and where it stands if it is a bet.
(l.trans_type = 2) * (t.amount_minor / 100000000) AS win_high,
(l.trans_type = 2) * (t.amount_minor % 100000000) AS win_low,
(l.trans_type = 1) * l.position AS last_bet

-- fragment: moved_entries
-- What was turned over entry by entry, in two ranges of positions.
SELECT t.user_code, t.gplay_id, t.provider_id, t.game_code, {bet_parts}, {win_parts},
       l.listed_at_ms / 900000 AS quarter
FROM (SELECT ? AS first, ? AS past UNION ALL SELECT ?, ?) AS r
CROSS JOIN listings AS l ON l.agent_id = ? AND l.position >= r.first AND l.position < r.past
JOIN transactions AS t ON t.agent_id = l.agent_id AND t.trans_id = l.trans_id

-- fragment: moved
-- What was turned over in whole quarters, as far as it is summed up, and entry by entry in two
-- ranges of positions: before them, and after them or not summed up yet.
SELECT s.user_code, s.gplay_id, s.provider_id, s.game_code,
       s.bet_high, s.bet_low, s.win_high, s.win_low, s.last_bet, s.quarter
FROM turnovers AS s
WHERE s.agent_id = ? AND s.quarter >= ? AND s.quarter < ?
UNION ALL
{moved_entries}

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

-- name: listed_range
-- Read a range of an agent's list, oldest first.
SELECT l.position, l.trans_type, l.balance_minor, l.listed_at_ms, {row_columns}
FROM listings AS l
JOIN transactions AS t ON t.agent_id = l.agent_id AND t.trans_id = l.trans_id
WHERE l.agent_id = ? AND l.position >= ? AND l.position < ?
ORDER BY l.position

-- name: position_at
-- Find the first position listed at a moment or later, or the one after the last. Times grow with
-- positions, so halving finds it in a few looks and no bet pays for an index.
WITH RECURSIVE halves (first, past) AS (
  SELECT 1, p.last_position + 1 FROM listing_positions AS p WHERE p.agent_id = ?
  UNION ALL
  SELECT iif(l.listed_at_ms < m.at_ms, l.position + 1, h.first),
         iif(l.listed_at_ms < m.at_ms, h.past, l.position)
  FROM (SELECT ? AS at_ms) AS m CROSS JOIN halves AS h CROSS JOIN listings AS l
    ON l.agent_id = ? AND l.position = (h.first + h.past) / 2
  WHERE h.first < h.past
)
SELECT h.first FROM halves AS h WHERE h.first = h.past

-- name: last_listed
-- Read before which moment nothing of an agent's will be listed any more.
SELECT last_listed_at_ms FROM listing_positions WHERE agent_id = ?

-- name: close_times
-- Let nothing of an agent's be listed before a moment any more.
INSERT INTO listing_positions (agent_id, last_position, last_listed_at_ms) VALUES (?, 0, ?)
ON CONFLICT (agent_id) DO UPDATE
SET last_listed_at_ms = max(last_listed_at_ms, excluded.last_listed_at_ms)

-- name: unsummed
-- Find which entries are to be summed up next: of each agent its oldest, of all so many at most.
SELECT agent_id, summed_position, min(last_position, summed_position + ? - before), are_days_summed
FROM (
  SELECT agent_id, summed_position, last_position,
         day_summed_position = summed_position AS are_days_summed,
         sum(last_position - summed_position) OVER (ORDER BY agent_id)
           - (last_position - summed_position) AS before
  FROM listing_positions
  WHERE summed_position < last_position
)
WHERE before < ?
ORDER BY agent_id

-- name: turnovers_of_entries
-- Sum up a range of an agent's entries by quarter of an hour, session and game.
SELECT agent_id, quarter, user_code, gplay_id, provider_id, game_code,
       sum(bet_high), sum(bet_low), sum(win_high), sum(win_low), max(last_bet)
FROM (
  SELECT l.agent_id, l.listed_at_ms / 900000 AS quarter, t.user_code, t.gplay_id, t.provider_id,
         t.game_code, {bet_parts}, {win_parts}
  FROM listings AS l
  JOIN transactions AS t ON t.agent_id = l.agent_id AND t.trans_id = l.trans_id
  WHERE l.agent_id = ? AND l.position > ? AND l.position <= ?
)
GROUP BY agent_id, quarter, user_code, gplay_id, provider_id, game_code

-- name: note_summed
-- Note how far an agent's entries are summed up, unless somebody else went on meanwhile.
UPDATE listing_positions SET summed_position = ?, day_summed_position = ?
WHERE agent_id = ? AND summed_position = ?

-- name: add_turnover
-- Add to a turnover, or begin it.
INSERT INTO turnovers (
  agent_id, quarter, user_code, gplay_id, provider_id, game_code, bet_high, bet_low, win_high,
  win_low, last_bet
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (agent_id, quarter, user_code, gplay_id, provider_id, game_code) DO UPDATE
SET bet_high = bet_high + excluded.bet_high, bet_low = bet_low + excluded.bet_low,
    win_high = win_high + excluded.win_high, win_low = win_low + excluded.win_low,
    last_bet = max(last_bet, excluded.last_bet)

-- name: add_day_turnover
-- Add to a turnover of a day, or begin it.
INSERT INTO day_turnovers (
  agent_id, day, provider_id, game_code, bet_high, bet_low, win_high, win_low
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (agent_id, day, provider_id, game_code) DO UPDATE
SET bet_high = bet_high + excluded.bet_high, bet_low = bet_low + excluded.bet_low,
    win_high = win_high + excluded.win_high, win_low = win_low + excluded.win_low

-- name: make_day_turnovers
-- Make an agent's turnovers of days from those of quarters, anew where there are any; a day has 96.
INSERT INTO day_turnovers (
  agent_id, day, provider_id, game_code, bet_high, bet_low, win_high, win_low
)
SELECT agent_id, quarter / 96, provider_id, game_code,
       sum(bet_high), sum(bet_low), sum(win_high), sum(win_low)
FROM turnovers AS s
WHERE s.agent_id = ?
GROUP BY agent_id, quarter / 96, provider_id, game_code
ON CONFLICT (agent_id, day, provider_id, game_code) DO UPDATE
SET bet_high = excluded.bet_high, bet_low = excluded.bet_low,
    win_high = excluded.win_high, win_low = excluded.win_low

-- name: summed_position
-- Read how far an agent's entries are summed up, and whether turnovers of days are as far.
SELECT summed_position, day_summed_position = summed_position FROM listing_positions WHERE agent_id = ?

-- name: moved_users
-- Read a page of the users with a turnover, and how many there are.
WITH movers AS MATERIALIZED (SELECT DISTINCT user_code FROM ({moved}))
SELECT n.total, m.user_code
FROM (SELECT count(*) AS total FROM movers) AS n
LEFT JOIN (SELECT user_code FROM movers ORDER BY user_code LIMIT ? OFFSET ?) AS m
ORDER BY m.user_code

-- name: turnovers_of_users
-- Sum up by user and game, for users from one to another.
SELECT user_code, provider_id, game_code,
       sum(bet_high), sum(bet_low), sum(win_high), sum(win_low)
FROM ({moved})
WHERE user_code BETWEEN ? AND ?
GROUP BY user_code, provider_id, game_code
ORDER BY user_code, provider_id, game_code

-- name: turnovers_of_games
-- Sum up by game: whole days from their own sums, the quarters before and after them from theirs.
SELECT NULL, provider_id, game_code, sum(bet_high), sum(bet_low), sum(win_high), sum(win_low)
FROM (
  SELECT d.provider_id, d.game_code, d.bet_high, d.bet_low, d.win_high, d.win_low
  FROM day_turnovers AS d
  WHERE d.agent_id = ? AND d.day >= ? AND d.day < ?
  UNION ALL
  SELECT s.provider_id, s.game_code, s.bet_high, s.bet_low, s.win_high, s.win_low
  FROM (SELECT ? AS first, ? AS past UNION ALL SELECT ?, ?) AS q
  CROSS JOIN turnovers AS s ON s.agent_id = ? AND s.quarter >= q.first AND s.quarter < q.past
  UNION ALL
  SELECT provider_id, game_code, bet_high, bet_low, win_high, win_low FROM ({moved_entries})
)
GROUP BY provider_id, game_code
ORDER BY provider_id, game_code

-- name: turnovers_of_quarters
-- Sum up by quarter of an hour; turnovers by themselves, which stand in that order already.
SELECT quarter, sum(bet_high), sum(bet_low), sum(win_high), sum(win_low)
FROM (
  SELECT s.quarter, sum(s.bet_high) AS bet_high, sum(s.bet_low) AS bet_low,
         sum(s.win_high) AS win_high, sum(s.win_low) AS win_low
  FROM turnovers AS s
  WHERE s.agent_id = ? AND s.quarter >= ? AND s.quarter < ?
  GROUP BY s.quarter
  UNION ALL
  SELECT quarter, bet_high, bet_low, win_high, win_low FROM ({moved_entries})
)
GROUP BY quarter
ORDER BY quarter

-- name: turnovers_of_sessions
-- Sum up by session, for those of a JSON list.
SELECT gplay_id, sum(bet_high), sum(bet_low), sum(win_high), sum(win_low), max(last_bet)
FROM ({moved})
WHERE gplay_id IN (SELECT value FROM json_each(?))
GROUP BY gplay_id
ORDER BY gplay_id

-- name: last_round_bets
-- Sum up the standing bets of the rounds that bets at these positions (a JSON list) are in.
SELECT l.position, sum((b.state = 'accepted') * (b.amount_minor / 100000000)),
       sum((b.state = 'accepted') * (b.amount_minor % 100000000))
FROM json_each(?) AS e
CROSS JOIN listings AS l ON l.agent_id = ? AND l.position = e.value
JOIN transactions AS t ON t.agent_id = l.agent_id AND t.trans_id = l.trans_id
JOIN transactions AS b ON b.agent_id = t.agent_id AND b.provider_id = t.provider_id
  AND b.user_code = t.user_code AND b.round_id = t.round_id
  AND b.gplay_id = t.gplay_id AND b.kind = 'bet'
GROUP BY l.position

-- name: attempts_of
-- Read the logged attempts of one transaction, oldest first.
SELECT {attempt_columns}
FROM attempts AS a
{attempt_bytes}
WHERE a.agent_id = ? AND a.trans_id = ?
ORDER BY a.started_at_ms, a.attempt_id

-- name: attempt
-- Read one entry of the API log.
SELECT {attempt_columns}
FROM attempts AS a
{attempt_bytes}
WHERE a.agent_id = ? AND a.attempt_id = ?

-- name: last_attempts
-- Read the newest attempt of each transaction of a JSON list.
SELECT {attempt_summary}
FROM json_each(?) AS e
CROSS JOIN attempts AS a ON a.agent_id = ? AND a.trans_id = e.value
  AND a.attempt_id = (
    SELECT max(n.attempt_id) FROM attempts AS n WHERE n.agent_id = a.agent_id AND n.trans_id = e.value
  )

-- name: attempts_floor
-- Find how far one look into an agent's API log goes: so many of its newest entries.
SELECT count(*), min(attempt_id) FROM (
  SELECT attempt_id FROM attempts
  WHERE agent_id = :agent_id AND attempt_id > :above AND attempt_id < :below
  ORDER BY attempt_id DESC
  LIMIT :rows_max
)

-- name: attempts_page
-- Read a page of an agent's API log, newest first.
SELECT {attempt_summary} FROM attempts AS a
WHERE a.agent_id = :agent_id AND a.attempt_id >= :floor AND a.attempt_id > :above
  AND a.attempt_id < :below AND {attempt_fits}
ORDER BY a.attempt_id DESC
LIMIT :limit

-- name: failed_attempts_floor
-- The same of what was not accepted, which has an index of its own.
SELECT count(*), min(attempt_id) FROM (
  SELECT attempt_id FROM attempts
  WHERE agent_id = :agent_id AND outcome <> 'accepted'
    AND attempt_id > :above AND attempt_id < :below
  ORDER BY attempt_id DESC
  LIMIT :rows_max
)

-- name: failed_attempts_page
-- Read a page of what was not accepted, newest first.
SELECT {attempt_summary} FROM attempts AS a
WHERE a.agent_id = :agent_id AND a.outcome <> 'accepted'
  AND a.attempt_id >= :floor AND a.attempt_id > :above
  AND a.attempt_id < :below AND {attempt_fits}
ORDER BY a.attempt_id DESC
LIMIT :limit

-- name: failed_attempts_grouped
-- Group what was not accepted by all that says why.
SELECT a.command, a.number > 1, a.outcome, a.phase, a.result, a.http_status, a.faults,
       count(*), min(a.started_at_ms), max(a.started_at_ms), max(a.attempt_id)
FROM attempts AS a
WHERE a.agent_id = :agent_id AND a.outcome <> 'accepted'
  AND a.attempt_id >= :floor AND a.attempt_id > :above
  AND a.attempt_id < :below AND {attempt_fits}
GROUP BY a.command, a.number > 1, a.outcome, a.phase, a.result, a.http_status, a.faults

-- name: misplaced
-- Find an agent whose last position is not the one its list ends with: somebody edited the tables.
-- Saying that there is a position lets the key of placed entries answer, by one look for each agent.
SELECT p.agent_id FROM listing_positions AS p
WHERE p.last_position <> (
  SELECT coalesce(max(l.position), 0) FROM listings AS l
  WHERE l.agent_id = p.agent_id AND l.position IS NOT NULL
)
LIMIT 1

-- name: list_skips
-- Read which numbers of the agents' lists are passed over; only a restore makes any.
SELECT s.agent_id, s.after_position, s.skipped FROM list_skips AS s

-- name: add_list_skip
-- Pass numbers over at the present end of an agent's list; a second time there they add up.
INSERT INTO list_skips (agent_id, after_position, skipped)
VALUES (?, coalesce((SELECT p.last_position FROM listing_positions AS p WHERE p.agent_id = ?), 0), ?)
ON CONFLICT (agent_id, after_position) DO UPDATE SET skipped = skipped + excluded.skipped

-- name: undecided
-- Find bets without a decision, whether somebody owns them or not: a restore puts them aside.
SELECT {row_columns} FROM transactions AS t INDEXED BY transactions_pending
WHERE t.state = 'pending'
ORDER BY t.trans_id

-- name: last_numbers
-- Read how far this journal has got: the highest number, and the longest list with what it skips.
SELECT (SELECT coalesce(max(t.trans_id), 0) FROM transactions AS t),
       (SELECT coalesce(max(p.last_position + (
          SELECT coalesce(sum(s.skipped), 0) FROM list_skips AS s WHERE s.agent_id = p.agent_id
        )), 0) FROM listing_positions AS p)

-- name: parked
-- Find what waits for a person, oldest first.
SELECT {row_columns} FROM transactions AS t
WHERE t.state = 'parked'
ORDER BY t.trans_id
LIMIT ?

-- name: parked_of
-- Find what of one agent's waits for a person, oldest first.
SELECT {row_columns} FROM transactions AS t INDEXED BY transactions_parked
WHERE t.agent_id = ? AND t.state = 'parked' AND t.trans_id > ?
ORDER BY t.trans_id
LIMIT ?

-- name: owed_of
-- Find what is owed to one agent's players, what is due next first; probes of closed bets not.
SELECT {row_columns} FROM transactions AS t
WHERE t.agent_id = ? AND t.step <> 'none' AND t.step <> 'probe'
  AND (t.due_at_ms, t.trans_id) > (?, ?)
ORDER BY t.due_at_ms, t.trans_id
LIMIT ?

-- name: open_work
-- Count what is pending, owed or parked, by agent and state, each part by its own small index. It is
-- named: by itself the planner reads all rows in the order of agents, for the sake of the grouping.
SELECT agent_id, state, count(*), min(coalesce(owed_since_ms, created_at_ms))
FROM transactions INDEXED BY transactions_due
WHERE step <> 'none' AND step <> 'probe'
GROUP BY agent_id, state
UNION ALL
SELECT agent_id, state, count(*), min(created_at_ms)
FROM transactions INDEXED BY transactions_pending
WHERE state = 'pending'
GROUP BY agent_id
UNION ALL
SELECT agent_id, state, count(*), min(coalesce(owed_since_ms, created_at_ms))
FROM transactions INDEXED BY transactions_parked
WHERE state = 'parked'
GROUP BY agent_id

-- name: unplaced
-- Count the list entries that wait for their position.
SELECT count(*) FROM listings WHERE position IS NULL

-- name: compared_rows
-- Read what is compared of an agent's bets and wins, by number: the plus keeps the planner at the key
-- of numbers, for any other makes it sort all that the agent ever had, once for each page.
SELECT t.trans_id, t.guid, t.kind, t.amount_minor, t.state, t.step, t.revision, t.created_at_ms,
       t.owed_since_ms, t.due_at_ms
FROM transactions AS t
WHERE +t.agent_id = ? AND t.trans_id >= ? AND t.trans_id < ? AND t.kind <> 'cancel'
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

-- name: rounds_named
-- Find a user's rounds of one name: the key begins with the provider, so each provider of the
-- agent's is looked up in turn; there are few, and no bet pays for another index.
WITH RECURSIVE carried (provider_id) AS (
  SELECT min(r.provider_id) FROM rounds AS r WHERE r.agent_id = ?
  UNION ALL
  SELECT (
    SELECT min(r.provider_id) FROM rounds AS r
    WHERE r.agent_id = ? AND r.provider_id > c.provider_id
  )
  FROM carried AS c WHERE c.provider_id IS NOT NULL
)
SELECT r.agent_id, r.provider_id, r.user_code, r.round_id
FROM carried AS c JOIN rounds AS r
  ON r.agent_id = ? AND r.provider_id = c.provider_id AND r.user_code = ? AND r.round_id = ?
ORDER BY r.provider_id

-- name: highest_trans_id
-- Read the highest number issued, to a transaction or an attempt; the keys begin with it, so this
-- is one look at each.
SELECT max(
  (SELECT coalesce(max(t.trans_id), 0) FROM transactions AS t),
  (SELECT coalesce(max(a.attempt_id), 0) FROM attempts AS a WHERE a.attempt_id > 0)
)

-- fragment: sought
-- The questions of search.Sought; one that is NULL is left out. The plus keeps the planner from
-- the other keys that begin with agent_id: the range of numbers is what bounds a look.
+t.agent_id = :agent_id AND t.trans_id >= :first AND t.trans_id < :past
  AND t.kind <> 'cancel'
  AND (:user_code IS NULL OR t.user_code = :user_code)
  AND (:kind IS NULL OR t.kind = :kind)
  AND (:states IS NULL OR t.state IN (SELECT value FROM json_each(:states)))
  AND (:provider_id IS NULL OR t.provider_id = :provider_id)
  AND (:game_code IS NULL OR t.game_code = :game_code)
  AND (:round_id IS NULL OR t.round_id = :round_id)
  AND (:amount_min_minor IS NULL OR t.amount_minor >= :amount_min_minor)
  AND (:amount_max_minor IS NULL OR t.amount_minor <= :amount_max_minor)

-- fragment: providers_of_agent
-- The providers an agent has rows of, each found by one look at the key of rounds.
WITH RECURSIVE met (provider_id) AS (
  SELECT min(provider_id) FROM transactions INDEXED BY transactions_of_round
  WHERE agent_id = :agent_id
  UNION ALL
  SELECT (SELECT min(n.provider_id) FROM transactions AS n INDEXED BY transactions_of_round
          WHERE n.agent_id = :agent_id AND n.provider_id > met.provider_id)
  FROM met WHERE met.provider_id IS NOT NULL
)

-- name: entry_before
-- Find the entry so many places before the end of a range, whoever's it is.
SELECT t.trans_id FROM transactions AS t
WHERE t.trans_id >= :first AND t.trans_id < :past
ORDER BY t.trans_id DESC LIMIT 1 OFFSET :skipped

-- name: own_entry_before
-- Find the entry of an agent so many of its places before the end of a range.
SELECT t.trans_id FROM transactions AS t
WHERE +t.agent_id = :agent_id AND t.trans_id >= :first AND t.trans_id < :past
ORDER BY t.trans_id DESC LIMIT 1 OFFSET :skipped

-- name: search_by_time
-- Read an agent's newest rows in a range of numbers that answer all questions.
SELECT {row_columns} FROM transactions AS t
WHERE {sought}
ORDER BY t.trans_id DESC LIMIT :limit

-- name: count_by_time
-- Count them, up to a limit.
SELECT count(*) FROM (
  SELECT 1 FROM transactions AS t WHERE {sought} ORDER BY t.trans_id DESC LIMIT :limit
)

-- name: rows_of_agent
-- Count an agent's rows, up to a bound.
SELECT count(*) FROM (
  SELECT 1 FROM transactions AS t INDEXED BY transactions_of_round
  WHERE t.agent_id = :agent_id LIMIT :bound
)

-- name: search_by_agent
-- The same as search_by_time for an agent with few rows, found by the key of rounds.
SELECT {row_columns} FROM transactions AS t INDEXED BY transactions_of_round
WHERE t.agent_id = :agent_id AND {sought}
ORDER BY t.trans_id DESC LIMIT :limit

-- name: count_by_agent
-- Count them, up to a limit.
SELECT count(*) FROM (
  SELECT 1 FROM transactions AS t INDEXED BY transactions_of_round
  WHERE t.agent_id = :agent_id AND {sought} LIMIT :limit
)

-- name: rows_of_user
-- Count a user's rows, up to a bound.
{providers_of_agent}
SELECT count(*) FROM (
  SELECT 1 FROM met CROSS JOIN transactions AS t INDEXED BY transactions_of_round
    ON t.agent_id = :agent_id AND t.provider_id = met.provider_id AND t.user_code = :user_code
  LIMIT :bound
)

-- name: search_by_user
-- The same as search_by_time for a user with few rows, found by the key of rounds.
{providers_of_agent}
SELECT {row_columns}
FROM met CROSS JOIN transactions AS t INDEXED BY transactions_of_round
  ON t.agent_id = :agent_id AND t.provider_id = met.provider_id AND t.user_code = :user_code
WHERE {sought}
ORDER BY t.trans_id DESC LIMIT :limit

-- name: entry_after
-- Find the entry so many places after the start of a range, whoever's it is.
SELECT t.trans_id FROM transactions AS t
WHERE t.trans_id >= :first AND t.trans_id < :past
ORDER BY t.trans_id ASC LIMIT 1 OFFSET :skipped

-- name: own_entry_after
-- Find the entry of an agent so many of its places after the start of a range.
SELECT t.trans_id FROM transactions AS t
WHERE +t.agent_id = :agent_id AND t.trans_id >= :first AND t.trans_id < :past
ORDER BY t.trans_id ASC LIMIT 1 OFFSET :skipped

-- name: search_newer_by_time
-- Read an agent's oldest rows in a range of numbers that answer all questions.
SELECT {row_columns} FROM transactions AS t
WHERE {sought}
ORDER BY t.trans_id ASC LIMIT :limit

-- name: search_newer_by_agent
-- The same as search_newer_by_time for an agent with few rows, found by the key of rounds.
SELECT {row_columns} FROM transactions AS t INDEXED BY transactions_of_round
WHERE t.agent_id = :agent_id AND {sought}
ORDER BY t.trans_id ASC LIMIT :limit

-- name: search_newer_by_user
-- The same as search_newer_by_time for a user with few rows, found by the key of rounds.
{providers_of_agent}
SELECT {row_columns}
FROM met CROSS JOIN transactions AS t INDEXED BY transactions_of_round
  ON t.agent_id = :agent_id AND t.provider_id = met.provider_id AND t.user_code = :user_code
WHERE {sought}
ORDER BY t.trans_id ASC LIMIT :limit

-- name: count_by_user
-- Count them, up to a limit.
{providers_of_agent}
SELECT count(*) FROM (
  SELECT 1 FROM met CROSS JOIN transactions AS t INDEXED BY transactions_of_round
    ON t.agent_id = :agent_id AND t.provider_id = met.provider_id AND t.user_code = :user_code
  WHERE {sought}
  LIMIT :limit
)

-- name: with_trans_id
-- Read the rows of all agents with one of the hub's numbers.
SELECT {row_columns} FROM transactions AS t WHERE t.trans_id = ? ORDER BY t.agent_id

-- fragment: words_upto
-- How far words go.
(SELECT upto FROM search_progress WHERE agent_id = 0)

-- fragment: without_word
-- Be among the newest rows whose words may not be put down yet; a look at them is bounded.
t.trans_id > {words_upto} AND t.trans_id >= coalesce((
  SELECT n.trans_id FROM transactions AS n WHERE n.trans_id > {words_upto}
  ORDER BY n.trans_id DESC LIMIT 1 OFFSET 150000
), 0)

-- name: with_guid
-- Read the rows with a guid: by its word, and among the newest, which may have none yet.
SELECT {row_columns}
FROM search_words AS w
CROSS JOIN transactions AS t ON t.trans_id = w.trans_id AND t.agent_id = w.agent_id
WHERE w.word = :word AND t.guid = :guid
UNION ALL
SELECT {row_columns} FROM transactions AS t WHERE {without_word} AND t.guid = :guid

-- name: with_transaction_id
-- Read the rows with a provider's id, of these providers and agents (JSON lists).
SELECT {row_columns}
FROM json_each(:agents) AS a
CROSS JOIN json_each(:providers) AS p
CROSS JOIN transactions AS t
  ON t.agent_id = a.value AND t.provider_id = p.value AND t.transaction_id = :text
ORDER BY t.trans_id

-- name: rounds_with_id
-- Read which rounds of these agents (a JSON list) have an id: by its word, and among the newest. The
-- plus keeps the planner from reading all rows of these agents.
SELECT DISTINCT agent_id, provider_id, user_code, round_id
FROM (
  SELECT t.agent_id, t.provider_id, t.user_code, t.round_id
  FROM search_words AS w
  CROSS JOIN transactions AS t ON t.trans_id = w.trans_id AND t.agent_id = w.agent_id
  WHERE w.word = :text AND t.round_id = :text
    AND t.agent_id IN (SELECT value FROM json_each(:agents))
  UNION ALL
  SELECT t.agent_id, t.provider_id, t.user_code, t.round_id
  FROM transactions AS t
  WHERE {without_word} AND t.round_id = :text
    AND +t.agent_id IN (SELECT value FROM json_each(:agents))
)
ORDER BY agent_id, provider_id, user_code LIMIT :limit

-- name: next_search_words
-- Find how far words go, and how far they may go on: so many rows, and none that is still being made.
SELECT p.upto, max(n.trans_id)
FROM search_progress AS p, (
  SELECT trans_id FROM transactions
  WHERE trans_id > (SELECT upto FROM search_progress WHERE agent_id = 0) AND trans_id < :before
  ORDER BY trans_id LIMIT :limit
) AS n
WHERE p.agent_id = 0

-- name: add_search_words
-- Put down the words of a range of rows, in the order of their key; a round goes by its first row.
INSERT INTO search_words (word, agent_id, trans_id)
SELECT word, agent_id, trans_id
FROM (
  SELECT substr(guid, 4, 10) AS word, agent_id, trans_id
  FROM transactions WHERE trans_id > :after AND trans_id <= :until
  UNION ALL
  SELECT round_id, agent_id, trans_id
  FROM transactions WHERE trans_id > :after AND trans_id <= :until AND round_seq <= 1
)
WHERE true
ORDER BY word
ON CONFLICT (word, agent_id, trans_id) DO NOTHING

-- name: note_search_words
-- Note how far words go.
UPDATE search_progress SET upto = :until WHERE agent_id = 0

-- name: attempts_with_id
-- Find the entries of the API log with a number: whose, and of which transaction.
SELECT a.agent_id, a.trans_id FROM attempts AS a WHERE a.attempt_id = ? ORDER BY a.agent_id

-- name: sealed_to
-- Read how far the journal is sealed.
SELECT sealed_to_ms FROM seal_progress WHERE agent_id = 0

-- name: next_to_seal
-- Find the first row of each kind that is not sealed yet, by number or, of late events, by time.
SELECT (SELECT min(trans_id) FROM transactions WHERE trans_id >= ?),
       (SELECT min(attempt_id) FROM attempts WHERE attempt_id >= ?),
       (SELECT min(at_ms) FROM events
        WHERE at_ms - (1767225600000 + (trans_id >> 12)) > 60000 AND at_ms >= ?)

-- name: transactions_to_seal
-- Read the transactions with numbers of one minute.
SELECT {row_columns} FROM transactions AS t
WHERE t.trans_id >= ? AND t.trans_id < ?
ORDER BY t.trans_id, t.agent_id

-- name: events_to_seal
-- Read all events of the transactions with numbers of one minute.
SELECT agent_id, trans_id, epoch, at_ms, from_state, to_state, cause FROM events
WHERE trans_id >= ? AND trans_id < ?
ORDER BY trans_id, agent_id, epoch

-- name: late_events_to_seal
-- Read the events of one minute whose transactions are older, each with its transaction's row.
SELECT e.agent_id, e.trans_id, e.epoch, e.at_ms, e.from_state, e.to_state, e.cause, {row_columns}
FROM events AS e
LEFT JOIN transactions AS t ON t.agent_id = e.agent_id AND t.trans_id = e.trans_id
WHERE e.at_ms - (1767225600000 + (e.trans_id >> 12)) > 60000 AND e.at_ms >= ? AND e.at_ms < ?
ORDER BY e.at_ms, e.agent_id, e.trans_id, e.epoch

-- name: attempts_to_seal
-- Read the attempts with numbers of one minute; the range twice, that few parts are looked into.
SELECT {attempt_columns}
FROM attempts AS a
LEFT JOIN attempt_bodies AS b ON b.agent_id = a.agent_id AND b.attempt_id = a.attempt_id
  AND b.attempt_id >= ? AND b.attempt_id < ?
LEFT JOIN attempt_digests AS d ON d.agent_id = a.agent_id AND d.attempt_id = a.attempt_id
WHERE a.attempt_id >= ? AND a.attempt_id < ?
ORDER BY a.attempt_id, a.agent_id

-- name: seals_of_minute
-- Read the seals over rows of one minute.
SELECT agent_id, leaves, rests FROM seals WHERE minute_ms = ?
ORDER BY agent_id, number

-- name: next_sealed_minute
-- Find the first minute from one on that has a seal.
SELECT min(minute_ms) FROM seals WHERE minute_ms >= ?

-- name: next_sealed_agent
-- Find the next agent that has seals.
SELECT min(agent_id) FROM seals WHERE agent_id > ?

-- name: seals_after
-- Read an agent's chain after a number.
SELECT number, minute_ms, previous, digest, leaves, rests FROM seals
WHERE agent_id = ? AND number > ?
ORDER BY number
LIMIT ?

-- name: last_seal
-- Read the end of an agent's chain.
SELECT number, digest FROM seals WHERE agent_id = ?
ORDER BY number DESC
LIMIT 1

-- name: note_sealed
-- Note how far the journal is sealed, unless somebody else went on meanwhile.
INSERT INTO seal_progress AS p (agent_id, sealed_to_ms) VALUES (0, ?)
ON CONFLICT (agent_id) DO UPDATE SET sealed_to_ms = excluded.sealed_to_ms
WHERE p.sealed_to_ms = ?

-- name: add_seal
-- Add a seal to an agent's chain.
INSERT INTO seals (agent_id, number, minute_ms, previous, digest, leaves, rests)
VALUES (?, ?, ?, ?, ?, ?, ?)
