-- What programs that asked for files may see: a token is shown and gone, and no session keeps its claims.
CREATE TABLE program (
    subject         text PRIMARY KEY,               -- Keycloak's `sub`
    name            text NOT NULL,                  -- the client's
    role            text NOT NULL,
    claimed_dealers uuid[] NOT NULL,                -- of the youngest token that asked for a file
    claims_until    timestamptz NOT NULL            -- as of a session
);

-- As before (0123_rights.sql); besides, the portal only looks at what was compared with 1C, and workers do not say what a program may
-- see.
CREATE OR REPLACE FUNCTION narrow_rights() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal') THEN
        REVOKE ALL ON audit_event, current_grant, live_look, reconciliation, source_reconciliation, misfit FROM portal;
        GRANT SELECT, INSERT ON audit_event TO portal;
        GRANT SELECT ON current_grant, live_look, reconciliation, source_reconciliation TO portal;
        GRANT SELECT, DELETE ON misfit TO portal;
        GRANT EXECUTE ON FUNCTION audit_forget TO portal;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'workers') THEN
        REVOKE ALL ON audit_event, dealer_grant, current_grant, may_look, look, live_look FROM workers;
        REVOKE INSERT, UPDATE, DELETE ON program FROM workers;
        GRANT SELECT ON current_grant TO workers;
    END IF;
END $$;
SELECT narrow_rights();
