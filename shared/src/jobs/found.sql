-- Which jobs did this person ask for, the newest first; or this one of them, or those before another?
SELECT id, dealers, request AS "request: Json<Request>", state AS "state: State", attempt, written, total, percent,
       extract(epoch FROM now() - writing_since)::float8 AS writing_s,
       extract(epoch FROM not_before - now())::float8 AS "waits_s!",
       file_key, file_name, file_plain_name, media_type, file_bytes, expires_at,
       coalesce(expires_at <= now(), false) AS "is_expired!",
       reason, created_at, finished_at
FROM job
WHERE subject = $1 AND ($2::uuid IS NULL OR id = $2)
  AND ($3::uuid IS NULL OR (created_at, id) < (SELECT created_at, id FROM job WHERE id = $3))
ORDER BY created_at DESC, id DESC
LIMIT $4
