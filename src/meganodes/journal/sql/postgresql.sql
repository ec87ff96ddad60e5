-- The journal's statements for PostgreSQL that pages, reports and workers read by: the same names and
-- parameters as those for SQLite, in the manner of psycopg. Every statement names agent_id. A key that
-- must not be used for a look stands in a sum with nothing ("+ 0"): the planner cannot be told
-- otherwise.

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
a.duration_ms, a.outcome, a.phase, a.result, a.http_status, ''::bytea AS request,
''::bytea AS reply, a.notes, a.faults, a.peer_address

-- fragment: attempt_fits
-- An attempt is what a filter asks for; NULL leaves open.
(%(command)s::text IS NULL OR a.command = %(command)s::text)
  AND (%(outcome)s::text IS NULL OR a.outcome = %(outcome)s::text)
  AND (%(http_status)s::bigint IS NULL OR a.http_status = %(http_status)s::bigint)
  AND (%(account)s::text IS NULL OR a.account = %(account)s::text)
  AND (%(trans_id)s::bigint IS NULL OR a.trans_id = %(trans_id)s::bigint)

-- fragment: unleased
-- Nobody owns the row: its lease has ended, or lasts longer than any lease may
-- (store.LEASE_MS_MAX). None for the moment is the database's own clock, which leases run by here.
coalesce(
  t.lease_until_ms - coalesce(%s::bigint, (SELECT journal_now_ms())), 0
) NOT BETWEEN 1 AND 120000

-- fragment: bet_parts
-- What an entry adds to the bets, in two parts (turnover.PART_MINOR): a cancel takes its bet out.
CASE l.trans_type WHEN 1 THEN 1 WHEN 16 THEN -1 ELSE 0 END
  * (t.amount_minor / 100000000) AS bet_high,
CASE l.trans_type WHEN 1 THEN 1 WHEN 16 THEN -1 ELSE 0 END
  * (t.amount_minor %% 100000000) AS bet_low

-- fragment: win_parts
-- What an entry adds to the wins, and where it stands if it is a bet.
CASE l.trans_type WHEN 2 THEN 1 ELSE 0 END * (t.amount_minor / 100000000) AS win_high,
CASE l.trans_type WHEN 2 THEN 1 ELSE 0 END * (t.amount_minor %% 100000000) AS win_low,
CASE l.trans_type WHEN 1 THEN 1 ELSE 0 END * l.position AS last_bet

-- fragment: four_sums
-- The sums of both parts of bets and wins; a sum of PostgreSQL's has decimals unless it is told.
sum(bet_high)::bigint, sum(bet_low)::bigint, sum(win_high)::bigint, sum(win_low)::bigint

-- fragment: moved_entries
-- What was turned over entry by entry, in two ranges of positions.
SELECT t.user_code, t.gplay_id, t.provider_id, t.game_code, {bet_parts}, {win_parts},
       l.listed_at_ms / 900000 AS quarter
FROM (VALUES (%s::bigint, %s::bigint), (%s, %s)) AS r (first, past)
JOIN listings AS l ON l.agent_id = %s AND l.position >= r.first AND l.position < r.past
JOIN transactions AS t ON t.agent_id = l.agent_id AND t.trans_id = l.trans_id

-- fragment: moved
-- What was turned over in whole quarters, as far as it is summed up, and entry by entry in two
-- ranges of positions: before them, and after them or not summed up yet.
SELECT s.user_code, s.gplay_id, s.provider_id, s.game_code,
       s.bet_high, s.bet_low, s.win_high, s.win_low, s.last_bet, s.quarter
FROM turnovers AS s
WHERE s.agent_id = %s AND s.quarter >= %s AND s.quarter < %s
UNION ALL
{moved_entries}

-- name: due_work
-- Count what is due, by agent.
SELECT agent_id, count(*), min(due_at_ms) FROM transactions
WHERE step <> 'none' AND due_at_ms <= %s
GROUP BY agent_id
ORDER BY agent_id

