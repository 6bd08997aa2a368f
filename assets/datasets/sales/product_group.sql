-- The groups that hold what these dealers bought, and the groups above them; path: names from the top down to the group.
-- The tree is unfolded once: a group above another is found on that other's own path.
CREATE OR REPLACE VIEW report.product_group DEFINER = owner SQL SECURITY DEFINER AS
SELECT DISTINCT found.1 AS group_id, found.2[-1] AS group_name, found.3 AS ancestors, found.2 AS path
FROM
(
    SELECT
        arrayJoin(arrayMap(
            (ancestor, place) -> (ancestor, arraySlice(path, 1, length(path) - place + 1), arraySlice(ancestors, place)),
            ancestors,
            arrayEnumerate(ancestors))) AS found
    FROM dw.group_tree
    WHERE group_id IN
    (
        SELECT parent_id
        FROM dw.product FINAL
        WHERE product_id IN (SELECT product_id FROM dw.sale FINAL WHERE dealer_id IN {dealers:Array(UUID)})
    )
)
