-- title: Tags and what became of them
-- description: Every tag in use, with the verdicts of the samples that carry it.
SELECT
    tag,
    count(*) AS samples,
    count(*) FILTER (verdict = 'accept') AS accepted,
    count(*) FILTER (verdict = 'reject') AS rejected,
    count(*) FILTER (verdict = 'undecided') AS undecided
FROM (SELECT unnest(tags) AS tag, verdict FROM samples_now)
GROUP BY tag
ORDER BY samples DESC, tag;
