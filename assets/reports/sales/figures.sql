-- The figures of rows.sql without a name in them, of the period and of the days compared at once, and the same of each
-- month: what is asked where nothing is chosen but days and an order by figures.
WITH
    sold_on BETWEEN {first_day:Date32} AND {last_day:Date32} AS of_period,
    sold_on BETWEEN {first_day_before:Date32} AND {last_day_before:Date32} AS of_days_before
SELECT
    product_id,
    currency_id,
    toStartOfMonth(sold_on) AS month,
    grouping(product_id) AS is_month,
    countIf(of_period) AS now_lines,
    countIf(of_days_before) AS before_lines,
    sumIf(quantity, of_period) AS now_quantity,
    sumIf(quantity, of_days_before) AS before_quantity,
    sumIf(revenue, of_period) AS now_revenue,
    sumIf(revenue, of_days_before) AS before_revenue,
    sumIf(revenue_net, of_period) AS now_revenue_net,
    sumIf(revenue_net, of_days_before) AS before_revenue_net,
    sumIf(discount, of_period) AS now_discount,
    sumIf(discount, of_days_before) AS before_discount
FROM report.sale_line(dealers = {dealers:Array(UUID)})
WHERE of_period OR of_days_before
GROUP BY GROUPING SETS ((product_id, currency_id), (month, currency_id))
