-- Which migrations ClickHouse has, written by migrate once they have run: a program that may not read dw.migration learns
-- here whether the warehouse is as new as it needs.
CREATE TABLE warehouse_migration (
    name        text        PRIMARY KEY,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
