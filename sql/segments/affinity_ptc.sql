-- affinity_ptc: one product in one list of one customer: what to replenish, what new thing to offer, what to win back.
-- Key: customer_id, list, product_id. The three lists are never mixed: a score is comparable within one list only.
-- Left out: customers who may not be profiled or have left. Everybody else has a list, if only of best-sellers (reason_code).
-- What is not sold, out of stock, muted, given back or already owned is left out before lists are cut, so that they are full.
-- Units: money in ten-thousandths of the reporting currency, for one unit.
WITH products AS (
    SELECT
        o.product_no AS product_no,
        o.product_id AS product_id,
        CASE WHEN s.stock_e4 IS NOT NULL THEN s.stock_e4 > 0 END AS in_stock
    FROM offered_products AS o
    LEFT JOIN staged_products AS s ON o.product_id = s.product_id
)
SELECT
    c.customer_id AS customer_id,
    CASE WHEN r.list_no = 1 THEN 'cross_sell' WHEN r.list_no = 2 THEN 'replenish' ELSE 'win_back' END AS list,
    r.rank AS rank,
    p.product_id AS product_id,
    r.score AS score,
    r.score_norm AS score_norm,
    r.probability AS probability,
    CASE
        WHEN r.method_no = 1 THEN 'popularity'
        WHEN r.method_no = 2 THEN 'customer_llr'
        WHEN r.method_no = 3 THEN 'basket_llr'
        WHEN r.method_no = 4 THEN 'customer_cosine'
        WHEN r.method_no = 5 THEN 'ease'
        WHEN r.method_no = 6 THEN 'als'
        WHEN r.method_no = 7 THEN 'own_frequency'
        WHEN r.method_no = 8 THEN 'own_frequency_decayed'
        ELSE 'replenishment'
    END AS method,
    CASE
        WHEN r.reason_no = 1 THEN 'because_bought'
        WHEN r.reason_no = 2 THEN 'popular_in_category'
        WHEN r.reason_no = 3 THEN 'popular'
        WHEN r.reason_no = 4 THEN 'due'
        WHEN r.reason_no = 5 THEN 'overdue'
        ELSE 'lapsed'
    END AS reason_code,
    e1.product_id AS evidence_product_1,
    e2.product_id AS evidence_product_2,
    e3.product_id AS evidence_product_3,
    r.share_1 AS evidence_share_1,
    r.share_2 AS evidence_share_2,
    r.share_3 AS evidence_share_3,
    r.expected_day AS expected_day,
    r.days_overdue AS days_overdue,
    r.last_purchase_day AS last_purchase_day,
    r.n_purchases AS n_purchases,
    r.expected_margin_e4 AS expected_margin_e4,
    p.in_stock AS in_stock,
    r.n_purchases > 0 AS already_owned,
    u.rule_id AS rule_id
FROM customer_offers AS r
JOIN customer_numbers AS c ON r.customer_no = c.customer_no
JOIN products AS p ON r.product_no = p.product_no
JOIN offer_rules AS u ON r.rule_no = u.rule_no
LEFT JOIN products AS e1 ON r.evidence_1 = e1.product_no
LEFT JOIN products AS e2 ON r.evidence_2 = e2.product_no
LEFT JOIN products AS e3 ON r.evidence_3 = e3.product_no
