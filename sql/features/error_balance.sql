-- error_balance: of those who were silent for one number of days one horizon ago, how many bought within it.
-- Key: silent_days. The horizon is [attrition] horizon_days; it begins at t0 = as_of - horizon_days.
-- Left out: customers whose first order came after t0.
-- Units: days since the last purchase day before t0 (spec/definitions.md 3.5, part 3). With a window of D days, buyers who
-- had been silent for longer would have been called lost, and the others who did not buy would have been called active.
-- window_days is the shortest window, in steps of [attrition] window_step_days, that holds the row.
WITH before AS (
    SELECT
        d.customer_id AS customer_id,
        MAX(CASE WHEN d.day < p.as_of_day - p.horizon_days THEN d.day END) AS last_day,
        MAX(CASE WHEN d.day >= p.as_of_day - p.horizon_days THEN 1 ELSE 0 END) AS bought
    FROM customer_days AS d
    CROSS JOIN run_params AS p
    WHERE d.orders > 0
    GROUP BY d.customer_id
),
silent AS (
    SELECT
        p.as_of_day - p.horizon_days - b.last_day AS silent_days,
        CAST(SUM(b.bought) AS BIGINT) AS buyers,
        CAST(COUNT(*) AS BIGINT) - CAST(SUM(b.bought) AS BIGINT) AS others
    FROM before AS b
    CROSS JOIN run_params AS p
    WHERE b.last_day IS NOT NULL
    GROUP BY p.as_of_day - p.horizon_days - b.last_day
)
SELECT
    CAST(s.silent_days AS INTEGER) AS silent_days,
    CAST(
        s.silent_days + p.window_step_days - 1 - (s.silent_days + p.window_step_days - 1) % p.window_step_days AS INTEGER
    ) AS window_days,
    s.buyers AS buyers,
    s.others AS others,
    CAST(SUM(s.buyers) OVER (ORDER BY s.silent_days ROWS UNBOUNDED PRECEDING) AS BIGINT) AS buyers_so_far,
    CAST(SUM(s.others) OVER (ORDER BY s.silent_days ROWS UNBOUNDED PRECEDING) AS BIGINT) AS others_so_far,
    CAST(SUM(s.buyers) OVER () AS BIGINT) AS buyers_in_all,
    CAST(SUM(s.others) OVER () AS BIGINT) AS others_in_all
FROM silent AS s
CROSS JOIN run_params AS p
