-- What is older than the newest documents is compared in turns, from the newest day to the oldest and again: all of it from this day on
-- has had its turn. Null: the turn begins.
ALTER TABLE progress
    -- Of the window.
    ADD COLUMN turn_in_window date,
    -- Of what lies before the window.
    ADD COLUMN turn_before_window date;
