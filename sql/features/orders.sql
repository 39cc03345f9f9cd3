-- orders: one order, whoever bought it, with its refunds taken off, and where it was sold.
-- Key: none. customer_id and order_id identify a row; customer_id is null where nobody was identified.
-- Units: money in ten-thousandths. A cancelled order keeps what it gave back, never what it would have sold.
-- An order qualifies when it was not cancelled and something is left of it (spec/definitions.md 3.0), in the reporting currency
-- and in its own: of what was given back as a whole, a rate that changed meanwhile leaves nothing.
-- A refund that names its order belongs to the place of the sale, not to the desk that paid it out. An order that was sold
-- in two places belongs to the one whose name comes first.
WITH lines AS (
    SELECT
        l.customer_id AS customer_id,
        l.order_id AS order_id,
        l.order_day AS order_day,
        l.ts_us AS ts_us,
        CASE WHEN NOT l.is_named_refund THEN l.region END AS region,
        CASE WHEN NOT l.is_named_refund THEN l.channel END AS channel,
        CASE WHEN NOT l.is_named_refund THEN l.store_id END AS store_id,
        CASE WHEN NOT l.is_named_refund THEN l.rep_id END AS rep_id,
        CASE WHEN NOT l.is_named_refund THEN l.partner_id END AS partner_id,
        CASE WHEN l.is_cancelled THEN 1 ELSE 0 END AS cancelled,
        CASE WHEN l.is_goods THEN 1 ELSE 0 END AS goods,
        CASE WHEN l.is_goods AND l.amount_e4 > 0 THEN l.amount_e4 ELSE 0 END AS sold_e4,
        CASE WHEN l.is_goods AND l.amount_e4 < 0 THEN l.amount_e4 ELSE 0 END AS returned_e4,
        CASE WHEN l.is_goods THEN COALESCE(l.discount_e4, 0) ELSE 0 END AS discount_e4,
        -- Product cost times quantity, rounded away from zero at the half, in whole numbers only.
        CASE
            WHEN NOT l.is_goods THEN 0
            WHEN l.cost_e4 IS NOT NULL THEN l.cost_e4
            WHEN l.quantity_e4 >= 0
            THEN CAST((l.quantity_e4 * p.cost_e4 + 5000 - (l.quantity_e4 * p.cost_e4 + 5000) % 10000) / 10000 AS BIGINT)
            ELSE 0 - CAST(
                (5000 - l.quantity_e4 * p.cost_e4 - (5000 - l.quantity_e4 * p.cost_e4) % 10000) / 10000 AS BIGINT
            )
        END AS cost_e4,
        COALESCE(l.payment_fee_e4, 0) AS payment_fee_e4,
        CASE WHEN l.is_goods THEN COALESCE(l.foreign_amount_e4, l.amount_e4) ELSE 0 END AS own_e4,
        CASE WHEN l.is_goods THEN l.foreign_currency END AS foreign_currency,
        CASE WHEN l.is_goods AND l.foreign_amount_e4 IS NOT NULL THEN 1 ELSE 0 END AS is_foreign
    FROM order_lines AS l
    LEFT JOIN staged_products AS p ON l.product_id = p.product_id
),
sums AS (
    SELECT
        customer_id,
        order_id,
        MIN(order_day) AS order_day,
        MAX(order_day) AS last_line_day,
        MIN(ts_us) AS ts_us,
        MIN(region) AS region,
        MIN(channel) AS channel,
        MIN(store_id) AS store_id,
        MIN(rep_id) AS rep_id,
        MIN(partner_id) AS partner_id,
        MAX(cancelled) AS cancelled,
        CAST(SUM(goods) AS BIGINT) AS lines,
        CAST(SUM(sold_e4) AS BIGINT) AS sold_e4,
        CAST(SUM(returned_e4) AS BIGINT) AS returned_e4,
        CAST(SUM(discount_e4) AS BIGINT) AS discount_e4,
        CAST(SUM(COALESCE(cost_e4, 0)) AS BIGINT) AS cost_e4,
        CAST(SUM(CASE WHEN cost_e4 IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS lines_without_cost,
        CAST(SUM(payment_fee_e4) AS BIGINT) AS payment_fee_e4,
        CAST(SUM(own_e4) AS BIGINT) AS own_left_e4,
        MIN(foreign_currency) AS first_currency,
        MAX(foreign_currency) AS last_currency,
        CAST(SUM(is_foreign) AS BIGINT) AS foreign_lines
    FROM lines
    GROUP BY customer_id, order_id
),
netted AS (
    SELECT
        s.customer_id AS customer_id,
        s.order_id AS order_id,
        s.order_day AS order_day,
        s.last_line_day AS last_line_day,
        s.ts_us AS ts_us,
        s.region AS region,
        s.channel AS channel,
        s.store_id AS store_id,
        s.rep_id AS rep_id,
        s.partner_id AS partner_id,
        s.lines AS lines,
        s.cancelled = 1 AS is_cancelled,
        s.cancelled = 1 AND s.sold_e4 + s.returned_e4 > 0 AS is_void,
        CASE WHEN s.cancelled = 1 THEN 0 ELSE s.sold_e4 END AS gross_revenue_e4,
        s.sold_e4 + s.returned_e4 AS left_e4,
        -- Of an order in several currencies there is only the sum in ours.
        CASE
            WHEN s.foreign_lines = s.lines AND s.first_currency = s.last_currency THEN s.own_left_e4
            ELSE s.sold_e4 + s.returned_e4
        END AS own_left_e4,
        s.discount_e4 AS discount_e4,
        s.cost_e4 AS cost_e4,
        s.lines_without_cost AS lines_without_cost,
        s.payment_fee_e4 AS payment_fee_e4
    FROM sums AS s
)
SELECT
    n.customer_id AS customer_id,
    n.order_id AS order_id,
    n.order_day AS order_day,
    n.last_line_day AS last_line_day,
    n.ts_us AS ts_us,
    n.region AS region,
    n.channel AS channel,
    n.store_id AS store_id,
    n.rep_id AS rep_id,
    n.partner_id AS partner_id,
    n.lines AS lines,
    n.is_cancelled AS is_cancelled,
    n.is_void AS is_void,
    CASE
        WHEN n.is_cancelled THEN FALSE
        WHEN n.left_e4 > 0 THEN n.own_left_e4 > 0
        ELSE n.left_e4 = 0 AND n.gross_revenue_e4 = 0 AND n.lines > 0 AND p.count_zero_value_orders
    END AS is_qualifying,
    CAST(n.gross_revenue_e4 AS BIGINT) AS gross_revenue_e4,
    CAST(CASE WHEN n.is_void THEN 0 ELSE n.left_e4 END AS BIGINT) AS net_revenue_e4,
    CAST(CASE WHEN n.is_void THEN 0 ELSE n.discount_e4 END AS BIGINT) AS discount_e4,
    CAST(CASE WHEN n.is_void THEN 0 ELSE n.cost_e4 END AS BIGINT) AS cost_e4,
    n.lines_without_cost AS lines_without_cost,
    n.payment_fee_e4 AS payment_fee_e4
FROM netted AS n
CROSS JOIN run_params AS p