-- name: expired_pending
-- Find bets without a decision that nobody owns (any more), the longest ended first.
SELECT {row_columns} FROM transactions AS t
WHERE t.state = 'pending' AND {unleased}
ORDER BY t.lease_until_ms NULLS FIRST, t.trans_id, t.agent_id
LIMIT %s

-- name: overdue
-- Find what is owed for too long and has nobody at work on it, the oldest first.
SELECT {row_columns} FROM transactions AS t
WHERE t.step <> 'none' AND t.state IN ('owed', 'cancelling', 'not_seen_wait')
  AND t.owed_since_ms < %s AND {unleased}
ORDER BY t.owed_since_ms, t.trans_id, t.agent_id
LIMIT %s

-- name: events_of
-- Read a row's history, oldest first.
SELECT epoch, at_ms, from_state, to_state, cause FROM events
WHERE agent_id = %s AND trans_id = %s
ORDER BY epoch

-- name: unlisted_balances
-- Find entries whose balance the backend did not report, oldest first.
SELECT l.listing_id, l.agent_id, t.account
FROM listings AS l
JOIN transactions AS t ON t.agent_id = l.agent_id AND t.trans_id = l.trans_id
WHERE l.position IS NULL AND l.balance_open = 1
ORDER BY l.listing_id
LIMIT %s

-- name: listed_after
-- Read an agent's list after a position, oldest first.
SELECT l.position, l.trans_type, l.balance_minor, l.listed_at_ms, {row_columns}
FROM listings AS l
JOIN transactions AS t ON t.agent_id = l.agent_id AND t.trans_id = l.trans_id
WHERE l.agent_id = %s AND l.position > %s
ORDER BY l.position
LIMIT %s

-- name: listed_range
-- Read a range of an agent's list, oldest first.
SELECT l.position, l.trans_type, l.balance_minor, l.listed_at_ms, {row_columns}
FROM listings AS l
JOIN transactions AS t ON t.agent_id = l.agent_id AND t.trans_id = l.trans_id
WHERE l.agent_id = %s AND l.position >= %s AND l.position < %s
ORDER BY l.position

-- name: position_at
-- Find the first position listed at a moment or later, or the one after the last. Times grow with
-- positions, so halving finds it in a few looks and no bet pays for an index.
WITH RECURSIVE halves (first, past) AS (
  SELECT 1::bigint, p.last_position + 1 FROM listing_positions AS p WHERE p.agent_id = %s
  UNION ALL
  SELECT CASE WHEN l.listed_at_ms < m.at_ms THEN l.position + 1 ELSE h.first END,
         CASE WHEN l.listed_at_ms < m.at_ms THEN h.past ELSE l.position END
  FROM (SELECT %s::bigint AS at_ms) AS m CROSS JOIN halves AS h JOIN listings AS l
    ON l.agent_id = %s AND l.position = (h.first + h.past) / 2
  WHERE h.first < h.past
)
SELECT h.first FROM halves AS h WHERE h.first = h.past

-- name: unsummed
-- Find which entries are to be summed up next: of each agent its oldest, of all so many at most.
SELECT agent_id, summed_position, least(last_position, summed_position + %s - before),
       are_days_summed
FROM (
  SELECT agent_id, summed_position, last_position,
         day_summed_position = summed_position AS are_days_summed,
         (sum(last_position - summed_position) OVER (ORDER BY agent_id))::bigint
           - (last_position - summed_position) AS before
  FROM listing_positions
  WHERE summed_position < last_position
) AS p
WHERE before < %s
ORDER BY agent_id

