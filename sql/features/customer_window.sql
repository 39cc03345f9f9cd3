-- customer_window: what one customer was worth in the value window, and what they cost us.
-- Key: customer_id. Every known customer; one without a move in the window has zeros and the status no_moves.
-- Units: money in ten-thousandths, minutes in ten-thousandths; the window is [value] window_days long and ends at as_of.
-- A contact counts as often as its row says, page events never, and each of a row's contacts took the row's time; the cost is
-- the row's (as in centre_contacts). The time is talk, hold and wrap-up, or, where none is given, from answer to end; a
-- contact that was not abandoned and has neither is untimed.
WITH bought AS (
    SELECT
        d.customer_id AS customer_id,
        CAST(SUM(d.orders) AS BIGINT) AS orders,
        CAST(SUM(d.gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
        CAST(SUM(d.net_revenue_e4) AS BIGINT) AS net_revenue_e4,
        CAST(SUM(d.discount_e4) AS BIGINT) AS discount_e4,
        CAST(SUM(d.cost_e4) AS BIGINT) AS cost_e4,
        CAST(SUM(d.lines_without_cost) AS BIGINT) AS lines_without_cost,
        CAST(SUM(d.payment_fee_e4) AS BIGINT) AS payment_fee_e4,
        CAST(SUM(d.cost_to_serve_e4) AS BIGINT) AS cost_to_serve_e4,
        CAST(SUM(d.marketing_cost_e4) AS BIGINT) AS marketing_cost_e4,
        CAST(SUM(d.value_e4) AS BIGINT) AS value_e4,
        CAST(SUM(CASE WHEN d.value_e4 IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS days_without_value
    FROM customer_days AS d
    CROSS JOIN run_params AS p
    WHERE d.day >= p.as_of_day - p.value_window_days
    GROUP BY d.customer_id
),
timed AS (
    SELECT
        i.customer_id AS customer_id,
        COALESCE(i.count, 1) AS contacts,
        CASE
            WHEN i.talk_s_e4 IS NOT NULL OR i.hold_s_e4 IS NOT NULL OR i.wrap_s_e4 IS NOT NULL
            THEN COALESCE(i.talk_s_e4, 0) + COALESCE(i.hold_s_e4, 0) + COALESCE(i.wrap_s_e4, 0)
            WHEN i.ts_end_us >= i.ts_answer_us
            THEN CAST((i.ts_end_us - i.ts_answer_us - (i.ts_end_us - i.ts_answer_us) % 100) / 100 AS BIGINT)
            WHEN i.abandoned THEN 0
        END AS seconds_e4
    FROM staged_interactions AS i
    CROSS JOIN run_params AS p
    WHERE i.customer_id IS NOT NULL AND i.event IS NULL AND i.start_day >= p.as_of_day - p.value_window_days
),
spoken AS (
    SELECT
        customer_id,
        CAST(SUM(contacts) AS BIGINT) AS contacts,
        CAST(SUM(CASE WHEN seconds_e4 IS NULL THEN contacts ELSE 0 END) AS BIGINT) AS contacts_untimed,
        CAST(SUM(contacts * COALESCE(seconds_e4, 0)) AS BIGINT) AS seconds_e4
    FROM timed
    GROUP BY customer_id
)
SELECT
    s.customer_id AS customer_id,
    COALESCE(b.orders, 0) AS orders,
    COALESCE(b.gross_revenue_e4, 0) AS gross_revenue_e4,
    COALESCE(b.net_revenue_e4, 0) AS net_revenue_e4,
    COALESCE(b.discount_e4, 0) AS discount_e4,
    CASE WHEN COALESCE(b.lines_without_cost, 0) = 0 THEN COALESCE(b.net_revenue_e4 - b.cost_e4, 0) END AS gross_margin_e4,
    COALESCE(b.cost_to_serve_e4, 0) AS cost_to_serve_e4,
    COALESCE(b.marketing_cost_e4, 0) AS marketing_cost_e4,
    CASE
        WHEN COALESCE(b.lines_without_cost, 0) = 0
        THEN COALESCE(
            b.net_revenue_e4 - b.cost_e4 - b.payment_fee_e4 - b.cost_to_serve_e4 - b.marketing_cost_e4, 0
        )
    END AS contribution_e4,
    CASE
        WHEN b.customer_id IS NULL THEN 'no_moves'
        WHEN b.lines_without_cost > 0 THEN 'cost_unknown'
        ELSE 'ok'
    END AS contribution_status,
    CASE WHEN COALESCE(b.days_without_value, 0) = 0 THEN COALESCE(b.value_e4, 0) END AS value_e4,
    COALESCE(c.contacts, 0) AS contacts,
    COALESCE(c.contacts_untimed, 0) AS contacts_untimed,
    CAST(
        (COALESCE(c.seconds_e4, 0) + 30 - (COALESCE(c.seconds_e4, 0) + 30) % 60) / 60 AS BIGINT
    ) AS contact_minutes_e4
FROM customer_summary AS s
LEFT JOIN bought AS b ON s.customer_id = b.customer_id
LEFT JOIN spoken AS c ON s.customer_id = c.customer_id
