-- Who is behind this cookie, if the session is still alive; which dealers are granted to him right now; and as whom he looks?
SELECT subject, name, role, claimed_dealers,
       ARRAY(SELECT dealer_id FROM current_grant WHERE current_grant.subject = session.subject) AS "granted_dealers!",
       refresh_after <= now() AS "is_refresh_due!",
       claims_until <= now() AS "are_claims_old!",
       -- Claims last five minutes: these are an hour old.
       claims_until <= now() - interval '55 minutes' AS "are_claims_void!",
       seen_at < now() - interval '1 minute' AS "is_touch_due!",
       EXISTS (SELECT FROM may_look WHERE may_look.subject = session.subject) AS "is_look_allowed!",
       (SELECT id FROM live_look WHERE live_look.session = session.id_hash) AS look_id,
       (SELECT dealer_id FROM live_look WHERE live_look.session = session.id_hash) AS look_dealer,
       (SELECT ends_at FROM live_look WHERE live_look.session = session.id_hash) AS look_until
FROM session
WHERE id_hash = $1
  AND revoked_at IS NULL
  AND seen_at > now() - interval '30 minutes'
  AND ends_at > now()
