-- ltv_models: one model fitted to one group of customers or contracts, and how it did.
-- Key: stratum, model. The strata of contracts have names that no group of customers has: contracts, plan=, contract_term=.
-- Deviances and log-likelihoods compare models of one kind: of purchases, of opportunities (bg_bb) or of contracts.
SELECT
    m.stratum AS stratum,
    m.model AS model,
    m.customers AS customers,
    m.keys AS keys,
    m.log_likelihood AS log_likelihood,
    m.aic AS aic,
    m.gradient_norm AS gradient_norm,
    m.iterations AS iterations,
    m.termination AS termination,
    m.collapses_to AS collapses_to,
    m.min_eigenvalue AS min_eigenvalue,
    m.max_eigenvalue AS max_eigenvalue,
    m.holdout_days AS holdout_days,
    m.holdout_mae AS holdout_mae,
    m.holdout_rmse AS holdout_rmse,
    m.holdout_bias AS holdout_bias,
    m.holdout_correlation AS holdout_correlation,
    m.holdout_brier AS holdout_brier,
    m.holdout_deviance AS holdout_deviance,
    m.holdout_coverage AS holdout_coverage,
    m.holdout_coverage_nominal AS holdout_coverage_nominal,
    m.baseline_mae AS baseline_mae,
    m.baseline_deviance AS baseline_deviance,
    m.spend_correlation AS spend_correlation,
    m.drift AS drift,
    m.grade AS grade,
    m.chosen AND p.ltv_model <> 'bg_bb' AS chosen,
    CASE
        WHEN m.chosen AND p.ltv_model = 'bg_bb'
        THEN CONCAT(m.reason, '; bg_bb is named in the pipeline file, and this is for ltv_totals and ltv_tracking')
        ELSE m.reason
    END AS reason
FROM purchase_models AS m
CROSS JOIN run_params AS p
UNION ALL
SELECT
    stratum,
    model,
    customers,
    keys,
    log_likelihood,
    aic,
    gradient_norm,
    iterations,
    termination,
    collapses_to,
    min_eigenvalue,
    max_eigenvalue,
    holdout_days,
    holdout_mae,
    holdout_rmse,
    holdout_bias,
    holdout_correlation,
    holdout_brier,
    holdout_deviance,
    holdout_coverage,
    holdout_coverage_nominal,
    baseline_mae,
    baseline_deviance,
    spend_correlation,
    drift,
    grade,
    chosen,
    reason
FROM opportunity_models
UNION ALL
SELECT
    CASE
        WHEN stratum = 'all' THEN 'contracts'
        WHEN stratum LIKE 'term=%' THEN CONCAT('contract_', stratum)
        ELSE stratum
    END AS stratum,
    model,
    customers,
    keys,
    log_likelihood,
    aic,
    gradient_norm,
    COALESCE(iterations, CAST(0 AS INTEGER)) AS iterations,
    termination,
    collapses_to,
    min_eigenvalue,
    max_eigenvalue,
    holdout_days,
    holdout_mae,
    holdout_rmse,
    holdout_bias,
    holdout_correlation,
    holdout_brier,
    holdout_deviance,
    holdout_coverage,
    holdout_coverage_nominal,
    baseline_mae,
    CAST(NULL AS DOUBLE) AS baseline_deviance,
    CAST(NULL AS DOUBLE) AS spend_correlation,
    CAST(NULL AS DOUBLE) AS drift,
    grade,
    chosen,
    reason
FROM contract_models
