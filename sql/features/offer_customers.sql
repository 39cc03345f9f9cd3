-- offer_customers: one known customer, and whether there may be lists of products for them.
-- Key: customer_no. Every known customer; who may not be profiled or has left is still one of many in what is counted.
SELECT
    n.customer_no AS customer_no,
    NOT m.profiling_opt_out AND NOT m.is_closed AS is_listed
FROM customer_numbers AS n
JOIN customer_permissions AS m ON n.customer_id = m.customer_id
