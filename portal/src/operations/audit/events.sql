-- What happened, the newest first: of this kind, by or about this person, about this dealer, on these days; before this event.
SELECT id, at, event, actor, actor_name, look IS NOT NULL AS "is_look!", dealers, about,
       CASE WHEN event IN ('granted', 'grant-taken', 'look-allowed', 'look-forbidden') THEN (SELECT name FROM person WHERE person.subject = about) END AS about_name,
       detail, session, host(address) AS address
FROM audit_event
WHERE ($1::text IS NULL OR event = $1)
  AND ($2::text = '' OR actor = $2 OR about = $2 OR position(lower($2) IN lower(coalesce(actor_name, ''))) > 0)
  AND ($3::uuid IS NULL OR $3 = ANY(dealers))
  AND ($4::timestamptz IS NULL OR at >= $4)
  AND ($5::timestamptz IS NULL OR at < $5)
  AND ($6::bigint IS NULL OR id < $6)
ORDER BY id DESC
LIMIT $7
