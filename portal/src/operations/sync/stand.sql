-- How does each dataset stand: what runs, what was read last and what came of it, what waits, what is held or set aside?
SELECT known.dataset AS "dataset!",
       progress.is_loaded AS "is_loaded?", progress.loaded_to AS "loaded_to?", progress.done_at AS "done_at?", progress.done_pass AS "done_pass?",
       (SELECT min(sold_on) FROM sent WHERE sent.dataset = known.dataset) AS first_day,
       running.job AS "running_job?", running.started_at AS "running_since?", running.sent AS "running_sent?",
       running.attempt AS "running_attempt?",
       last.job AS "last_job?", last.finished_at AS "last_at?", last.sent AS "last_sent?", last.lines AS "last_lines?",
       last.rejected AS "last_rejected?", extract(epoch FROM last.finished_at - last.started_at)::float8 AS "last_took_s?",
       trouble.reason AS "trouble?", trouble.state AS "trouble_state?", trouble.not_before AS "trouble_until?",
       paused.paused_by AS "paused_by?", paused.reason AS "paused_reason?", paused.since AS "paused_since?",
       (SELECT coalesce(sum(missing), 0)::bigint FROM held WHERE held.dataset = known.dataset AND released_at IS NULL) AS "held!",
       (SELECT count(*) FROM rejected WHERE rejected.dataset = known.dataset)
           + (SELECT count(*) FROM misfit WHERE misfit.dataset = known.dataset) AS "set_aside!"
FROM (SELECT DISTINCT dataset FROM cron_job UNION SELECT dataset FROM progress) AS known
LEFT JOIN progress ON progress.dataset = known.dataset
LEFT JOIN paused ON paused.dataset = known.dataset
LEFT JOIN LATERAL (SELECT * FROM slot WHERE slot.dataset = known.dataset AND state = 'running' LIMIT 1) AS running ON true
LEFT JOIN LATERAL (SELECT * FROM slot WHERE slot.dataset = known.dataset AND state = 'done' AND job NOT LIKE '%-audit'
                   ORDER BY finished_at DESC LIMIT 1) AS last ON true
-- What failed since, or waits to be tried again.
LEFT JOIN LATERAL (SELECT * FROM slot WHERE slot.dataset = known.dataset AND reason IS NOT NULL AND state IN ('queued', 'parked', 'running')
                       AND (last.finished_at IS NULL OR coalesce(slot.started_at, slot.slot_at) > last.finished_at)
                   ORDER BY slot_at DESC LIMIT 1) AS trouble ON true
ORDER BY known.dataset
