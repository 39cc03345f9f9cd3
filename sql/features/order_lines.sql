-- order_lines: one line of an order that counts.
-- Key: none. Left out: test orders and orders that are still pending (line_totals counts them).
-- Units: money and quantities in ten-thousandths.
-- A refund that names its order belongs to that order; any other return stands on its own.
SELECT
    t.customer_id AS customer_id,
    COALESCE(t.original_order_id, t.order_id) AS order_id,
    t.order_day AS order_day,
    t.ts_us AS ts_us,
    t.product_id AS product_id,
    t.channel AS channel,
    COALESCE(t.line_type, 'sale') IN ('sale', 'refund', 'discount') AS is_goods,
    COALESCE(t.status, 'completed') IN ('cancelled', 'voided') AS is_cancelled,
    t.quantity_e4 AS quantity_e4,
    t.amount_e4 AS amount_e4,
    t.discount_e4 AS discount_e4,
    t.cost_e4 AS cost_e4,
    t.payment_fee_e4 AS payment_fee_e4,
    t.region AS region,
    t.store_id AS store_id,
    t.rep_id AS rep_id,
    t.partner_id AS partner_id,
    t.original_order_id IS NOT NULL AS is_named_refund,
    t.foreign_amount_e4 AS foreign_amount_e4,
    CASE WHEN t.foreign_amount_e4 IS NOT NULL THEN t.currency END AS foreign_currency
FROM staged_transactions AS t
WHERE NOT COALESCE(t.is_test, FALSE)
  AND COALESCE(t.status, 'completed') <> 'pending'
