-- title: Largest families
-- description: Samples that descend from one seed, largest family first: its size, its depth, and how many of it are in the curated
--   set. One seed that feeds much of the set makes it less diverse than its size says.
-- param: n=50 how many families
SELECT
    l.root_id AS id,
    count(*) AS samples,
    max(l.depth) AS generations,
    count(*) FILTER (l.verdict = 'accept') AS accepted,
    list(DISTINCT l.strategy ORDER BY l.strategy) FILTER (l.strategy IS NOT NULL) AS strategies,
    left(any_value(s.prompt), 120) AS prompt
FROM lineage AS l
JOIN samples_now AS s ON s.id = l.root_id
GROUP BY l.root_id
HAVING count(*) > 1
ORDER BY samples DESC, id
LIMIT CAST($n AS BIGINT);
