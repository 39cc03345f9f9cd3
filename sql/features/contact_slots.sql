-- contact_slots: what one customer's contacts on one channel say of one hour, weekday or part of the day.
-- Key: customer_id, channel, measure, slot. Left out: who has neither sign nor trial.
-- Units: weighed contacts in ten-thousandths. The measure channel has one slot, 0, which is all of the channel; its signs hold
-- messages that were opened too. Parts of the day: 1 is night (until 6), 2 morning (until 12), 3 afternoon (until 18), 4
-- evening. What has no known hour counts for channel and weekday only.
WITH hours AS (
    SELECT
        customer_id,
        channel,
        hour,
        CASE WHEN hour < 6 THEN 1 WHEN hour < 12 THEN 2 WHEN hour < 18 THEN 3 ELSE 4 END AS daypart,
        CAST(SUM(signs_e4) AS BIGINT) AS signs_e4,
        CAST(SUM(trials_e4) AS BIGINT) AS trials_e4,
        CAST(SUM(reached_e4) AS BIGINT) AS reached_e4,
        CAST(SUM(signs_e4 + opened_e4) AS BIGINT) AS known_e4,
        CAST(SUM(sales_e4) AS BIGINT) AS sales_e4
    FROM contact_signals
    GROUP BY customer_id, channel, hour
)
SELECT customer_id, channel, 'hour' AS measure, hour AS slot, signs_e4, trials_e4, reached_e4, sales_e4
FROM hours
WHERE hour >= 0 AND signs_e4 + trials_e4 > 0
UNION ALL
SELECT
    customer_id,
    channel,
    'daypart' AS measure,
    CAST(daypart AS INTEGER) AS slot,
    CAST(SUM(signs_e4) AS BIGINT) AS signs_e4,
    CAST(SUM(trials_e4) AS BIGINT) AS trials_e4,
    CAST(SUM(reached_e4) AS BIGINT) AS reached_e4,
    CAST(SUM(sales_e4) AS BIGINT) AS sales_e4
FROM hours
WHERE hour >= 0 AND signs_e4 + trials_e4 > 0
GROUP BY customer_id, channel, daypart
UNION ALL
SELECT
    customer_id,
    channel,
    'weekday' AS measure,
    weekday AS slot,
    CAST(SUM(signs_e4) AS BIGINT) AS signs_e4,
    CAST(SUM(trials_e4) AS BIGINT) AS trials_e4,
    CAST(SUM(reached_e4) AS BIGINT) AS reached_e4,
    CAST(SUM(sales_e4) AS BIGINT) AS sales_e4
FROM contact_signals
WHERE signs_e4 + trials_e4 > 0
GROUP BY customer_id, channel, weekday
UNION ALL
SELECT
    customer_id,
    channel,
    'channel' AS measure,
    CAST(0 AS INTEGER) AS slot,
    CAST(SUM(known_e4) AS BIGINT) AS signs_e4,
    CAST(SUM(trials_e4) AS BIGINT) AS trials_e4,
    CAST(SUM(reached_e4) AS BIGINT) AS reached_e4,
    CAST(SUM(sales_e4) AS BIGINT) AS sales_e4
FROM hours
WHERE known_e4 + trials_e4 > 0
GROUP BY customer_id, channel
