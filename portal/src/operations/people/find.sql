-- Who has been here or is granted something: by a word of the name, by a dealer whose rows he sees, of these dealers alone.
SELECT known.subject AS "subject!", coalesce(person.name, '') AS "name!", coalesce(person.role, 'none') AS "role!",
       person.signed_in_at AS "signed_in_at?", coalesce(seen.claimed, '{}') AS "claimed!", coalesce(seen.granted, '{}') AS "granted!",
       EXISTS (SELECT FROM may_look WHERE may_look.subject = known.subject) AS "is_look_allowed!"
FROM (SELECT subject FROM person UNION SELECT subject FROM dealer_grant) AS known
LEFT JOIN person ON person.subject = known.subject
CROSS JOIN LATERAL (
    SELECT CASE WHEN person.role = 'dealer' THEN coalesce(person.claimed_dealers, '{}') ELSE '{}' END AS claimed,
           ARRAY(SELECT dealer_id FROM current_grant WHERE current_grant.subject = known.subject) AS granted) AS seen
WHERE ($1::text IS NULL OR known.subject = $1)
  AND ($2::text = '' OR position(lower($2) IN lower(coalesce(person.name, ''))) > 0)
  AND ($3::uuid IS NULL OR $3 = ANY(seen.claimed || seen.granted))
  AND ($4::uuid[] IS NULL OR (seen.claimed || seen.granted) && $4)
ORDER BY person.name NULLS LAST, known.subject
LIMIT $5
