-- What retention does to the bytes of attempts on PostgreSQL, and to nothing else. [part] is the name of
-- a part of attempt_bodies, [copy] of the one that takes its place.

-- name: parts
-- Read the parts of the table and their bounds.
SELECT c.relname::text, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits AS i
JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = 'attempt_bodies'::regclass

-- name: bodies_after
-- Read bytes of attempts of a part, after a key and below a number, in the order of their keys.
SELECT b.attempt_id, b.agent_id, b.request, b.reply, b.packing FROM [part] AS b
WHERE (b.attempt_id, b.agent_id) > (%s, %s) AND b.attempt_id < %s
ORDER BY b.attempt_id, b.agent_id
LIMIT %s

-- name: last_key
-- Read how far a copy has come.
SELECT c.attempt_id, c.agent_id FROM [copy] AS c ORDER BY c.attempt_id DESC, c.agent_id DESC LIMIT 1

-- name: make_part
-- Make a table that can become a part.
CREATE TABLE IF NOT EXISTS [part] (
  LIKE attempt_bodies INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
  PRIMARY KEY (attempt_id, agent_id),
  CONSTRAINT within CHECK ([within])
)

-- name: attach
-- Make it one.
ALTER TABLE attempt_bodies ATTACH PARTITION [part] FOR VALUES FROM ([low]) TO ([high])

-- name: detach
-- Take a part out.
ALTER TABLE attempt_bodies DETACH PARTITION [part]

-- name: keep_digest
-- Put the digest of bytes down that are about to go; the first one stays.
INSERT INTO attempt_digests (attempt_id, agent_id, digest, request_bytes, reply_bytes)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (attempt_id, agent_id) DO NOTHING

-- name: copy_body
-- Put packed bytes into the copy of a part.
INSERT INTO [copy] (attempt_id, agent_id, request, reply, packing) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (attempt_id, agent_id) DO NOTHING

-- name: retire_body
-- Let bytes go whose digest is kept.
DELETE FROM [part] AS b
WHERE b.agent_id = %s AND b.attempt_id = %s AND EXISTS (
  SELECT 1 FROM attempt_digests AS d
  WHERE d.agent_id = b.agent_id AND d.attempt_id = b.attempt_id AND d.digest = %s
)

-- name: undigested
-- Find an attempt of a part whose digest is not kept.
SELECT b.attempt_id FROM [part] AS b
WHERE NOT EXISTS (
  SELECT 1 FROM attempt_digests AS d WHERE d.agent_id = b.agent_id AND d.attempt_id = b.attempt_id
)
LIMIT 1

-- name: uncopied
-- Find an attempt of a part that is not in its copy.
SELECT b.attempt_id FROM [part] AS b
WHERE NOT EXISTS (
  SELECT 1 FROM [copy] AS c WHERE c.agent_id = b.agent_id AND c.attempt_id = b.attempt_id
)
LIMIT 1

-- name: differing_digests
-- Count bytes of attempts whose digest on record is another one, of those with given keys.
SELECT count(*) FROM attempt_digests AS d
JOIN unnest(%s::bigint[], %s::bigint[], %s::bytea[]) AS g (attempt_id, agent_id, digest)
  ON d.agent_id = g.agent_id AND d.attempt_id = g.attempt_id
WHERE d.digest <> g.digest

-- name: added_up
-- Add up the bytes of attempts between two numbers, by agent; of all, or of what is not packed.
SELECT b.agent_id, count(*)::bigint, sum(octet_length(b.request) + octet_length(b.reply))::bigint
FROM attempt_bodies AS b
WHERE b.attempt_id >= %s AND b.attempt_id < %s AND b.packing <= %s
GROUP BY b.agent_id

-- name: oldest_body
-- Find the oldest attempt whose bytes are kept.
SELECT min(attempt_id) FROM attempt_bodies
