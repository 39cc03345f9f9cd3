-- shrink_counts: how many customers have one pair of purchase-day counts in the two windows.
-- Key: days_now, days_prev, exposure_days. Left out: customers whose windows cannot be compared, and those with fewer
-- purchase days in both than [attrition] min_purchase_days, of whom no count could say anything: their sum does not
-- depend on which window the days fell into, so leaving them out does not bend the test.
SELECT
    w.days_now AS days_now,
    w.days_prev AS days_prev,
    w.exposure_days AS exposure_days,
    CAST(COUNT(*) AS BIGINT) AS customers
FROM shrink_windows AS w
CROSS JOIN run_params AS p
WHERE w.status = 'ok' AND w.days_now + w.days_prev >= p.min_purchase_days
GROUP BY w.days_now, w.days_prev, w.exposure_days
