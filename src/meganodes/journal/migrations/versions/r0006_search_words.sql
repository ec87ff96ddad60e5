-- Words for people who look for something, as revision 0006 makes them. This file is history: a
-- change of the tables is a new revision.
--
-- A guid and a round id are as good as random: a key on them costs a bet two thirds of what all else
-- does, because each entry changes a page of its own. So the two keys of revision 0004 go, and words
-- are put down behind the bets, many at a time and in order; upto says how far, with agent 0 for all
-- of them. Ten of a guid's 40 digits find it among a billion.

DROP INDEX transactions_of_guid;

DROP INDEX rounds_of_id;

CREATE TABLE search_words (
  word TEXT NOT NULL,
  agent_id INTEGER NOT NULL,
  trans_id INTEGER NOT NULL,
  PRIMARY KEY (word, agent_id, trans_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE search_progress (
  agent_id INTEGER NOT NULL,
  upto INTEGER NOT NULL,
  PRIMARY KEY (agent_id)
) STRICT, WITHOUT ROWID;

INSERT INTO search_progress (agent_id, upto) VALUES (0, 0);
