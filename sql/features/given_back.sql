-- given_back: one product that one known customer gave back, all of it, in numbers: they do not want it.
-- Key: customer_no, product_no.
SELECT
    n.customer_no AS customer_no,
    p.product_no AS product_no
FROM returned_products AS r
JOIN customer_numbers AS n ON r.customer_id = n.customer_id
JOIN offered_products AS p ON r.product_id = p.product_id