-- name: turnovers_of_entries
-- Sum up a range of an agent's entries by quarter of an hour, session and game.
SELECT agent_id, quarter, user_code, gplay_id, provider_id, game_code, {four_sums}, max(last_bet)
FROM (
  SELECT l.agent_id, l.listed_at_ms / 900000 AS quarter, t.user_code, t.gplay_id, t.provider_id,
         t.game_code, {bet_parts}, {win_parts}
  FROM listings AS l
  JOIN transactions AS t ON t.agent_id = l.agent_id AND t.trans_id = l.trans_id
  WHERE l.agent_id = %s AND l.position > %s AND l.position <= %s
) AS e
GROUP BY agent_id, quarter, user_code, gplay_id, provider_id, game_code
ORDER BY agent_id, quarter, user_code, gplay_id, provider_id, game_code

-- name: summed_position
-- Read how far an agent's entries are summed up, and whether turnovers of days are as far.
SELECT summed_position, day_summed_position = summed_position FROM listing_positions WHERE agent_id = %s

-- name: moved_users
-- Read a page of the users with a turnover, and how many there are.
WITH movers AS MATERIALIZED (SELECT DISTINCT user_code FROM ({moved}) AS d)
SELECT n.total, m.user_code
FROM (SELECT count(*) AS total FROM movers) AS n
LEFT JOIN (SELECT user_code FROM movers ORDER BY user_code LIMIT %s OFFSET %s) AS m ON true
ORDER BY m.user_code

-- name: turnovers_of_users
-- Sum up by user and game, for users from one to another.
SELECT user_code, provider_id, game_code, {four_sums}
FROM ({moved}) AS d
WHERE user_code BETWEEN %s AND %s
GROUP BY user_code, provider_id, game_code
ORDER BY user_code, provider_id, game_code

-- name: turnovers_of_games
-- Sum up by game: whole days from their own sums, the quarters before and after them from theirs.
SELECT NULL, provider_id, game_code, {four_sums}
FROM (
  SELECT d.provider_id, d.game_code, d.bet_high, d.bet_low, d.win_high, d.win_low
  FROM day_turnovers AS d
  WHERE d.agent_id = %s AND d.day >= %s AND d.day < %s
  UNION ALL
  SELECT s.provider_id, s.game_code, s.bet_high, s.bet_low, s.win_high, s.win_low
  FROM (VALUES (%s::bigint, %s::bigint), (%s, %s)) AS q (first, past)
  JOIN turnovers AS s ON s.agent_id = %s AND s.quarter >= q.first AND s.quarter < q.past
  UNION ALL
  SELECT provider_id, game_code, bet_high, bet_low, win_high, win_low FROM ({moved_entries}) AS e
) AS m
GROUP BY provider_id, game_code
ORDER BY provider_id, game_code

-- name: turnovers_of_quarters
-- Sum up by quarter of an hour.
SELECT quarter, {four_sums}
FROM ({moved}) AS d
GROUP BY quarter
ORDER BY quarter

-- name: turnovers_of_sessions
-- Sum up by session, for those of a JSON list.
SELECT gplay_id, {four_sums}, max(last_bet)
FROM ({moved}) AS d
WHERE gplay_id = ANY (ARRAY(SELECT value::bigint FROM json_array_elements_text(%s::json)))
GROUP BY gplay_id
ORDER BY gplay_id

-- name: last_round_bets
-- Sum up the standing bets of the rounds that bets at these positions (a JSON list) are in.
SELECT l.position,
       sum(CASE b.state WHEN 'accepted' THEN b.amount_minor / 100000000 ELSE 0 END)::bigint,
       sum(CASE b.state WHEN 'accepted' THEN b.amount_minor %% 100000000 ELSE 0 END)::bigint
FROM json_array_elements_text(%s::json) AS e (value)
JOIN listings AS l ON l.agent_id = %s AND l.position = e.value::bigint
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
WHERE a.agent_id = %s AND a.trans_id = %s
ORDER BY a.started_at_ms, a.attempt_id

-- name: attempt
-- Read one entry of the API log.
SELECT {attempt_columns}
FROM attempts AS a
{attempt_bytes}
WHERE a.agent_id = %s AND a.attempt_id = %s

