-- What are the products called that these dealers bought?
SELECT product_id, product_name AS product, product_code AS code, product_article AS article, product_unit AS unit
FROM report.product(dealers = {dealers:Array(UUID)})
