-- The version of the last message of rows that was recorded to be sent: markers carry it, and whoever keeps answers knows by it
-- whether a pass has brought anything. 0: none since a release before this one.
ALTER TABLE progress ADD COLUMN rows_version bigint NOT NULL DEFAULT 0;
