-- contract_terms: one contract that has begun, the renewals it has come to, and whether it was lost at one of them.
-- Key: contract_id. Left out: contracts that begin at as_of or later.
-- Units: months are whole calendar months. A month is over on the same day of the month, or on the first of the next month
-- where there is no such day. Renewal n comes n terms after the start, and counts when its day is before as_of. A contract
-- that ends within term n, or on the day of renewal n, is lost at renewal n, so that it does not matter whether an export
-- gives the last day or the day after it. An end at as_of or later is not known yet.
WITH begun AS (
    SELECT
        c.contract_id,
        c.customer_id,
        c.plan,
        -- A term of a thousand years is never over.
        CAST(CASE WHEN c.term > 12000 THEN 12000 ELSE c.term END AS INTEGER) AS term_months,
        c.start_day,
        CASE WHEN c.end_day < p.as_of_day THEN c.end_day END AS end_day,
        CAST(CASE WHEN c.end_day < p.as_of_day AND c.end_day > c.start_day THEN c.end_day - 1 END AS INTEGER) AS last_day,
        CAST(p.as_of_day - 1 AS INTEGER) AS last_read_day,
        c.amount_e4
    FROM staged_contracts AS c
    CROSS JOIN run_params AS p
    WHERE c.start_day < p.as_of_day
),
days AS (
    SELECT start_day AS day FROM begun
    UNION ALL
    SELECT last_day AS day FROM begun WHERE last_day IS NOT NULL
    UNION ALL
    SELECT last_read_day AS day FROM begun
),
-- The calendar in whole numbers: years begin in March, so that a leap day is the last of its year. A cycle has 400 years.
cycles AS (
    SELECT day, CAST((day + 719468) % 146097 AS BIGINT) AS in_cycle, CAST(day + 719468 AS BIGINT) AS since_year_0
    FROM days
    GROUP BY day
),
years AS (
    SELECT
        day,
        in_cycle,
        -- Polars divides by a number by multiplying with its reciprocal, which here is a hair below; a quarter is above it
        -- whether a cast cuts or rounds.
        CAST((since_year_0 - in_cycle) / 146097 + 0.25 AS BIGINT) AS cycle,
        CAST(
            (
                in_cycle
                - CAST((in_cycle - in_cycle % 1460) / 1460 AS BIGINT)
                + CAST((in_cycle - in_cycle % 36524) / 36524 AS BIGINT)
                - CAST((in_cycle - in_cycle % 146096) / 146096 AS BIGINT)
            ) AS BIGINT
        ) AS days_of_365
    FROM cycles
),
year_days AS (
    SELECT day, in_cycle, cycle, CAST((days_of_365 - days_of_365 % 365) / 365 AS BIGINT) AS year_of_cycle
    FROM years
),
year_starts AS (
    SELECT
        day,
        CAST(400 * cycle + year_of_cycle AS BIGINT) AS year,
        CAST(
            in_cycle
            - 365 * year_of_cycle
            - CAST((year_of_cycle - year_of_cycle % 4) / 4 AS BIGINT)
            + CAST((year_of_cycle - year_of_cycle % 100) / 100 AS BIGINT) AS BIGINT
        ) AS day_of_year
    FROM year_days
),
months AS (
    SELECT
        day,
        year,
        day_of_year,
        CAST((5 * day_of_year + 2 - (5 * day_of_year + 2) % 153) / 153 AS BIGINT) AS month_of_year
    FROM year_starts
),
dates AS (
    SELECT
        day,
        CAST(12 * year + month_of_year AS BIGINT) AS month_no,
        CAST(
            day_of_year - CAST((153 * month_of_year + 2 - (153 * month_of_year + 2) % 5) / 5 AS BIGINT) AS BIGINT
        ) AS day_of_month
    FROM months
),
elapsed AS (
    SELECT
        b.contract_id AS contract_id,
        b.customer_id AS customer_id,
        b.plan AS plan,
        b.term_months AS term_months,
        b.start_day AS start_day,
        b.end_day AS end_day,
        b.amount_e4 AS amount_e4,
        s.month_no AS start_month_no,
        s.day_of_month AS start_day_of_month,
        CAST(
            n.month_no - s.month_no - CASE WHEN n.day_of_month < s.day_of_month THEN 1 ELSE 0 END AS BIGINT
        ) AS months_read,
        CAST(
            CASE
                WHEN b.end_day IS NULL THEN NULL
                -- Ended on the day on which it began.
                WHEN b.last_day IS NULL THEN 0
                ELSE l.month_no - s.month_no - CASE WHEN l.day_of_month < s.day_of_month THEN 1 ELSE 0 END
            END AS BIGINT
        ) AS months_run
    FROM begun AS b
    JOIN dates AS s ON b.start_day = s.day
    JOIN dates AS n ON b.last_read_day = n.day
    LEFT JOIN dates AS l ON b.last_day = l.day
),
terms AS (
    SELECT
        contract_id,
        customer_id,
        plan,
        term_months,
        start_day,
        end_day,
        amount_e4,
        start_month_no,
        start_day_of_month,
        CAST((months_read - months_read % term_months) / term_months AS BIGINT) AS renewals_due,
        CAST((months_run - months_run % term_months) / term_months + 1 AS BIGINT) AS term_of_end
    FROM elapsed
),
next_terms AS (
    SELECT
        contract_id,
        customer_id,
        plan,
        term_months,
        start_day,
        end_day,
        amount_e4,
        renewals_due,
        term_of_end,
        start_day_of_month,
        CAST(start_month_no + (renewals_due + 1) * term_months AS BIGINT) AS next_month_no
    FROM terms
),
next_months AS (
    -- The month of the next renewal, and the one after it: its first day is where there is no such day.
    SELECT contract_id, start_day_of_month AS days_in, next_month_no AS month_no FROM next_terms
    UNION ALL
    SELECT contract_id, 0 AS days_in, CAST(next_month_no + 1 AS BIGINT) AS month_no FROM next_terms
),
next_years AS (
    SELECT
        contract_id,
        days_in,
        CAST((month_no - month_no % 12) / 12 AS BIGINT) AS year,
        CAST(month_no % 12 AS BIGINT) AS month_of_year
    FROM next_months
),
next_days AS (
    SELECT
        contract_id,
        CAST(
            MIN(
                365 * year
                + CAST((year - year % 4) / 4 AS BIGINT)
                - CAST((year - year % 100) / 100 AS BIGINT)
                + CAST((year - year % 400) / 400 AS BIGINT)
                + CAST((153 * month_of_year + 2 - (153 * month_of_year + 2) % 5) / 5 AS BIGINT)
                + days_in
                - 719468
            ) AS INTEGER
        ) AS next_renewal_day
    FROM next_years
    GROUP BY contract_id
)
SELECT
    t.contract_id AS contract_id,
    t.customer_id AS customer_id,
    t.plan AS plan,
    t.term_months AS term_months,
    t.start_day AS start_day,
    t.end_day AS end_day,
    CASE WHEN t.end_day IS NULL THEN 'running' ELSE 'ended' END AS state,
    -- Renewals that it stood before: all that were due, or those up to the one at which it was lost.
    CASE WHEN t.term_of_end <= t.renewals_due THEN t.term_of_end ELSE t.renewals_due END AS renewals_met,
    COALESCE(t.term_of_end <= t.renewals_due, FALSE) AS is_lost,
    CASE WHEN t.term_of_end <= t.renewals_due THEN CAST(t.term_of_end - 1 AS BIGINT) ELSE t.renewals_due END AS renewals,
    CASE WHEN t.end_day IS NULL THEN n.next_renewal_day END AS next_renewal_day,
    t.amount_e4 AS amount_e4
FROM next_terms AS t
JOIN next_days AS n ON t.contract_id = n.contract_id
