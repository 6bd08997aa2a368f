-- How fresh is each dataset? As of the oldest of its partitions' last markers; null until every partition has one.
-- Nothing of any dealer, hence no parameter.
CREATE OR REPLACE VIEW report.freshness DEFINER = owner SQL SECURITY DEFINER AS
SELECT
    dataset,
    if(uniqExact(partition) >= argMax(partitions, pass), min(read_at), NULL) AS as_of,
    argMax(interval_s, pass) AS interval_s
FROM dw.pass FINAL
GROUP BY dataset
