-- title: Prompts that occur more than once
-- description: Groups of samples whose prompts are the same once case, punctuation and spacing are ignored. Several answers to
--   one prompt may be wanted; several accepted ones weigh that prompt more in training.
-- param: at_least=2 the smallest group to list
SELECT
    count(*) AS samples,
    count(*) FILTER (verdict = 'accept') AS accepted,
    count(DISTINCT response) AS different_responses,
    min(id) AS id,
    list(id ORDER BY id) AS ids,
    left(any_value(prompt), 120) AS prompt
FROM samples_now
GROUP BY trim(regexp_replace(lower(prompt), '[^\p{L}\p{N}]+', ' ', 'g'))
HAVING count(*) >= CAST($at_least AS BIGINT)
ORDER BY samples DESC, id;
