-- What is made behind the pages, the newest first: whose, how far, how long it took, how large it is?
SELECT job.id, job.kind, job.subject,
       coalesce((SELECT name FROM person WHERE person.subject = job.subject), (SELECT name FROM program WHERE program.subject = job.subject),
                job.subject) AS "who!",
       EXISTS (SELECT FROM program WHERE program.subject = job.subject)
           AND NOT EXISTS (SELECT FROM person WHERE person.subject = job.subject) AS "is_program!", job.dealers, job.request ->> 'report' AS "report!",
       job.request ->> 'format' AS "format!", job.state, job.percent, job.attempt, job.written, job.file_bytes, job.reason,
       job.created_at, job.finished_at,
       extract(epoch FROM coalesce(job.finished_at, CASE WHEN job.state = 'running' THEN now() END) - job.started_at)::float8 AS took_s
FROM job
ORDER BY (job.state IN ('queued', 'running')) DESC, job.created_at DESC
LIMIT $1
