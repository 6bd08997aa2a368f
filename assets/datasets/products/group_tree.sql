-- The folder tree of products: each group with its ancestors, from itself up to the top, so that has(ancestors, x)
-- means "in x or below it". A tree deeper than 16, or one that bites its tail, is cut there. Read by definer views only.
-- Climbed level by level: with the whole tree as one value at hand, ClickHouse planned 3 000 groups for 0.75 s.
CREATE OR REPLACE VIEW dw.group_tree SQL SECURITY INVOKER AS
WITH RECURSIVE
    folder AS (SELECT product_id, parent_id, name FROM dw.product FINAL WHERE is_group),
    climb AS
    (
        SELECT product_id AS group_id, parent_id AS above, [product_id] AS ancestors, [name] AS path
        FROM folder
        UNION ALL
        SELECT
            climb.group_id,
            folder.parent_id,
            arrayPushBack(climb.ancestors, folder.product_id),
            arrayPushFront(climb.path, folder.name)
        FROM climb
        INNER JOIN folder ON folder.product_id = climb.above
        WHERE length(climb.ancestors) < 16
    )
SELECT group_id, path[-1] AS group_name, ancestors, path
FROM climb
WHERE length(ancestors) = 16 OR above NOT IN (SELECT product_id FROM folder)
