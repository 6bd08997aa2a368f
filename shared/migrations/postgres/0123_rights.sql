-- Where each program has a role of its own: what neither may do though both may do most. The portal adds to the audit and never changes
-- it; workers grant nobody anything and have no business in the audit. A function, for it is wanted again after a restore, which gives
-- both all rights on all tables (manifests/base/postgres/grants.sql).
CREATE FUNCTION narrow_rights() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal') THEN
        REVOKE ALL ON audit_event, current_grant, live_look, reconciliation, misfit FROM portal;
        GRANT SELECT, INSERT ON audit_event TO portal;
        GRANT SELECT ON current_grant, live_look, reconciliation TO portal;
        GRANT SELECT, DELETE ON misfit TO portal;
        GRANT EXECUTE ON FUNCTION audit_forget TO portal;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'workers') THEN
        REVOKE ALL ON audit_event, dealer_grant, current_grant, may_look, look, live_look FROM workers;
        GRANT SELECT ON current_grant TO workers;
    END IF;
END $$;
SELECT narrow_rights();
