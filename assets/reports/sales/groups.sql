-- Which product groups can these dealers narrow their sales to? A group above stands before those below it.
SELECT group_id AS value, arrayStringConcat(path, ' / ') AS label
FROM report.product_group(dealers = {dealers:Array(UUID)})
ORDER BY label COLLATE 'ru'
