-- purchase_days: one day on which one customer bought, between the ones before and the next.
-- Key: customer_id, day. Left out: customers without a qualifying order.
-- Units: days. Made once, since rhythm, lifecycle and retention all ask for the gaps.
SELECT
    customer_id,
    day,
    CAST(ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY day) AS BIGINT) AS purchase_day_no,
    LAG(day) OVER (PARTITION BY customer_id ORDER BY day) AS previous_day,
    LAG(day, 2) OVER (PARTITION BY customer_id ORDER BY day) AS day_before_previous,
    LEAD(day) OVER (PARTITION BY customer_id ORDER BY day) AS next_day
FROM customer_days
WHERE orders > 0
