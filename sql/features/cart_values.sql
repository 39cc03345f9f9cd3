-- cart_values: what one visitor's cart was worth at one instant.
-- Key: none. visitor_id or lone_customer_id, and ts_us, identify a row. Of two values at one instant, the larger.
SELECT
    visitor_id,
    lone_customer_id,
    ts_us,
    MAX(cart_value_e4) AS cart_value_e4
FROM web_events
WHERE cart_value_e4 IS NOT NULL
GROUP BY visitor_id, lone_customer_id, ts_us
