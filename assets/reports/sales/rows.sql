-- What did these dealers buy in the period, product by product and currency by currency, and in the same days a year
-- before?
WITH
    sold_on BETWEEN {first_day:Date32} AND {last_day:Date32} AS is_now,
    sold_on BETWEEN {first_day_before:Date32} AND {last_day_before:Date32} AS is_before
SELECT
    product_id,
    currency_id,
    any(s.currency_code) AS currency_code,
    any(s.currency_name) AS currency_name,
    any(product_name) AS product,
    any(product_code) AS code,
    any(product_article) AS article,
    any(product_unit) AS unit,
    countIf(is_now) AS lines,
    countIf(is_before) AS lines_before,
    sumIf(s.quantity, is_now) AS quantity,
    sumIf(s.revenue, is_now) AS revenue,
    sumIf(s.revenue_net, is_now) AS revenue_net,
    sumIf(s.discount, is_now) AS discount,
    sumIf(s.revenue + s.discount, is_now) AS list_price,
    sumIf(s.quantity, is_before) AS quantity_before,
    sumIf(s.revenue, is_before) AS revenue_before,
    sumIf(s.revenue_net, is_before) AS revenue_net_before,
    sumIf(s.discount, is_before) AS discount_before,
    sumIf(s.revenue + s.discount, is_before) AS list_price_before
FROM report.sale(dealers = {dealers:Array(UUID)}) AS s
WHERE (is_now OR is_before)
  AND ({group:Nullable(UUID)} IS NULL
    OR product_group_id IN (SELECT group_id FROM report.group_tree WHERE has(ancestors, {group:Nullable(UUID)})))
  AND (empty({search:Array(String)})
    OR arrayAll(word -> position(product_folded, word) > 0, {search:Array(String)}))
GROUP BY product_id, currency_id
