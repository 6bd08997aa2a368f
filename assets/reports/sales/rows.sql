-- What did these dealers buy, product by product and currency by currency, in the period and in the days it is compared
-- with? Read at once: a day may lie in both, and counts for each.
SELECT
    product_id,
    currency_id,
    is_before,
    any(s.currency_code) AS currency_code,
    any(s.currency_name) AS currency_name,
    any(product_name) AS product,
    any(product_code) AS code,
    any(product_article) AS article,
    any(product_unit) AS unit,
    sum(s.quantity) AS quantity,
    sum(s.revenue) AS revenue,
    sum(s.revenue_net) AS revenue_net,
    sum(s.discount) AS discount,
    sum(s.revenue + s.discount) AS list_price
FROM report.sale(dealers = {dealers:Array(UUID)}) AS s
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
GROUP BY product_id, currency_id, is_before
