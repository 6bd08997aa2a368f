-- What did these dealers buy in the period, product by product and currency by currency?
SELECT
    product_id,
    currency_id,
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
WHERE sold_on BETWEEN {first_day:Date32} AND {last_day:Date32}
  AND ({group:Nullable(UUID)} IS NULL
    OR product_group_id IN (SELECT group_id FROM report.group_tree WHERE has(ancestors, {group:Nullable(UUID)})))
  AND (empty({search:Array(String)})
    OR arrayAll(word -> position(product_folded, word) > 0, {search:Array(String)}))
GROUP BY product_id, currency_id
