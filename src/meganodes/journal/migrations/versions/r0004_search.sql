-- Two keys for people who look for something, as revision 0004 makes them. This file is history: a
-- change of the tables is a new revision.
--
-- Ten of a guid's 40 digits find it among a billion; the whole of them would make the key three
-- times as large, and each bet writes there.

CREATE INDEX transactions_of_guid ON transactions (substr(guid, 4, 10));

CREATE INDEX rounds_of_id ON rounds (round_id);
