-- Which mail is next? Not one of a delivery that is paused, nor to one who wants none or gets none. It becomes ours.
UPDATE delivery_mail AS mail SET state = 'sending', attempt = attempt + 1, fence = nextval('job_fence'),
    lease_until = now() + make_interval(secs => $1)
FROM delivery AS d, delivery_recipient AS r
WHERE mail.id = (
    SELECT m.id FROM delivery_mail m
    JOIN delivery_recipient mr ON mr.delivery = m.delivery AND mr.subject = m.subject
    JOIN delivery md ON md.id = m.delivery
    WHERE (m.state = 'queued' AND m.not_before <= now() OR m.state = 'sending' AND m.lease_until < now())
      AND m.due_at > now() - interval '1 day' AND NOT md.is_paused AND mr.unsubscribed_at IS NULL AND mr.stopped_at IS NULL
    ORDER BY m.due_at, m.not_before LIMIT 1 FOR UPDATE OF m SKIP LOCKED)
  AND d.id = mail.delivery AND r.delivery = mail.delivery AND r.subject = mail.subject
RETURNING mail.id, mail.delivery, mail.subject, mail.due_at, mail.attempt, mail.fence AS "fence!", mail.export, d.title, d.report, d.query,
          d.format, d.rhythm, d.at_time, d.timezone, d.threshold AS "threshold: Json<Threshold>", r.is_alarmed
