-- What retention does to the bytes of attempts on SQLite, and to nothing else.

-- name: bodies_after
-- Read bytes of attempts between two numbers, after a key, in the order of their keys.
SELECT b.attempt_id, b.agent_id, b.request, b.reply, b.packing FROM attempt_bodies AS b
WHERE (b.attempt_id, b.agent_id) > (?, ?) AND b.attempt_id < ?
ORDER BY b.attempt_id, b.agent_id
LIMIT ?

-- name: packed_to
-- Read how far packing has come.
SELECT packed_attempt_id, packed_agent_id FROM retention_progress WHERE agent_id = 0

-- name: note_packed
-- Note how far packing has come; it never goes back.
INSERT INTO retention_progress (agent_id, packed_attempt_id, packed_agent_id) VALUES (0, ?, ?)
ON CONFLICT (agent_id) DO UPDATE
SET packed_attempt_id = excluded.packed_attempt_id, packed_agent_id = excluded.packed_agent_id
WHERE excluded.packed_attempt_id >= retention_progress.packed_attempt_id

-- name: pack_body
-- Put packed bytes in the place of those that were packed, unless they are already.
UPDATE attempt_bodies SET request = ?, reply = ?, packing = ?
WHERE agent_id = ? AND attempt_id = ? AND packing = 0

-- name: keep_digest
-- Put the digest of bytes down that are about to go; the first one stays.
INSERT INTO attempt_digests (attempt_id, agent_id, digest, request_bytes, reply_bytes)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (attempt_id, agent_id) DO NOTHING

-- name: retire_body
-- Let bytes go whose digest is kept.
DELETE FROM attempt_bodies
WHERE agent_id = ? AND attempt_id = ? AND EXISTS (
  SELECT 1 FROM attempt_digests AS d
  WHERE d.agent_id = attempt_bodies.agent_id AND d.attempt_id = attempt_bodies.attempt_id
    AND d.digest = ?
)

-- name: to_retire
-- Add up what would go, by agent.
SELECT b.agent_id, count(*), sum(length(b.request) + length(b.reply)) FROM attempt_bodies AS b
WHERE b.attempt_id < ?
GROUP BY b.agent_id

-- name: to_pack
-- Add up what would be packed, by agent.
SELECT b.agent_id, count(*), sum(length(b.request) + length(b.reply)) FROM attempt_bodies AS b
WHERE b.attempt_id >= ? AND (b.attempt_id, b.agent_id) > (?, ?) AND b.attempt_id < ? AND b.packing = 0
GROUP BY b.agent_id

-- name: oldest_body
-- Find the oldest attempt whose bytes are kept.
SELECT min(attempt_id) FROM attempt_bodies
