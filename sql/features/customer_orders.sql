-- customer_orders: one order of one identified customer, with its refunds taken off.
-- Key: customer_id, order_id. Left out: orders without a customer (they count in baskets, in line_totals and in the
-- business summary).
-- Units: money in ten-thousandths. How an order is netted, and when it qualifies: see orders.
SELECT
    customer_id,
    order_id,
    order_day,
    ts_us,
    lines,
    is_qualifying,
    gross_revenue_e4,
    net_revenue_e4,
    discount_e4,
    cost_e4,
    lines_without_cost,
    payment_fee_e4
FROM orders
WHERE customer_id IS NOT NULL
