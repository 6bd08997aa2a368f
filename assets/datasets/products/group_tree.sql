-- The folder tree of products: each group with its ancestors, from itself up to the top, so that has(ancestors, x)
-- means "in x or below it". A tree deeper than 16, or one that bites its tail, is cut there. Read by definer views only.
CREATE OR REPLACE VIEW dw.group_tree SQL SECURITY INVOKER AS
WITH
    (
        SELECT CAST((groupArray(product_id), groupArray((parent_id, name))), 'Map(UUID, Tuple(parent UUID, name String))')
        FROM dw.product FINAL
        WHERE is_group
    ) AS folders
SELECT
    product_id AS group_id,
    name AS group_name,
    arrayFold(
        (path, step) -> if(mapContains(folders, folders[path[-1]].parent), arrayPushBack(path, folders[path[-1]].parent), path),
        range(15),
        [product_id]) AS ancestors,
    arrayMap(ancestor -> folders[ancestor].name, arrayReverse(ancestors)) AS path
FROM dw.product FINAL
WHERE is_group
