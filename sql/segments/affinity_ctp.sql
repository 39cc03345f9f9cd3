-- affinity_ctp: one customer in the list of one product: who is most likely to buy it for the first time.
-- Key: product_id, customer_id. Left out: customers who may not be profiled, have left, own the product or gave it back, and
-- those who are in [recommendations] contact_cap better lists. customers_before_cap counts before any limit.
SELECT
    p.product_id AS product_id,
    r.rank AS rank,
    c.customer_id AS customer_id,
    r.score AS score,
    r.probability AS probability,
    r.customers_before_cap AS customers_before_cap
FROM product_targets AS r
JOIN offered_products AS p ON r.product_no = p.product_no
JOIN customer_numbers AS c ON r.customer_no = c.customer_no
