-- The API log by agent, as revision 0005 makes it. This file is history: a change of the tables is a
-- new revision.
--
-- Numbers of attempts grow with time, so each index gives an agent's entries newest first. The first
-- costs each attempt 6 to 12 us; the second costs an accepted one nothing.

CREATE INDEX attempts_of_agent ON attempts (agent_id, attempt_id);
CREATE INDEX attempts_not_accepted ON attempts (agent_id, attempt_id) WHERE outcome <> 'accepted';
