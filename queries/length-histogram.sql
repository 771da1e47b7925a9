-- title: Length of the curated set beside everything
-- description: A histogram of tokens: how the accepted samples are spread against all of them. A curated set that is shorter
--   than its source has lost its hard cases.
-- param: width=100 tokens in a bar
WITH bars AS (
    SELECT tokens // CAST($width AS BIGINT) * CAST($width AS BIGINT) AS tokens_from, verdict
    FROM samples_now
    WHERE tokens IS NOT NULL
)
SELECT
    tokens_from,
    count(*) AS samples,
    count(*) FILTER (verdict = 'accept') AS accepted,
    round(count(*) / sum(count(*)) OVER (), 4) AS share_of_all,
    round(count(*) FILTER (verdict = 'accept') / nullif(sum(count(*) FILTER (verdict = 'accept')) OVER (), 0), 4) AS share_of_accepted
FROM bars
GROUP BY tokens_from
ORDER BY tokens_from;
