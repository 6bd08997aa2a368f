-- By what mapping and dataset each was read: `Mapping::shape`. What was read by another is read again. 0: a release before this one.
ALTER TABLE sent ADD COLUMN shape bigint NOT NULL DEFAULT 0;
ALTER TABLE rejected ADD COLUMN shape bigint NOT NULL DEFAULT 0;
-- Everything of the dataset was read by this one.
ALTER TABLE progress ADD COLUMN shape bigint NOT NULL DEFAULT 0;
