-- Turnovers for reports, as revision 0002 makes them. This file is history: a change of the tables
-- is a new revision.
--
-- Everything in here can be made again from the lists: delete the turnovers, set summed_position to
-- 0. No bet writes here: the worker sums up listed entries by the thousand.

-- A sum is two whole numbers, so that no sum can overflow: hundred millions and what is left of
-- minor units. A cancel takes its bet out again, so a sum of bets may be negative. last_bet is the
-- position of the newest bet in the agent's list, 0 for none.
CREATE TABLE turnovers (
  agent_id INTEGER NOT NULL,
  quarter INTEGER NOT NULL,
  user_code INTEGER NOT NULL,
  gplay_id INTEGER NOT NULL,
  provider_id INTEGER NOT NULL,
  game_code TEXT NOT NULL,
  bet_high INTEGER NOT NULL,
  bet_low INTEGER NOT NULL,
  win_high INTEGER NOT NULL,
  win_low INTEGER NOT NULL,
  last_bet INTEGER NOT NULL,
  PRIMARY KEY (agent_id, quarter, user_code, gplay_id, provider_id, game_code)
) STRICT, WITHOUT ROWID;

-- Entries up to this position are in the turnovers.
ALTER TABLE listing_positions ADD COLUMN summed_position INTEGER NOT NULL DEFAULT 0
  CHECK (summed_position BETWEEN 0 AND last_position);
