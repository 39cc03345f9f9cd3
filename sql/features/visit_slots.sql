-- visit_slots: what one visitor did in one slot of time.
-- Key: none. visitor_id or lone_customer_id, and slot_us, identify a row.
-- A slot is as long as the silence that ends a session: few rows have to be put in order then, instead of all events.
SELECT
    visitor_id,
    lone_customer_id,
    slot_us,
    MIN(ts_us) AS first_us,
    MAX(ts_us) AS last_us,
    MIN(day) AS first_day,
    MIN(customer_id) AS customer_id,
    MAX(customer_id) AS other_customer_id,
    MIN(CASE WHEN customer_id IS NOT NULL THEN ts_us END) AS first_named_us,
    MAX(CASE WHEN customer_id IS NOT NULL THEN ts_us END) AS last_named_us,
    MAX(CASE WHEN cart_value_e4 IS NOT NULL THEN ts_us END) AS cart_us,
    CAST(SUM(events) AS BIGINT) AS events,
    CAST(SUM(product_views) AS BIGINT) AS product_views,
    CAST(SUM(carts) AS BIGINT) AS carts,
    CAST(SUM(checkouts) AS BIGINT) AS checkouts
FROM web_events
GROUP BY visitor_id, lone_customer_id, slot_us
