-- Who signs in: `owner` owns the portal's schema (migrate), `portal` and `workers` read and write rows, `keycloak` has a
-- database of its own.
DO $$
DECLARE wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['owner', 'portal', 'workers', 'keycloak'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      EXECUTE format('CREATE ROLE %I LOGIN', wanted);
    END IF;
  END LOOP;
END
$$;
