-- web_events: one page event on the site or in the app, and whose it is before anybody is recognised.
-- Key: none. Left out: events that name neither a visitor, nor a customer, nor a web session (session_abandonment counts
-- them).
-- Who came without a visitor's number is known by their customer's number (lone_customer_id), else by the number that the
-- site gave to the session. A slot is as long as the silence that ends a session, so that events of one visitor in one
-- slot are never two sessions. A row of the export stands for [inputs.interactions] count events, one if that is not
-- mapped.
SELECT
    COALESCE(i.visitor_id, CASE WHEN i.customer_id IS NULL THEN i.session_id END) AS visitor_id,
    CASE WHEN i.visitor_id IS NULL THEN i.customer_id END AS lone_customer_id,
    i.customer_id AS customer_id,
    i.ts_start_us AS ts_us,
    i.start_day AS day,
    i.ts_start_us - i.ts_start_us % p.session_gap_us AS slot_us,
    i.product_id AS product_id,
    CASE WHEN i.event IN ('cart', 'checkout') THEN i.value_e4 END AS cart_value_e4,
    CASE WHEN i.event IN ('cart', 'checkout') THEN 1 ELSE 0 END AS in_cart,
    COALESCE(i.count, 1) AS events,
    CASE WHEN i.event = 'view' AND i.product_id IS NOT NULL THEN COALESCE(i.count, 1) ELSE 0 END AS product_views,
    CASE WHEN i.event = 'cart' THEN COALESCE(i.count, 1) ELSE 0 END AS carts,
    CASE WHEN i.event = 'checkout' THEN COALESCE(i.count, 1) ELSE 0 END AS checkouts
FROM staged_interactions AS i
CROSS JOIN run_params AS p
WHERE i.channel IN ('web', 'app')
  AND (i.visitor_id IS NOT NULL OR i.customer_id IS NOT NULL OR i.session_id IS NOT NULL)
