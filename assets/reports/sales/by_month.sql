-- How much did these dealers buy in each month of the period and of the days it is compared with, and in which currency?
SELECT
    is_before,
    toStartOfMonth(sold_on) AS month,
    sum(revenue) AS value,
    currency_id
FROM report.sale(dealers = {dealers:Array(UUID)})
ARRAY JOIN arrayFilter(
    side -> if(side = 0,
        sold_on BETWEEN {first_day:Date32} AND {last_day:Date32},
        sold_on BETWEEN {first_day_before:Date32} AND {last_day_before:Date32}),
    [0, 1]) AS is_before
WHERE (sold_on BETWEEN {first_day:Date32} AND {last_day:Date32}
    OR sold_on BETWEEN {first_day_before:Date32} AND {last_day_before:Date32})
  AND ({group:Nullable(UUID)} IS NULL
    OR product_group_id IN (SELECT group_id FROM report.group_tree WHERE has(ancestors, {group:Nullable(UUID)})))
  AND (empty({search:Array(String)})
    OR arrayAll(word -> position(product_folded, word) > 0, {search:Array(String)}))
GROUP BY is_before, month, currency_id
