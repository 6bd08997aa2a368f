-- Who gets the deliveries of this owner, and what became of the last mail to each?
SELECT r.delivery, r.subject, p.name AS "name?", r.unsubscribed_at IS NOT NULL AS "is_unsubscribed!",
       r.stopped_at IS NOT NULL AS "is_stopped!", m.state AS "state?: Mailed", m.reason AS "reason?", m.finished_at AS "finished_at?"
FROM delivery d
JOIN delivery_recipient r ON r.delivery = d.id
LEFT JOIN person p ON p.subject = r.subject
LEFT JOIN LATERAL (
    SELECT state, reason, finished_at FROM delivery_mail
    WHERE delivery_mail.delivery = r.delivery AND delivery_mail.subject = r.subject
    ORDER BY due_at DESC LIMIT 1) m ON true
WHERE d.owner = $1
ORDER BY r.delivery, p.name NULLS LAST, r.subject
