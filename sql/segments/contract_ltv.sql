-- contract_ltv: one contract that has begun, how long it is expected to last, and what it is expected to bring.
-- Key: contract_id. Left out: contracts that begin at as_of or later. Ended ones are there without a score.
-- Units: money in ten-thousandths, rounded to the nearest, halves upwards, after one product of the amount of a term and a
-- double. It is discounted to the day of the next renewal, on which the first of the expected payments is due; the payment
-- for the running term is not in it. The horizon begins at as_of; months have 365.25 / 12 days for which renewals are in it.
-- Whose customer may not be profiled has no score, but the contract is in the fit.
WITH begun AS (
    SELECT
        t.contract_id AS contract_id,
        t.customer_id AS customer_id,
        t.plan AS plan,
        t.term_months AS term_months,
        t.state AS state,
        CAST(t.renewals AS INTEGER) AS renewals,
        t.next_renewal_day AS next_renewal_day,
        t.amount_e4 AS amount_e4,
        CASE WHEN t.plan IS NOT NULL THEN CONCAT('plan=', t.plan) END AS plan_stratum,
        CONCAT('term=', CAST(t.term_months AS STRING)) AS term_stratum
    FROM contract_terms AS t
),
strata AS (
    SELECT stratum, term_months FROM contract_values GROUP BY stratum, term_months
),
-- A plan of which no contract has come to a renewal is not among the strata: then all with such a term are.
placed AS (
    SELECT
        b.contract_id AS contract_id,
        b.customer_id AS customer_id,
        b.plan AS plan,
        b.term_months AS term_months,
        b.state AS state,
        b.renewals AS renewals,
        b.next_renewal_day AS next_renewal_day,
        b.amount_e4 AS amount_e4,
        b.plan_stratum AS plan_stratum,
        COALESCE(s.stratum, b.term_stratum) AS stratum
    FROM begun AS b
    LEFT JOIN strata AS s ON b.plan_stratum = s.stratum AND b.term_months = s.term_months
),
judged AS (
    SELECT
        c.contract_id AS contract_id,
        c.customer_id AS customer_id,
        c.plan AS plan,
        c.term_months AS term_months,
        c.renewals AS renewals,
        c.next_renewal_day AS next_renewal_day,
        c.amount_e4 AS amount_e4,
        c.plan_stratum AS plan_stratum,
        c.stratum AS stratum,
        p.as_of_day AS as_of_day,
        p.ltv_horizon_days AS horizon_days,
        p.ltv_annual_discount_rate AS annual_discount_rate,
        CASE
            WHEN NOT p.ltv_enabled THEN 'disabled'
            WHEN c.state = 'ended' THEN 'ended'
            WHEN m.profiling_opt_out THEN 'profiling_opt_out'
            ELSE 'running'
        END AS state
    FROM placed AS c
    LEFT JOIN customer_permissions AS m ON c.customer_id = m.customer_id
    CROSS JOIN run_params AS p
),
scored AS (
    SELECT
        j.contract_id AS contract_id,
        v.model AS model,
        v.fitted_on AS fitted_on,
        v.p_renewal AS p_renewal,
        v.horizon_renewals AS horizon_renewals,
        v.expected_renewals AS expected_renewals,
        v.p_alive_horizon AS p_alive_horizon,
        v.discounted_renewals AS discounted_renewals,
        v.p_alive_beyond AS p_alive_beyond,
        v.discount_beyond AS discount_beyond,
        v.derl AS derl,
        -- The horizon holds one renewal more than it has whole terms, when the running term is far enough.
        CASE
            WHEN CAST(j.next_renewal_day - j.as_of_day AS BIGINT) * 48 + CAST(v.horizon_renewals AS BIGINT) * j.term_months * 1461
                < CAST(j.horizon_days AS BIGINT) * 48
            THEN 1
            ELSE 0
        END AS beyond
    FROM judged AS j
    JOIN contract_values AS v
        ON j.stratum = v.stratum AND j.term_months = v.term_months AND j.renewals = v.renewals
    WHERE j.state = 'running'
),
valued AS (
    SELECT
        contract_id,
        model,
        fitted_on,
        p_renewal,
        CAST(horizon_renewals + beyond AS INTEGER) AS horizon_renewals,
        CASE WHEN beyond = 1 THEN expected_renewals + p_alive_beyond ELSE expected_renewals END AS expected_renewals,
        CASE WHEN beyond = 1 THEN p_alive_beyond ELSE p_alive_horizon END AS p_active_horizon,
        CASE
            WHEN beyond = 1 THEN discounted_renewals + p_alive_beyond * discount_beyond
            ELSE discounted_renewals
        END AS discounted_renewals,
        derl
    FROM scored
)
SELECT
    j.contract_id AS contract_id,
    j.customer_id AS customer_id,
    j.plan AS plan,
    CASE
        WHEN j.state <> 'running' THEN j.state
        WHEN v.model IS NULL OR v.model = 'mean' THEN 'insufficient_data'
        ELSE 'ok'
    END AS status,
    CASE
        WHEN j.state = 'disabled' THEN 'switched off'
        WHEN j.state = 'ended' THEN 'has ended'
        WHEN j.state = 'profiling_opt_out' THEN 'its customer may not be profiled'
        WHEN v.model IS NULL THEN 'no contract with such a term has come to a renewal'
        WHEN v.model = 'mean'
        THEN 'too few renewals or losses for a model: one probability of loss for all contracts with such a term'
        WHEN v.fitted_on = j.plan_stratum THEN 'the fit of its plan'
        WHEN j.plan_stratum IS NULL THEN 'no plan: the fit of all contracts with such a term'
        ELSE 'its plan has too few renewals or losses, or terms of several lengths: the fit of all contracts with such a term'
    END AS reason,
    CASE WHEN v.fitted_on LIKE 'term=%' THEN CONCAT('contract_', v.fitted_on) ELSE v.fitted_on END AS stratum,
    v.model AS model,
    j.term_months AS term_months,
    j.renewals AS renewals,
    j.next_renewal_day AS next_renewal_day,
    v.p_renewal AS p_renew_next,
    v.horizon_renewals AS horizon_renewals,
    v.expected_renewals AS expected_renewals,
    v.p_active_horizon AS p_active_horizon,
    CAST(FLOOR(CAST(j.amount_e4 AS DOUBLE) * v.discounted_renewals + 0.5) AS BIGINT) AS value_horizon_e4,
    v.derl AS derl,
    CAST(FLOOR(CAST(j.amount_e4 AS DOUBLE) * v.derl + 0.5) AS BIGINT) AS clv_e4,
    j.amount_e4 AS amount_e4,
    j.horizon_days AS horizon_days,
    j.annual_discount_rate AS annual_discount_rate
FROM judged AS j
LEFT JOIN valued AS v ON j.contract_id = v.contract_id
