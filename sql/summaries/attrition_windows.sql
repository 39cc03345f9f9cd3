-- attrition_windows: one window of silence after which customers could be called lost, and how wrong that would have been.
-- Key: method, return_ppm. in_force marks the one that stands in for customers without a rhythm of their own.
-- Units: days. type_i is the share of those who did buy within the horizon up to as_of that the window would have called
-- lost at its beginning, type_ii of those who did not buy that it would have called active (spec/definitions.md 3.5).
WITH windows AS (
    SELECT
        'return_probability' AS method,
        t.return_ppm AS return_ppm,
        t.days AS days,
        CASE WHEN t.days = 0 THEN 'below_from_the_start' ELSE t.status END AS status
    FROM return_thresholds AS t
    CROSS JOIN run_params AS p
    WHERE t.stratum = 'all' AND t.horizon_days = p.horizon_days AND t.is_window
    UNION ALL
    SELECT
        'error_balanced' AS method,
        CAST(0 AS INTEGER) AS return_ppm,
        error_days AS days,
        CASE WHEN error_days IS NULL THEN 'insufficient_data' ELSE 'ok' END AS status
    FROM silence_windows
    UNION ALL
    SELECT 'fixed' AS method, CAST(0 AS INTEGER) AS return_ppm, fixed_days AS days, 'ok' AS status FROM silence_windows
),
judged AS (
    SELECT
        w.method AS method,
        w.return_ppm AS return_ppm,
        CAST(SUM(CASE WHEN e.silent_days > w.days THEN e.buyers ELSE 0 END) AS BIGINT) AS false_alarms,
        CAST(SUM(CASE WHEN e.silent_days <= w.days THEN e.others ELSE 0 END) AS BIGINT) AS missed,
        CAST(SUM(e.buyers) AS BIGINT) AS buyers,
        CAST(SUM(e.others) AS BIGINT) AS others
    FROM windows AS w
    CROSS JOIN error_balance AS e
    WHERE w.days IS NOT NULL
    GROUP BY w.method, w.return_ppm
)
SELECT
    w.method AS method,
    CAST(w.return_ppm AS INTEGER) AS return_ppm,
    p.horizon_days AS horizon_days,
    CAST(w.days AS INTEGER) AS days,
    w.status AS status,
    CASE WHEN j.buyers > 0 THEN CAST(j.false_alarms AS DOUBLE) / CAST(j.buyers AS DOUBLE) END AS type_i,
    CASE WHEN j.others > 0 THEN CAST(j.missed AS DOUBLE) / CAST(j.others AS DOUBLE) END AS type_ii,
    COALESCE(j.buyers, 0) AS buyers,
    COALESCE(j.others, 0) AS others,
    w.method = s.pool_source AND (w.method <> 'return_probability' OR w.return_ppm = p.pool_return_ppm) AS in_force
FROM windows AS w
CROSS JOIN silence_windows AS s
CROSS JOIN run_params AS p
LEFT JOIN judged AS j ON w.method = j.method AND w.return_ppm = j.return_ppm
