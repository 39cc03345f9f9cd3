-- shared_slots: what one person did in one slot of time under a visitor's number that several customers used.
-- Key: visitor_id, part_no, slot_us. Left out: visitors who named one customer or none.
-- A new part begins where another customer is named than the last one: two people at one device are never one session,
-- however soon one follows the other. Who names nobody is who was named last.
WITH named AS (
    SELECT
        visitor_id,
        ts_us,
        customer_id,
        LAG(customer_id) OVER (PARTITION BY visitor_id ORDER BY ts_us) AS customer_before
    FROM shared_moments
    WHERE customer_id IS NOT NULL
),
takeovers AS (
    SELECT visitor_id, ts_us, 1 AS takeover FROM named WHERE customer_id <> customer_before
),
marked AS (
    SELECT
        m.visitor_id AS visitor_id,
        m.lone_customer_id AS lone_customer_id,
        m.ts_us AS ts_us,
        m.slot_us AS slot_us,
        m.day AS day,
        m.customer_id AS customer_id,
        m.cart_us AS cart_us,
        m.events AS events,
        m.product_views AS product_views,
        m.carts AS carts,
        m.checkouts AS checkouts,
        COALESCE(t.takeover, 0) AS takeover
    FROM shared_moments AS m
    LEFT JOIN takeovers AS t ON m.visitor_id = t.visitor_id AND m.ts_us = t.ts_us
),
parted AS (
    SELECT
        visitor_id,
        lone_customer_id,
        ts_us,
        slot_us,
        day,
        customer_id,
        cart_us,
        events,
        product_views,
        carts,
        checkouts,
        CAST(SUM(takeover) OVER (PARTITION BY visitor_id ORDER BY ts_us ROWS UNBOUNDED PRECEDING) AS BIGINT) AS part_no
    FROM marked
)
SELECT
    visitor_id,
    part_no,
    slot_us,
    MIN(lone_customer_id) AS lone_customer_id,
    MIN(ts_us) AS first_us,
    MAX(ts_us) AS last_us,
    MIN(day) AS first_day,
    MIN(customer_id) AS customer_id,
    MIN(CASE WHEN customer_id IS NOT NULL THEN ts_us END) AS first_named_us,
    MAX(CASE WHEN customer_id IS NOT NULL THEN ts_us END) AS last_named_us,
    MAX(cart_us) AS cart_us,
    CAST(SUM(events) AS BIGINT) AS events,
    CAST(SUM(product_views) AS BIGINT) AS product_views,
    CAST(SUM(carts) AS BIGINT) AS carts,
    CAST(SUM(checkouts) AS BIGINT) AS checkouts
FROM parted
GROUP BY visitor_id, part_no, slot_us