-- name: last_attempts
-- Read the newest attempt of each transaction of a JSON list.
SELECT {attempt_summary}
FROM json_array_elements_text(%s::json) AS e (value)
JOIN attempts AS a ON a.agent_id = %s AND a.trans_id = e.value::bigint
  AND a.attempt_id + 0 = (
    SELECT max(n.attempt_id + 0) FROM attempts AS n
    WHERE n.agent_id = a.agent_id AND n.trans_id = e.value::bigint
  )
ORDER BY a.trans_id

-- name: attempts_floor
-- Find how far one look into an agent's API log goes: so many of its newest entries.
SELECT count(*), min(attempt_id) FROM (
  SELECT attempt_id FROM attempts
  WHERE agent_id = %(agent_id)s AND attempt_id > %(above)s AND attempt_id < %(below)s
  ORDER BY attempt_id DESC
  LIMIT %(rows_max)s
) AS n

-- name: attempts_page
-- Read a page of an agent's API log, newest first.
SELECT {attempt_summary} FROM attempts AS a
WHERE a.agent_id = %(agent_id)s AND a.attempt_id >= %(floor)s AND a.attempt_id > %(above)s
  AND a.attempt_id < %(below)s AND {attempt_fits}
ORDER BY a.attempt_id DESC
LIMIT %(limit)s

-- name: failed_attempts_floor
-- The same of what was not accepted, which has an index of its own.
SELECT count(*), min(attempt_id) FROM (
  SELECT attempt_id FROM attempts
  WHERE agent_id = %(agent_id)s AND outcome <> 'accepted'
    AND attempt_id > %(above)s AND attempt_id < %(below)s
  ORDER BY attempt_id DESC
  LIMIT %(rows_max)s
) AS n

-- name: failed_attempts_page
-- Read a page of what was not accepted, newest first.
SELECT {attempt_summary} FROM attempts AS a
WHERE a.agent_id = %(agent_id)s AND a.outcome <> 'accepted'
  AND a.attempt_id >= %(floor)s AND a.attempt_id > %(above)s
  AND a.attempt_id < %(below)s AND {attempt_fits}
ORDER BY a.attempt_id DESC
LIMIT %(limit)s

-- name: failed_attempts_grouped
-- Group what was not accepted by all that says why.
SELECT a.command, a.number > 1, a.outcome, a.phase, a.result, a.http_status, a.faults,
       count(*), min(a.started_at_ms), max(a.started_at_ms), max(a.attempt_id)
FROM attempts AS a
WHERE a.agent_id = %(agent_id)s AND a.outcome <> 'accepted'
  AND a.attempt_id >= %(floor)s AND a.attempt_id > %(above)s
  AND a.attempt_id < %(below)s AND {attempt_fits}
GROUP BY a.command, a.number > 1, a.outcome, a.phase, a.result, a.http_status, a.faults

-- name: misplaced
-- Find an agent whose last position is not the one its list ends with: somebody edited the tables.
SELECT p.agent_id FROM listing_positions AS p
WHERE p.last_position <> (
  SELECT coalesce(max(l.position), 0) FROM listings AS l WHERE l.agent_id = p.agent_id
)
LIMIT 1

-- name: list_skips
-- Read which numbers of the agents' lists are passed over; only a restore makes any.
SELECT s.agent_id, s.after_position, s.skipped FROM list_skips AS s

-- name: undecided
-- Find bets without a decision, whether somebody owns them or not: a restore puts them aside.
SELECT {row_columns} FROM transactions AS t WHERE t.state = 'pending' ORDER BY t.trans_id

-- name: last_numbers
-- Read how far this journal has got: the highest number, and the longest list with what it skips.
SELECT (SELECT coalesce(max(t.trans_id), 0) FROM transactions AS t),
       (SELECT coalesce(max(p.last_position + (
          SELECT coalesce(sum(s.skipped), 0)::bigint FROM list_skips AS s
          WHERE s.agent_id = p.agent_id
        )), 0) FROM listing_positions AS p)

