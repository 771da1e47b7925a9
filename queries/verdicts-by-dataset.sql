-- title: Verdicts by dataset
-- description: How far each dataset has been looked through, and how much of what was decided was kept.
--   `accepted_share` is the share of the decided, not of all.
SELECT
    dataset,
    kind,
    count(*) AS samples,
    count(*) FILTER (verdict = 'accept') AS accepted,
    count(*) FILTER (verdict = 'reject') AS rejected,
    count(*) FILTER (verdict = 'undecided') AS undecided,
    round(count(*) FILTER (verdict = 'accept') / nullif(count(*) FILTER (verdict <> 'undecided'), 0), 3) AS accepted_share
FROM samples_now
GROUP BY dataset, kind
ORDER BY samples DESC, dataset, kind;
