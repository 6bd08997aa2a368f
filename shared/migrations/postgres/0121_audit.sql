-- Who signed in, was refused, saw, exported, granted, looked as whom. Only added to: nothing here is ever changed, and nothing younger
-- than half a year is ever removed, whoever asks. The technical log names no person; this names them, and no search word, token or row.
CREATE TABLE audit_event (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT now(),
    event       text        NOT NULL,                   -- a code of `portal::audit::Event`
    actor       text,                                   -- Keycloak's `sub` of whoever sat at the keyboard; null: nobody knows
    actor_name  text,                                   -- as this person was called then
    look        uuid,                                   -- the look as a dealer that it happened in
    dealers     uuid[]      NOT NULL DEFAULT '{}',      -- whose rows it was about
    about       text        NOT NULL DEFAULT '',        -- the report, the dataset, the route, the other person
    detail      text        NOT NULL DEFAULT '',        -- what else is worth knowing, for people
    session     text,                                   -- the first letters of the session's hash
    address     inet
);
CREATE INDEX audit_event_by_time ON audit_event (at DESC, id DESC);
CREATE INDEX audit_event_by_actor ON audit_event (actor, at DESC);

CREATE FUNCTION audit_event_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '183 days' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'audit_event is only added to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_event_stays BEFORE UPDATE OR DELETE ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_event_stays();
CREATE TRIGGER audit_event_is_not_emptied BEFORE TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_event_stays();

-- Removes what is older than so many days, as its owner: programs may not delete at all.
CREATE FUNCTION audit_forget(keep_days int) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE gone bigint;
BEGIN
    DELETE FROM audit_event WHERE at < now() - make_interval(days => greatest(keep_days, 184));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;
REVOKE ALL ON FUNCTION audit_forget FROM PUBLIC;
