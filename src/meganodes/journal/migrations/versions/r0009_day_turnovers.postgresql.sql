-- Turnovers by day and game, as revision 0009 makes them. This file is history: a change of the
-- tables is a new revision.
--
-- A day is a day of UTC, numbered from 1970: 96 quarters. Each sum is of the turnovers of those
-- quarters, in two parts as there. To make them again from the lists, delete turnovers and these and
-- set both summed positions to 0.

-- Entries up to this position are in the turnovers of days. Only where it is the same as
-- summed_position these may be read; a program that does not know them leaves it behind.
ALTER TABLE listing_positions ADD COLUMN day_summed_position BIGINT NOT NULL DEFAULT 0;

-- The column comes first: nodes that run sum up nothing from here to the commit, so the sums below
-- are of the entries that the last line says.
CREATE TABLE day_turnovers (
  agent_id BIGINT NOT NULL,
  day BIGINT NOT NULL,
  provider_id BIGINT NOT NULL,
  game_code TEXT COLLATE "C" NOT NULL,
  bet_high BIGINT NOT NULL,
  bet_low BIGINT NOT NULL,
  win_high BIGINT NOT NULL,
  win_low BIGINT NOT NULL,
  PRIMARY KEY (agent_id, day, provider_id, game_code)
);

INSERT INTO day_turnovers (
  agent_id, day, provider_id, game_code, bet_high, bet_low, win_high, win_low
)
SELECT agent_id, quarter / 96, provider_id, game_code,
       sum(bet_high)::bigint, sum(bet_low)::bigint, sum(win_high)::bigint, sum(win_low)::bigint
FROM turnovers
GROUP BY agent_id, quarter / 96, provider_id, game_code;

UPDATE listing_positions SET day_summed_position = summed_position WHERE summed_position > 0;
