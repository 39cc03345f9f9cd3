-- ltv_parameters: one parameter of one model of one group of customers or contracts.
-- Key: stratum, model, parameter. The strata of contracts are named as in ltv_models.
-- Units: alpha and beta of models of purchases in [lifetime_value] time_unit.
SELECT
    stratum,
    model,
    parameter,
    value,
    std_error,
    pooled_value
FROM purchase_parameters
UNION ALL
SELECT
    stratum,
    model,
    parameter,
    value,
    std_error,
    pooled_value
FROM opportunity_parameters
UNION ALL
SELECT
    CASE
        WHEN stratum = 'all' THEN 'contracts'
        WHEN stratum LIKE 'term=%' THEN CONCAT('contract_', stratum)
        ELSE stratum
    END AS stratum,
    model,
    parameter,
    value,
    std_error,
    pooled_value
FROM contract_parameters
