-- The figures of rows.sql without a name in them, of the period and of the days compared at once, and the same of each
-- month: what is asked where nothing is chosen but days and an order by figures.
WITH
    sold_on BETWEEN {first_day:Date32} AND {last_day:Date32} AS is_now,
    sold_on BETWEEN {first_day_before:Date32} AND {last_day_before:Date32} AS is_before
SELECT
    product_id,
    currency_id,
    toStartOfMonth(sold_on) AS month,
    grouping(product_id) AS is_month,
    countIf(is_now) AS now_lines,
    countIf(is_before) AS before_lines,
    sumIf(quantity, is_now) AS now_quantity,
    sumIf(quantity, is_before) AS before_quantity,
    sumIf(revenue, is_now) AS now_revenue,
    sumIf(revenue, is_before) AS before_revenue,
    sumIf(revenue_net, is_now) AS now_revenue_net,
    sumIf(revenue_net, is_before) AS before_revenue_net,
    sumIf(discount, is_now) AS now_discount,
    sumIf(discount, is_before) AS before_discount,
    now_revenue + now_discount AS now_list_price,
    before_revenue + before_discount AS before_list_price
FROM report.sale_line(dealers = {dealers:Array(UUID)})
WHERE is_now OR is_before
GROUP BY GROUPING SETS ((product_id, currency_id), (month, currency_id))
