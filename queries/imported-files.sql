-- title: Imported files
-- description: Every file that was read, the shape it was read as, and how much of it stands in the store now. `refused` rows are
--   those that could not be read; the import report names their lines.
SELECT f.id AS source_id, f.path, f.shape, f.rows, f.refused, count(s.id) AS samples, count(s.id) FILTER (s.verdict = 'accept') AS accepted
FROM sources AS f
LEFT JOIN samples_now AS s ON s.source_id = f.id
GROUP BY f.id, f.path, f.shape, f.rows, f.refused
ORDER BY f.id;
