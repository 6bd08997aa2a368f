-- Which job is next? Of the party that has fewest running, then of that served longest ago, then the oldest. It becomes ours.
UPDATE job SET state = 'running', attempt = attempt + 1, owner = $1, fence = nextval('job_fence'),
    lease_until = now() + make_interval(secs => $2), started_at = now(), written = 0, writing_since = NULL, reason = NULL
WHERE id = (
    SELECT q.id FROM job q
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE r.state = 'running') AS running, max(r.started_at) AS served_at
        FROM job r WHERE r.party = q.party) AS of_party
    WHERE q.state = 'queued' AND q.not_before <= now() AND q.kind = $3 AND of_party.running < $4
    ORDER BY of_party.running, of_party.served_at NULLS FIRST, q.created_at
    LIMIT 1 FOR UPDATE OF q SKIP LOCKED)
RETURNING id, subject, dealers, request AS "request: Json<Request>", attempt, fence AS "fence!"
