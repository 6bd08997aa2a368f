-- How much did these dealers buy in each month, of the period and of the same days a year before, in which currency? A
-- month may lie in both.
WITH
    sold_on BETWEEN {first_day:Date32} AND {last_day:Date32} AS is_now,
    sold_on BETWEEN {first_day_before:Date32} AND {last_day_before:Date32} AS is_before
SELECT
    toStartOfMonth(sold_on) AS month,
    sumIf(revenue, is_now) AS this_period,
    sumIf(revenue, is_before) AS year_before,
    currency_id
FROM report.sale(dealers = {dealers:Array(UUID)})
WHERE (is_now OR is_before)
  AND ({group:Nullable(UUID)} IS NULL
    OR product_group_id IN (SELECT group_id FROM report.group_tree WHERE has(ancestors, {group:Nullable(UUID)})))
  AND (empty({search:Array(String)})
    OR arrayAll(word -> position(product_folded, word) > 0, {search:Array(String)}))
GROUP BY month, currency_id
ORDER BY month