-- name: parked
-- Find what waits for a person, oldest first.
SELECT {row_columns} FROM transactions AS t
WHERE t.state = 'parked'
ORDER BY t.trans_id
LIMIT %s

-- name: parked_of
-- Find what of one agent's waits for a person, oldest first.
SELECT {row_columns} FROM transactions AS t
WHERE t.agent_id = %s AND t.state = 'parked' AND t.trans_id > %s
ORDER BY t.trans_id
LIMIT %s

-- name: owed_of
-- Find what is owed to one agent's players, what is due next first; probes of closed bets not.
SELECT {row_columns} FROM transactions AS t
WHERE t.agent_id = %s AND t.step <> 'none' AND t.step <> 'probe'
  AND (t.due_at_ms, t.trans_id) > (%s, %s)
ORDER BY t.due_at_ms, t.trans_id
LIMIT %s

-- name: open_work
-- Count what is pending, owed or parked, by agent and state, each part by its own small index.
SELECT agent_id, state, count(*), min(coalesce(owed_since_ms, created_at_ms)) FROM transactions
WHERE step <> 'none' AND step <> 'probe'
GROUP BY agent_id, state
UNION ALL
SELECT agent_id, state, count(*), min(created_at_ms) FROM transactions
WHERE state = 'pending'
GROUP BY agent_id, state
UNION ALL
SELECT agent_id, state, count(*), min(coalesce(owed_since_ms, created_at_ms)) FROM transactions
WHERE state = 'parked'
GROUP BY agent_id, state

-- name: unplaced
-- Count the list entries that wait for their position.
SELECT count(*) FROM listings WHERE position IS NULL

-- name: compared_rows
-- Read what is compared of an agent's bets and wins, by number.
SELECT t.trans_id, t.guid, t.kind, t.amount_minor, t.state, t.step, t.revision, t.created_at_ms,
       t.owed_since_ms, t.due_at_ms
FROM transactions AS t
WHERE t.agent_id = %s AND t.trans_id >= %s AND t.trans_id < %s AND t.kind <> 'cancel'
ORDER BY t.trans_id
LIMIT %s

-- name: open_rounds
-- Find rounds that took a stake and were never closed, oldest first.
SELECT r.agent_id, r.provider_id, r.user_code, r.round_id, min(t.created_at_ms) AS opened_at_ms
FROM rounds AS r JOIN transactions AS t
  ON t.agent_id = r.agent_id AND t.provider_id = r.provider_id
  AND t.user_code = r.user_code AND t.round_id = r.round_id
  AND t.kind = 'bet' AND t.state = 'accepted'
WHERE r.closed = 0
GROUP BY r.agent_id, r.provider_id, r.user_code, r.round_id
HAVING min(t.created_at_ms) < %s
ORDER BY opened_at_ms
LIMIT %s

-- name: rounds_named
-- Find a user's rounds of one name: the key begins with the provider, so each provider of the
-- agent's is looked up in turn; there are few, and no bet pays for another index.
WITH RECURSIVE carried (provider_id) AS (
  SELECT min(r.provider_id) FROM rounds AS r WHERE r.agent_id = %s
  UNION ALL
  SELECT (
    SELECT min(r.provider_id) FROM rounds AS r
    WHERE r.agent_id = %s AND r.provider_id > c.provider_id
  )
  FROM carried AS c WHERE c.provider_id IS NOT NULL
)
SELECT r.agent_id, r.provider_id, r.user_code, r.round_id
FROM carried AS c JOIN rounds AS r
  ON r.agent_id = %s AND r.provider_id = c.provider_id AND r.user_code = %s AND r.round_id = %s
ORDER BY r.provider_id

-- name: highest_trans_id
-- Read the highest number issued, to a transaction or an attempt; the keys begin with it, so this
-- is one look at each.
SELECT greatest(
  (SELECT coalesce(max(t.trans_id), 0) FROM transactions AS t),
  (SELECT coalesce(max(a.attempt_id), 0) FROM attempts AS a WHERE a.attempt_id > 0)
)

