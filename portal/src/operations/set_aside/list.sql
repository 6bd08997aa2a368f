-- What was set aside and why, the newest first: documents of 1C that did not fit, and messages that the loader could not read.
SELECT dataset AS "dataset!", key AS "key!", reason AS "reason!", at AS "at!", source AS "source!", raw IS NOT NULL AS "has_raw!"
FROM (
    SELECT dataset, key, reason, rejected_at AS at, '1c' AS source, raw FROM rejected
    UNION ALL
    SELECT dataset, key, reason, at, topic || '/' || partition || '/' || "offset", raw FROM misfit) AS letter
WHERE ($1::text = '' OR dataset = $1)
ORDER BY at DESC, key
LIMIT $2
