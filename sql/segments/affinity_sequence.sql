-- affinity_sequence: one product and one that the same customers buy after it within [affinity] sequence_window_days, the
-- strongest follower first.
-- Key: product_a, product_b, granularity. Units: customers_* in distinct customers.
SELECT
    r.granularity AS granularity,
    a.name AS product_a,
    b.name AS product_b,
    r.rank AS rank,
    r.customers_a AS customers_a,
    r.customers_b AS customers_b,
    r.customers_ab AS customers_ab,
    r.customers_ba AS customers_ba,
    r.customers AS customers,
    r.rate AS rate,
    r.base_rate AS base_rate,
    r.lift AS lift,
    r.asymmetry_p AS asymmetry_p,
    r.p_value AS p_value,
    r.q_value AS q_value,
    r.median_gap_days AS median_gap_days,
    r.window_days AS window_days,
    r.rule_id AS rule_id
FROM affinity_sequence_rows AS r
JOIN affinity_names AS a ON r.name_no_a = a.name_no
JOIN affinity_names AS b ON r.name_no_b = b.name_no
