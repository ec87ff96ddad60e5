-- Turnovers by day and game, as revision 0009 makes them. This file is history: a change of the
-- tables is a new revision.
--
-- A day is a day of UTC, numbered from 1970: 96 quarters. Each sum is of the turnovers of those
-- quarters, in two parts as there. To make them again from the lists, delete turnovers and these and
-- set both summed positions to 0.

CREATE TABLE day_turnovers (
  agent_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  provider_id INTEGER NOT NULL,
  game_code TEXT NOT NULL,
  bet_high INTEGER NOT NULL,
  bet_low INTEGER NOT NULL,
  win_high INTEGER NOT NULL,
  win_low INTEGER NOT NULL,
  PRIMARY KEY (agent_id, day, provider_id, game_code)
) STRICT, WITHOUT ROWID;

-- Entries up to this position are in the turnovers of days. Only where it is the same as
-- summed_position these may be read; a program that does not know them leaves it behind.
ALTER TABLE listing_positions ADD COLUMN day_summed_position INTEGER NOT NULL DEFAULT 0;

INSERT INTO day_turnovers (
  agent_id, day, provider_id, game_code, bet_high, bet_low, win_high, win_low
)
SELECT agent_id, quarter / 96, provider_id, game_code,
       sum(bet_high), sum(bet_low), sum(win_high), sum(win_low)
FROM turnovers
GROUP BY agent_id, quarter / 96, provider_id, game_code;

UPDATE listing_positions SET day_summed_position = summed_position WHERE summed_position > 0;
