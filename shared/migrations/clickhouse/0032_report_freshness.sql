-- How fresh is each dataset? As of the oldest of the last markers in the partitions of its newest pass: a topic that was
-- made anew with fewer has markers in partitions that are no more. Null until every partition has one. Nothing of any
-- dealer, hence no parameter.
CREATE OR REPLACE VIEW report.freshness DEFINER = owner SQL SECURITY DEFINER AS
SELECT
    dataset,
    if(uniqExact(p.partition) >= any(newest.partitions), min(p.read_at), NULL) AS as_of,
    any(newest.interval_s) AS interval_s
FROM dw.pass AS p FINAL
INNER JOIN
(
    SELECT dataset, argMax(partitions, pass) AS partitions, argMax(interval_s, pass) AS interval_s
    FROM dw.pass FINAL
    GROUP BY dataset
) AS newest USING dataset
WHERE p.partition < newest.partitions
GROUP BY dataset
