-- title: Noise in reasoning traces
-- description: For each dataset and strategy: how many traces were checked, in how many something was found, and of what kind.
--   A trace in which nothing was found is not known to be right: `not_checked` counts those of which no step could be checked.
SELECT
    dataset,
    coalesce(strategy, '(none)') AS strategy,
    count(trace_kind) AS checked,
    round(count(*) FILTER (harm > 1) / nullif(count(trace_kind), 0), 3) AS noisy_share,
    count(*) FILTER (trace_kind = 'dynamic') AS dynamic,
    count(*) FILTER (trace_kind = 'semantic') AS semantic,
    count(*) FILTER (trace_kind IN ('static', 'static-deletion')) AS static,
    count(*) FILTER (trace_kind = 'structural') AS structural,
    count(*) FILTER (trace_kind = 'not-checked') AS not_checked
FROM samples_now
GROUP BY ALL
HAVING count(trace_kind) > 0
ORDER BY noisy_share DESC, checked DESC;
