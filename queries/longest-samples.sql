-- title: Longest samples
-- description: The samples with the most tokens (approximate: words and signs), which a context window may cut.
-- param: n=50 how many
-- param: kind=% only seed or synthetic, or % for both
SELECT id, kind, dataset, strategy, verdict, tokens, steps, left(prompt, 120) AS prompt
FROM samples_now
WHERE tokens IS NOT NULL AND kind LIKE $kind
ORDER BY tokens DESC, id
LIMIT CAST($n AS BIGINT);