-- fragment: questions
-- The questions of search.Sought but for agent and numbers; one that is NULL is left out.
t.kind <> 'cancel'
  AND (%(user_code)s::bigint IS NULL OR t.user_code + 0 = %(user_code)s::bigint)
  AND (%(kind)s::text IS NULL OR t.kind = %(kind)s::text)
  AND (%(states)s::json IS NULL
       OR t.state = ANY (ARRAY(SELECT value FROM json_array_elements_text(%(states)s::json))))
  AND (%(provider_id)s::bigint IS NULL OR t.provider_id + 0 = %(provider_id)s::bigint)
  AND (%(game_code)s::text IS NULL OR t.game_code = %(game_code)s::text)
  AND (%(round_id)s::text IS NULL OR t.round_id || '' = %(round_id)s::text)
  AND (%(amount_min_minor)s::bigint IS NULL OR t.amount_minor >= %(amount_min_minor)s::bigint)
  AND (%(amount_max_minor)s::bigint IS NULL OR t.amount_minor <= %(amount_max_minor)s::bigint)

-- fragment: sought
-- All questions of search.Sought, by the numbers: their range is what bounds a look.
t.trans_id >= %(first)s AND t.trans_id < %(past)s AND t.agent_id = %(agent_id)s AND {questions}

-- fragment: sought_of_few
-- The same for few rows, which another key finds and which are compared one by one.
t.trans_id + 0 >= %(first)s AND t.trans_id + 0 < %(past)s AND {questions}

-- fragment: providers_of_agent
-- The providers an agent has rows of, each found by one look at the key of rounds.
WITH RECURSIVE met (provider_id) AS (
  SELECT min(n.provider_id) FROM transactions AS n WHERE n.agent_id = %(agent_id)s
  UNION ALL
  SELECT (SELECT min(n.provider_id) FROM transactions AS n
          WHERE n.agent_id = %(agent_id)s AND n.provider_id > met.provider_id)
  FROM met WHERE met.provider_id IS NOT NULL
)

-- name: entry_before
-- Find the entry so many places before the end of a range, whoever's it is.
SELECT t.trans_id FROM transactions AS t
WHERE t.trans_id >= %(first)s AND t.trans_id < %(past)s
ORDER BY t.trans_id DESC LIMIT 1 OFFSET %(skipped)s

-- name: own_entry_before
-- Find the entry of an agent so many of its places before the end of a range.
SELECT t.trans_id FROM transactions AS t
WHERE t.agent_id = %(agent_id)s AND t.trans_id >= %(first)s AND t.trans_id < %(past)s
ORDER BY t.trans_id DESC LIMIT 1 OFFSET %(skipped)s

-- name: search_by_time
-- Read an agent's newest rows in a range of numbers that answer all questions.
SELECT {row_columns} FROM transactions AS t
WHERE {sought}
ORDER BY t.trans_id DESC LIMIT %(limit)s

-- name: count_by_time
-- Count them, up to a limit.
SELECT count(*) FROM (
  SELECT 1 FROM transactions AS t WHERE {sought} ORDER BY t.trans_id DESC LIMIT %(limit)s
) AS n

-- name: rows_of_agent
-- Count an agent's rows, up to a bound, in the order of the key of rounds.
SELECT count(*) FROM (
  SELECT 1 FROM transactions AS t WHERE t.agent_id = %(agent_id)s
  ORDER BY t.provider_id, t.user_code, t.round_id LIMIT %(bound)s
) AS n

-- name: search_by_agent
-- The same as search_by_time for an agent with few rows, found by the key of rounds.
SELECT {row_columns} FROM transactions AS t
WHERE t.agent_id = %(agent_id)s AND {sought_of_few}
ORDER BY t.trans_id + 0 DESC LIMIT %(limit)s

