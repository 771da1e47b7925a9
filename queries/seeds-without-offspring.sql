-- title: Seeds that nothing kept came from
-- description: Seeds none of whose descendants was accepted: where to augment next, or what a strategy cannot do.
--   Raise `tried` to see only seeds for which something was made and not kept.
-- param: tried=0 the fewest descendants a listed seed has
SELECT
    s.id,
    s.dataset,
    s.verdict,
    count(l.id) AS descendants,
    count(l.id) FILTER (l.verdict = 'reject') AS rejected,
    left(s.prompt, 120) AS prompt
FROM samples_now AS s
LEFT JOIN lineage AS l ON l.root_id = s.id AND l.id <> s.id
WHERE s.kind = 'seed' AND s.parent_id IS NULL
GROUP BY s.id, s.dataset, s.verdict, s.prompt
HAVING count(l.id) FILTER (l.verdict = 'accept') = 0 AND count(l.id) >= CAST($tried AS BIGINT)
ORDER BY descendants DESC, s.id;
