-- Fresh claims ($5 seconds long) and tokens for a session that is still alive; one that was ended meanwhile stays ended.
UPDATE session
SET name = $2, claimed_dealers = $3, tokens = $4, refreshing_until = NULL,
    refresh_after = now() + make_interval(secs => greatest($5::float8 - 60, $5 / 2)),
    claims_until = now() + make_interval(secs => $5)
WHERE id_hash = $1 AND revoked_at IS NULL
