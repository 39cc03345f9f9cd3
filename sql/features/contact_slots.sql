-- contact_slots: what one customer's contacts on one channel say of one hour, weekday or part of the day.
-- Key: customer_id, channel, measure, slot. Left out: who has neither sign nor trial.
-- Units: weighed contacts in ten-thousandths: one of age a counts 2^(-a / half-life), as contact_weights has it, so that sums
-- are exact (spec/definitions.md 3.11). The measure channel has one slot, 0, which is all of the channel; its signs hold
-- messages that were opened too. Parts of the day: 1 is night (until 6), 2 morning (until 12), 3 afternoon (until 18), 4
-- evening.
WITH aged AS (
    SELECT
        s.customer_id AS customer_id,
        s.channel AS channel,
        s.weekday AS weekday,
        s.hour AS hour,
        s.signs AS signs,
        s.trials AS trials,
        s.reached AS reached,
        s.opened AS opened,
        s.sales AS sales,
        CAST(p.as_of_day - 1 - s.day AS INTEGER) AS age_days
    FROM contact_signals AS s
    CROSS JOIN run_params AS p
),
weighed AS (
    SELECT
        a.customer_id AS customer_id,
        a.channel AS channel,
        a.weekday AS weekday,
        a.hour AS hour,
        CAST(SUM(a.signs * w.weight_e4) AS BIGINT) AS signs_e4,
        CAST(SUM(a.trials * w.weight_e4) AS BIGINT) AS trials_e4,
        CAST(SUM(a.reached * w.weight_e4) AS BIGINT) AS reached_e4,
        CAST(SUM((a.signs + a.opened) * w.weight_e4) AS BIGINT) AS known_e4,
        CAST(SUM(a.sales * w.weight_e4) AS BIGINT) AS sales_e4
    FROM aged AS a
    JOIN contact_weights AS w ON a.age_days = w.age_days
    GROUP BY a.customer_id, a.channel, a.weekday, a.hour
),
hours AS (
    SELECT
        customer_id,
        channel,
        hour,
        CASE WHEN hour < 6 THEN 1 WHEN hour < 12 THEN 2 WHEN hour < 18 THEN 3 ELSE 4 END AS daypart,
        CAST(SUM(signs_e4) AS BIGINT) AS signs_e4,
        CAST(SUM(trials_e4) AS BIGINT) AS trials_e4,
        CAST(SUM(reached_e4) AS BIGINT) AS reached_e4,
        CAST(SUM(known_e4) AS BIGINT) AS known_e4,
        CAST(SUM(sales_e4) AS BIGINT) AS sales_e4
    FROM weighed
    GROUP BY customer_id, channel, hour
),
slots AS (
    SELECT customer_id, channel, 'hour' AS measure, hour AS slot, signs_e4, trials_e4, reached_e4, sales_e4 FROM hours
    UNION ALL
    SELECT customer_id, channel, 'daypart' AS measure, daypart AS slot, signs_e4, trials_e4, reached_e4, sales_e4
    FROM hours
    UNION ALL
    SELECT customer_id, channel, 'weekday' AS measure, weekday AS slot, signs_e4, trials_e4, reached_e4, sales_e4
    FROM weighed
    UNION ALL
    SELECT customer_id, channel, 'channel' AS measure, 0 AS slot, known_e4 AS signs_e4, trials_e4, reached_e4, sales_e4
    FROM hours
)
SELECT
    customer_id,
    channel,
    measure,
    CAST(slot AS INTEGER) AS slot,
    CAST(SUM(signs_e4) AS BIGINT) AS signs_e4,
    CAST(SUM(trials_e4) AS BIGINT) AS trials_e4,
    CAST(SUM(reached_e4) AS BIGINT) AS reached_e4,
    CAST(SUM(sales_e4) AS BIGINT) AS sales_e4
FROM slots
GROUP BY customer_id, channel, measure, slot
HAVING CAST(SUM(signs_e4 + trials_e4) AS BIGINT) > 0
