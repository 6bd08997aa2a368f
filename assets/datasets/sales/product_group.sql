-- The groups that hold what these dealers bought, and the groups above them, by name; path: names from the top down to the group.
CREATE OR REPLACE VIEW report.product_group DEFINER = owner SQL SECURITY DEFINER AS
SELECT group_id, group_name, ancestors, path
FROM dw.group_tree
WHERE group_id IN
(
    SELECT arrayJoin(ancestors)
    FROM dw.group_tree
    WHERE group_id IN
    (
        SELECT parent_id
        FROM dw.product FINAL
        WHERE product_id IN (SELECT product_id FROM dw.sale FINAL WHERE dealer_id IN {dealers:Array(UUID)})
    )
)