-- name: count_by_agent
-- Count them, up to a limit.
SELECT count(*) FROM (
  SELECT 1 FROM transactions AS t
  WHERE t.agent_id = %(agent_id)s AND {sought_of_few} LIMIT %(limit)s
) AS n

-- name: rows_of_user
-- Count a user's rows, up to a bound.
{providers_of_agent}
SELECT count(*) FROM (
  SELECT 1 FROM met JOIN transactions AS t
    ON t.agent_id = %(agent_id)s AND t.provider_id = met.provider_id
    AND t.user_code = %(user_code)s
  LIMIT %(bound)s
) AS n

-- name: search_by_user
-- The same as search_by_time for a user with few rows, found by the key of rounds.
{providers_of_agent}
SELECT {row_columns}
FROM met JOIN transactions AS t
  ON t.agent_id = %(agent_id)s AND t.provider_id = met.provider_id AND t.user_code = %(user_code)s
WHERE {sought_of_few}
ORDER BY t.trans_id + 0 DESC LIMIT %(limit)s

-- name: entry_after
-- Find the entry so many places after the start of a range, whoever's it is.
SELECT t.trans_id FROM transactions AS t
WHERE t.trans_id >= %(first)s AND t.trans_id < %(past)s
ORDER BY t.trans_id ASC LIMIT 1 OFFSET %(skipped)s

-- name: own_entry_after
-- Find the entry of an agent so many of its places after the start of a range.
SELECT t.trans_id FROM transactions AS t
WHERE t.agent_id = %(agent_id)s AND t.trans_id >= %(first)s AND t.trans_id < %(past)s
ORDER BY t.trans_id ASC LIMIT 1 OFFSET %(skipped)s

-- name: search_newer_by_time
-- Read an agent's oldest rows in a range of numbers that answer all questions.
SELECT {row_columns} FROM transactions AS t
WHERE {sought}
ORDER BY t.trans_id ASC LIMIT %(limit)s

-- name: search_newer_by_agent
-- The same as search_newer_by_time for an agent with few rows, found by the key of rounds.
SELECT {row_columns} FROM transactions AS t
WHERE t.agent_id = %(agent_id)s AND {sought_of_few}
ORDER BY t.trans_id + 0 ASC LIMIT %(limit)s

-- name: search_newer_by_user
-- The same as search_newer_by_time for a user with few rows, found by the key of rounds.
{providers_of_agent}
SELECT {row_columns}
FROM met JOIN transactions AS t
  ON t.agent_id = %(agent_id)s AND t.provider_id = met.provider_id AND t.user_code = %(user_code)s
WHERE {sought_of_few}
ORDER BY t.trans_id + 0 ASC LIMIT %(limit)s

-- name: count_by_user
-- Count them, up to a limit.
{providers_of_agent}
SELECT count(*) FROM (
  SELECT 1 FROM met JOIN transactions AS t
    ON t.agent_id = %(agent_id)s AND t.provider_id = met.provider_id
    AND t.user_code = %(user_code)s
  WHERE {sought_of_few}
  LIMIT %(limit)s
) AS n

-- name: with_trans_id
-- Read the rows of all agents with one of the hub's numbers.
SELECT {row_columns} FROM transactions AS t WHERE t.trans_id = %s ORDER BY t.agent_id

-- name: with_guid
-- Read the rows with a guid: ten of its digits have an index.
SELECT {row_columns} FROM transactions AS t
WHERE substr(t.guid, 4, 10) = %(word)s AND t.guid = %(guid)s
ORDER BY t.trans_id, t.agent_id

-- name: with_transaction_id
-- Read the rows with a provider's id, of these providers and agents (JSON lists).
SELECT {row_columns}
FROM json_array_elements_text(%(agents)s::json) AS a (value)
CROSS JOIN json_array_elements_text(%(providers)s::json) AS p (value)
JOIN transactions AS t
  ON t.agent_id = a.value::bigint AND t.provider_id = p.value::bigint
  AND t.transaction_id = %(text)s
ORDER BY t.trans_id + 0

