-- title: Yield of each strategy
-- description: For each way of making synthetic samples: how many there are, how many were kept, and how long they are.
--   A strategy with few decided samples says little; raise `at_least` to leave those out.
-- param: at_least=1 the fewest decided samples a strategy needs to be listed
SELECT
    coalesce(strategy, '(none)') AS strategy,
    count(*) AS samples,
    count(*) FILTER (verdict <> 'undecided') AS decided,
    count(*) FILTER (verdict = 'accept') AS accepted,
    round(count(*) FILTER (verdict = 'accept') / nullif(count(*) FILTER (verdict <> 'undecided'), 0), 3) AS accepted_share,
    round(avg(tokens), 1) AS mean_tokens,
    round(avg(nullif(steps, 0)), 1) AS mean_steps
FROM samples_now
WHERE kind = 'synthetic'
GROUP BY ALL
HAVING count(*) FILTER (verdict <> 'undecided') >= CAST($at_least AS BIGINT)
ORDER BY accepted_share DESC NULLS LAST, samples DESC;
