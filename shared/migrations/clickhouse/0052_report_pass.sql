-- Which passes have arrived, by dataset and partition: what the age of the data is reckoned from; and rows_version, by which an
-- answer that is kept knows that other rows have arrived. Nothing of any dealer, hence no parameter.
CREATE OR REPLACE VIEW report.pass DEFINER = owner SQL SECURITY DEFINER AS
SELECT dataset, partition, partitions, pass, read_at, interval_s, rows_version
FROM dw.pass FINAL
