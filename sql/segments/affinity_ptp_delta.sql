-- affinity_ptp_delta: one row of affinity_ptp that came, went, or moved by [affinity] delta_rank_change places or more since
-- the previous published run.
-- Key: rule_id. Without a previous run, every row came.
SELECT
    CASE WHEN b.rule_id IS NULL THEN 'add' ELSE 'rank' END AS op,
    r.level AS level,
    r.granularity AS granularity,
    r.relation AS relation,
    r.product_a AS product_a,
    r.product_b AS product_b,
    r.rank AS rank,
    b.rank AS rank_prev,
    r.rule_id AS rule_id
FROM affinity_ptp AS r
CROSS JOIN run_params AS p
LEFT JOIN affinity_ptp_before AS b ON r.rule_id = b.rule_id
WHERE b.rule_id IS NULL
   OR r.rank - b.rank >= p.delta_rank_change
   OR b.rank - r.rank >= p.delta_rank_change
UNION ALL
SELECT
    'remove' AS op,
    b.level AS level,
    b.granularity AS granularity,
    b.relation AS relation,
    b.product_a AS product_a,
    b.product_b AS product_b,
    CAST(NULL AS INTEGER) AS rank,
    b.rank AS rank_prev,
    b.rule_id AS rule_id
FROM affinity_ptp_before AS b
LEFT JOIN affinity_ptp AS r ON b.rule_id = r.rule_id
WHERE r.rule_id IS NULL
