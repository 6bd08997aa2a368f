-- Which slot of a job that we know is due, oldest first, whose dataset nobody reads? It becomes ours, unless another replica is
-- at work: how many requests 1C gets at once and per second is kept by the one process that asks. Comparisons ask nothing of 1C,
-- and come when there is nothing to read: what they wait for is what a reading brings.
-- Of a dataset that is paused nothing is taken.
UPDATE slot SET state = 'running', attempt = attempt + 1, owner = $1, started_at = now(), reason = NULL, sent = 0, lines = 0, skipped = 0, rejected = 0,
    lease_until = now() + make_interval(secs => $2)
WHERE (job, slot_at) = (
    SELECT job, slot_at FROM slot q
    WHERE state = 'queued' AND not_before <= now() AND q.job = ANY($3) AND ($4 OR q.job LIKE '%-audit')
      AND NOT EXISTS (SELECT FROM paused WHERE paused.dataset = q.dataset)
      AND NOT EXISTS (SELECT FROM slot r WHERE r.state = 'running'
                      AND (r.dataset = q.dataset
                           OR r.owner <> $1 AND r.job NOT LIKE '%-audit' AND q.job NOT LIKE '%-audit'))
    ORDER BY q.job LIKE '%-audit', slot_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING job, slot_at, dataset, attempt
