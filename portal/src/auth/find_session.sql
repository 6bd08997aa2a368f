-- Who is behind this cookie, if the session is still alive, and which dealers are granted to him right now?
SELECT subject, name, role, claimed_dealers,
       ARRAY(SELECT dealer_id FROM dealer_grant WHERE dealer_grant.subject = session.subject) AS "granted_dealers!",
       refresh_after <= now() AS "is_refresh_due!",
       claims_until <= now() AS "are_claims_old!",
       -- Claims last five minutes: these are an hour old.
       claims_until <= now() - interval '55 minutes' AS "are_claims_void!",
       seen_at < now() - interval '1 minute' AS "is_touch_due!"
FROM session
WHERE id_hash = $1
  AND revoked_at IS NULL
  AND seen_at > now() - interval '30 minutes'
  AND ends_at > now()
