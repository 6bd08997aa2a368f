-- What these dealers bought and gave back, without the names of anything: half of what a short question costs is that
-- ClickHouse plans the joins of report.sale. Whoever needs a name of every row reads that view, whoever adds up reads this.
CREATE OR REPLACE VIEW report.sale_line DEFINER = owner SQL SECURITY DEFINER AS
SELECT sold_on, product_id, currency_id, quantity, revenue, revenue - vat AS revenue_net, discount
FROM dw.sale FINAL
WHERE dealer_id IN {dealers:Array(UUID)}
