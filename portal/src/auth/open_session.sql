-- A session of ten hours at most. Keycloak is asked again a minute before the claims ($8 seconds) grow old.
INSERT INTO session (id_hash, subject, name, role, claimed_dealers, provider_session, tokens, ends_at, refresh_after, claims_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, now() + interval '10 hours',
        now() + make_interval(secs => greatest($8::float8 - 60, $8 / 2)), now() + make_interval(secs => $8))
