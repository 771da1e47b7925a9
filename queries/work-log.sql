-- title: What was done, day by day
-- description: Operations that still stand (not undone), by day and kind, with the rows they touched.
-- param: days=30 how many days back
SELECT done_at::DATE AS day, kind, count(*) AS operations, sum(rows)::BIGINT AS rows
FROM operations
WHERE undone_by IS NULL AND done_at::DATE > current_date - CAST($days AS INTEGER)
GROUP BY ALL
ORDER BY day DESC, rows DESC;
