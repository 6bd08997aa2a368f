-- How much did these dealers buy in each month of the period, and in the same month a year before?
WITH sold_on BETWEEN {first_day:Date32} AND {last_day:Date32} AS is_now
SELECT
    toStartOfMonth(if(is_now, sold_on, addYears(sold_on, 1))) AS month,
    sumIf(revenue, is_now) AS this_year,
    sumIf(revenue, NOT is_now) AS year_before
FROM report.sale(dealers = {dealers:Array(UUID)})
WHERE (is_now OR sold_on BETWEEN {first_day_before:Date32} AND {last_day_before:Date32})
  AND ({group:Nullable(UUID)} IS NULL
    OR product_group_id IN (SELECT group_id FROM report.group_tree WHERE has(ancestors, {group:Nullable(UUID)})))
  AND ({search:String} = ''
    OR positionCaseInsensitiveUTF8(product_name, {search:String}) > 0
    OR positionCaseInsensitiveUTF8(product_code, {search:String}) > 0)
GROUP BY month
ORDER BY month
