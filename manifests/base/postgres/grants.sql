-- In the database `portal`: who may do what with the tables that `owner` makes. No DDL for anyone else.
SET client_min_messages = warning;
REVOKE ALL ON DATABASE portal FROM PUBLIC;
GRANT CONNECT ON DATABASE portal TO portal, workers;
ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO portal, workers;
ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO portal, workers;
-- The extractor sets the number of the last pass, should the warehouse hold later ones.
ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA public GRANT UPDATE ON SEQUENCES TO workers;
-- What a restore brought:
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO portal, workers;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO portal, workers;
GRANT UPDATE ON ALL SEQUENCES IN SCHEMA public TO workers;
-- And what neither may do all the same (`narrow_rights` of shared/migrations/postgres), once it is there.
DO $$
BEGIN
  IF to_regproc('public.narrow_rights') IS NOT NULL THEN
    PERFORM public.narrow_rights();
  END IF;
END $$;
-- The list of migrations, made here as sqlx makes it, so that only `owner` ever writes it.
CREATE TABLE IF NOT EXISTS public._sqlx_migrations (
  version BIGINT PRIMARY KEY,
  description TEXT NOT NULL,
  installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
  success BOOLEAN NOT NULL,
  checksum BYTEA NOT NULL,
  execution_time BIGINT NOT NULL
);
ALTER TABLE public._sqlx_migrations OWNER TO owner;
REVOKE ALL ON public._sqlx_migrations FROM portal, workers;
GRANT SELECT ON public._sqlx_migrations TO portal, workers;