-- name: rounds_with_id
-- Read which rounds of these agents (a JSON list) have an id.
SELECT r.agent_id, r.provider_id, r.user_code, r.round_id FROM rounds AS r
WHERE r.round_id = %(text)s
  AND r.agent_id + 0 = ANY (
    ARRAY(SELECT value::bigint FROM json_array_elements_text(%(agents)s::json))
  )
ORDER BY r.agent_id + 0, r.provider_id, r.user_code LIMIT %(limit)s

-- name: attempts_with_id
-- Find the entries of the API log with a number: whose, and of which transaction.
SELECT a.agent_id, a.trans_id FROM attempts AS a WHERE a.attempt_id = %s ORDER BY a.agent_id

-- name: sealed_to
-- Read how far the journal is sealed.
SELECT sealed_to_ms FROM seal_progress WHERE agent_id = 0

-- name: next_to_seal
-- Find the first row of each kind that is not sealed yet, by number or, of late events, by time.
SELECT (SELECT min(trans_id) FROM transactions WHERE trans_id >= %s),
       (SELECT min(attempt_id) FROM attempts WHERE attempt_id >= %s),
       (SELECT min(at_ms) FROM events
        WHERE at_ms - (1767225600000 + (trans_id >> 12)) > 60000 AND at_ms >= %s)

-- name: transactions_to_seal
-- Read the transactions with numbers of one minute.
SELECT {row_columns} FROM transactions AS t
WHERE t.trans_id >= %s AND t.trans_id < %s
ORDER BY t.trans_id, t.agent_id

-- name: events_to_seal
-- Read all events of the transactions with numbers of one minute.
SELECT agent_id, trans_id, epoch, at_ms, from_state, to_state, cause FROM events
WHERE trans_id >= %s AND trans_id < %s
ORDER BY trans_id, agent_id, epoch

-- name: late_events_to_seal
-- Read the events of one minute whose transactions are older, each with its transaction's row.
SELECT e.agent_id, e.trans_id, e.epoch, e.at_ms, e.from_state, e.to_state, e.cause, {row_columns}
FROM events AS e
LEFT JOIN transactions AS t ON t.agent_id = e.agent_id AND t.trans_id = e.trans_id
WHERE e.at_ms - (1767225600000 + (e.trans_id >> 12)) > 60000 AND e.at_ms >= %s AND e.at_ms < %s
ORDER BY e.at_ms, e.agent_id, e.trans_id, e.epoch

-- name: attempts_to_seal
-- Read the attempts with numbers of one minute; the range twice, that few parts are looked into.
SELECT {attempt_columns}
FROM attempts AS a
LEFT JOIN attempt_bodies AS b ON b.agent_id = a.agent_id AND b.attempt_id = a.attempt_id
  AND b.attempt_id >= %s AND b.attempt_id < %s
LEFT JOIN attempt_digests AS d ON d.agent_id = a.agent_id AND d.attempt_id = a.attempt_id
WHERE a.attempt_id >= %s AND a.attempt_id < %s
ORDER BY a.attempt_id, a.agent_id

-- name: seals_of_minute
-- Read the seals over rows of one minute.
SELECT agent_id, leaves, rests FROM seals WHERE minute_ms = %s
ORDER BY agent_id, number

-- name: next_sealed_minute
-- Find the first minute from one on that has a seal.
SELECT min(minute_ms) FROM seals WHERE minute_ms >= %s

-- name: next_sealed_agent
-- Find the next agent that has seals.
SELECT min(agent_id) FROM seals WHERE agent_id > %s

-- name: seals_after
-- Read an agent's chain after a number.
SELECT number, minute_ms, previous, digest, leaves, rests FROM seals
WHERE agent_id = %s AND number > %s
ORDER BY number
LIMIT %s

-- name: last_seal
-- Read the end of an agent's chain.
SELECT number, digest FROM seals WHERE agent_id = %s
ORDER BY number DESC
LIMIT 1
