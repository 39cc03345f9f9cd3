-- sessions: one session on the site or in the app.
-- Key: session_no. Left out: events that name neither a visitor, nor a customer, nor a web session.
-- Units: money in ten-thousandths of the reporting currency.
-- A session is a customer's who was named in it, at whatever moment of it; or who is known for it (visit_owners); or
-- nobody's. stage is the farthest that was reached. A session is selected when it says that somebody wanted something:
-- [sessions] min_product_views product pages, or something in the cart (spec/definitions.md 3.9). cart_value is the last
-- value that the cart had, null when the export never says one.
SELECT
    v.session_no AS session_no,
    v.visitor_id AS visitor_id,
    v.lone_customer_id AS lone_customer_id,
    COALESCE(v.customer_id, o.customer_id) AS customer_id,
    CASE WHEN v.customer_id IS NOT NULL THEN 'named' ELSE o.identified_by END AS identified_by,
    COALESCE(v.first_named_us, o.known_us) AS known_us,
    v.start_us AS start_us,
    v.end_us AS end_us,
    v.start_day AS start_day,
    v.events AS events,
    v.product_views AS product_views,
    v.carts AS carts,
    v.checkouts AS checkouts,
    CASE WHEN v.checkouts > 0 THEN 'checkout' WHEN v.carts > 0 THEN 'cart' ELSE 'browse' END AS stage,
    v.carts > 0 OR v.checkouts > 0 OR v.product_views >= p.session_min_views AS is_selected,
    COALESCE(a.cart_value_e4, b.cart_value_e4) AS cart_value_e4
FROM visits AS v
LEFT JOIN visit_owners AS o ON v.session_no = o.session_no
LEFT JOIN cart_values AS a ON v.visitor_id = a.visitor_id AND v.cart_us = a.ts_us
LEFT JOIN cart_values AS b ON v.lone_customer_id = b.lone_customer_id AND v.cart_us = b.ts_us
CROSS JOIN run_params AS p
