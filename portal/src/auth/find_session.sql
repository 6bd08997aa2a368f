-- Who is behind this cookie, if the session is still alive; which dealers are granted to him right now; and as whom he looks?
SELECT session.subject, session.name, session.role, session.claimed_dealers,
       ARRAY(SELECT dealer_id FROM current_grant WHERE current_grant.subject = session.subject) AS "granted_dealers!",
       session.refresh_after <= now() AS "is_refresh_due!",
       session.claims_until <= now() AS "are_claims_old!",
       -- Claims last five minutes: these are an hour old.
       session.claims_until <= now() - interval '55 minutes' AS "are_claims_void!",
       session.seen_at < now() - interval '1 minute' AS "is_touch_due!",
       EXISTS (SELECT FROM may_look WHERE may_look.subject = session.subject) AS "is_look_allowed!",
       look.id AS "look_id?", look.dealer_id AS "look_dealer?", look.ends_at AS "look_until?"
FROM session
LEFT JOIN look ON look.session = session.id_hash AND look.ended_at IS NULL AND look.ends_at > now()
WHERE session.id_hash = $1
  AND session.revoked_at IS NULL
  AND session.seen_at > now() - interval '30 minutes'
  AND session.ends_at > now()
