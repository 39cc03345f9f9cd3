-- campaign_counts: one campaign, what became of its eligible customers, and whether its control group is as large as it
-- was meant to be.
-- Key: campaign_id. A campaign for which nobody is eligible is there too. eligible is counted from the candidates, the
-- arms from campaign_targets: the gate recon.targets holds one against the other.
-- Sample-ratio check (spec/definitions.md 3.13): chi-square with 1 degree of freedom on the units that share an arm;
-- above 10.828, p < 0.001.
WITH eligible AS (
    SELECT campaign_id, CAST(COUNT(*) AS BIGINT) AS eligible
    FROM campaign_candidates
    GROUP BY campaign_id
),
arms AS (
    SELECT
        t.campaign_id AS campaign_id,
        CAST(SUM(CASE WHEN t.arm = 'treat' THEN 1 ELSE 0 END) AS BIGINT) AS treat,
        CAST(SUM(CASE WHEN t.arm = 'control' THEN 1 ELSE 0 END) AS BIGINT) AS control,
        CAST(SUM(CASE WHEN t.arm = 'global_holdout' THEN 1 ELSE 0 END) AS BIGINT) AS global_holdout,
        CAST(SUM(CASE WHEN t.arm = 'suppressed' THEN 1 ELSE 0 END) AS BIGINT) AS suppressed,
        CAST(COUNT(DISTINCT CASE WHEN t.arm = 'treat' THEN r.experiment_unit END) AS BIGINT) AS units_treat,
        CAST(COUNT(DISTINCT CASE WHEN t.arm = 'control' THEN r.experiment_unit END) AS BIGINT) AS units_control
    FROM campaign_targets AS t
    JOIN campaign_requests AS r ON t.campaign_id = r.campaign_id AND t.customer_id = r.customer_id
    GROUP BY t.campaign_id
),
counted AS (
    SELECT
        d.campaign_id AS campaign_id,
        COALESCE(e.eligible, 0) AS eligible,
        COALESCE(a.treat, 0) AS treat,
        COALESCE(a.control, 0) AS control,
        COALESCE(a.global_holdout, 0) AS global_holdout,
        COALESCE(a.suppressed, 0) AS suppressed,
        COALESCE(a.units_treat, 0) AS units_treat,
        COALESCE(a.units_control, 0) AS units_control,
        COALESCE(a.units_treat, 0) + COALESCE(a.units_control, 0) AS units,
        CAST(d.control_e4 AS BIGINT) AS control_e4
    FROM campaign_definitions AS d
    LEFT JOIN eligible AS e ON d.campaign_id = e.campaign_id
    LEFT JOIN arms AS a ON d.campaign_id = a.campaign_id
),
-- Ten thousand times (observed - expected), in whole numbers.
tested AS (
    SELECT
        campaign_id,
        eligible,
        treat,
        control,
        global_holdout,
        suppressed,
        units_treat,
        units_control,
        units,
        control_e4,
        CASE
            WHEN control_e4 = 0 THEN 'no_control'
            WHEN units * control_e4 < 50000 OR units * (10000 - control_e4) < 50000 THEN 'too_few_units'
            ELSE 'ok'
        END AS status,
        CAST(units_control * 10000 - units * control_e4 AS DOUBLE) AS deviation,
        CAST(units * control_e4 * (10000 - control_e4) AS DOUBLE) AS spread
    FROM counted
),
judged AS (
    SELECT
        campaign_id,
        eligible,
        treat,
        control,
        global_holdout,
        suppressed,
        units_treat,
        units_control,
        units,
        control_e4,
        status,
        CASE WHEN status = 'ok' THEN deviation * deviation / spread END AS srm_chi2
    FROM tested
)
SELECT
    campaign_id,
    eligible,
    treat,
    control,
    global_holdout,
    suppressed,
    units_treat,
    units_control,
    CAST(control_e4 AS DOUBLE) / CAST(10000 AS DOUBLE) AS control_share_planned,
    CASE WHEN units > 0 THEN CAST(units_control AS DOUBLE) / CAST(units AS DOUBLE) END AS control_share_observed,
    srm_chi2,
    COALESCE(srm_chi2 > 10.828, FALSE) AS srm_flag,
    CASE WHEN srm_chi2 > 10.828 THEN 'mismatch' ELSE status END AS verdict
FROM judged
