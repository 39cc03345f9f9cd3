-- shared_moments: what one visitor did at one instant, of visitors who named several customers.
-- Key: visitor_id, ts_us. Left out: visitors who named one customer or none.
-- Two customers named at one instant are the one whose number comes first.
WITH shared AS (
    SELECT visitor_id
    FROM visit_slots
    WHERE visitor_id IS NOT NULL AND customer_id IS NOT NULL
    GROUP BY visitor_id
    HAVING MIN(customer_id) <> MAX(other_customer_id)
)
SELECT
    e.visitor_id AS visitor_id,
    e.ts_us AS ts_us,
    e.slot_us AS slot_us,
    MIN(e.lone_customer_id) AS lone_customer_id,
    MIN(e.day) AS day,
    MIN(e.customer_id) AS customer_id,
    MAX(CASE WHEN e.cart_value_e4 IS NOT NULL THEN e.ts_us END) AS cart_us,
    CAST(SUM(e.events) AS BIGINT) AS events,
    CAST(SUM(e.product_views) AS BIGINT) AS product_views,
    CAST(SUM(e.carts) AS BIGINT) AS carts,
    CAST(SUM(e.checkouts) AS BIGINT) AS checkouts
FROM web_events AS e
JOIN shared AS s ON e.visitor_id = s.visitor_id
GROUP BY e.visitor_id, e.ts_us, e.slot_us
