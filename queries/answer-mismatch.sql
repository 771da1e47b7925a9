-- title: Answers that differ from the reference
-- description: Samples whose final answer is not the known right one. Numbers are compared as numbers (1,200 and 1200.0 are
--   equal), everything else as text without case. Accepted ones come first: they are in what you would export.
-- param: verdict=% only samples with this verdict: accept, reject, undecided, or % for all
WITH compared AS (
    SELECT
        id, verdict, dataset, strategy, answer, reference, prompt,
        try_cast(regexp_replace(answer, '[,$€£%\s]', '', 'g') AS DOUBLE) AS answer_number,
        try_cast(regexp_replace(reference, '[,$€£%\s]', '', 'g') AS DOUBLE) AS reference_number
    FROM samples_now
    WHERE answer IS NOT NULL AND reference IS NOT NULL AND verdict::VARCHAR LIKE $verdict
)
SELECT id, verdict, dataset, strategy, answer, reference, left(prompt, 120) AS prompt
FROM compared
WHERE CASE
    WHEN answer_number IS NOT NULL AND reference_number IS NOT NULL THEN abs(answer_number - reference_number) > 1e-6
    ELSE lower(trim(answer)) <> lower(trim(reference))
END
ORDER BY verdict = 'accept' DESC, id;
