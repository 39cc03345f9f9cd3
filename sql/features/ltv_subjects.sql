-- ltv_subjects: one customer whom the published fit scores: what they bought, and the groups in which their value is summed up.
-- Key: customer_no. Left out: customers without a purchase before the published origin.
-- Units: as in purchase_histories and ltv_groups.
SELECT
    h.stratum_no AS stratum_no,
    h.covariate_no AS covariate_no,
    h.frequency AS frequency,
    h.recency_days AS recency_days,
    h.age_days AS age_days,
    h.customer_no AS customer_no,
    h.ln_gaps_pico AS ln_gaps_pico,
    h.spend_purchases AS spend_purchases,
    h.spend_e4 AS spend_e4,
    g.tier_no AS tier_no,
    g.region_no AS region_no,
    g.cohort_no AS cohort_no
FROM purchase_histories AS h
JOIN ltv_groups AS g ON h.customer_no = g.customer_no
WHERE h.origin_no = 0
