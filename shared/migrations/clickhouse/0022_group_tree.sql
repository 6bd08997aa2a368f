-- The folder tree of products: each group with its ancestors, from itself up to the top, so that has(ancestors, x)
-- means "in x or below it". A tree deeper than 16, or one that bites its tail, is cut there. Read by definer views only.
CREATE OR REPLACE VIEW dw.group_tree SQL SECURITY INVOKER AS
WITH
    (
        SELECT CAST((groupArray(product_id), groupArray(parent_id)), 'Map(UUID, UUID)')
        FROM dw.product FINAL
        WHERE is_group
    ) AS parents
SELECT
    product_id AS group_id,
    name AS group_name,
    arrayFold(
        (path, step) -> if(mapContains(parents, parents[path[-1]]), arrayPushBack(path, parents[path[-1]]), path),
        range(15),
        [product_id]) AS ancestors
FROM dw.product FINAL
WHERE is_group
