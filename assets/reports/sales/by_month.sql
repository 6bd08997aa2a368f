-- How much did these dealers buy in each month of the period, and in which currency?
SELECT
    toStartOfMonth(sold_on) AS month,
    sum(revenue) AS value,
    currency_id
FROM report.sale(dealers = {dealers:Array(UUID)})
WHERE sold_on BETWEEN {first_day:Date32} AND {last_day:Date32}
  AND ({group:Nullable(UUID)} IS NULL
    OR product_group_id IN (SELECT group_id FROM report.group_tree WHERE has(ancestors, {group:Nullable(UUID)})))
  AND (empty({search:Array(String)})
    OR arrayAll(word -> position(product_folded, word) > 0, {search:Array(String)}))
GROUP BY month, currency_id
