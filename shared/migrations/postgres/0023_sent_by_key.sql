-- A key tells rows apart at its first comparison, a dataset's name is the same in nearly all of them: a first load writes and looks up
-- each document of the base here. Who asks for a dataset's days has sent_by_day.
ALTER TABLE sent
    DROP CONSTRAINT sent_pkey,
    ADD PRIMARY KEY (key, dataset, batch);
