-- contract_cohorts: contracts of one term and stratum that stood before one renewal, and how many were lost at it.
-- Key: stratum, term_months, renewal_no. Left out: renewals at which no contract's history ends. Before such a one stood as
-- many as before the next that is there, and none was lost.
-- Units: contracts of all ages together: each counts for the renewals that it has come to (spec/lifetime-value.md 2.6).
WITH strata AS (
    SELECT 'all' AS stratum, term_months, renewals_met, is_lost FROM contract_terms WHERE renewals_met > 0
    UNION ALL
    SELECT CONCAT('plan=', plan) AS stratum, term_months, renewals_met, is_lost
    FROM contract_terms
    WHERE renewals_met > 0 AND plan IS NOT NULL
    UNION ALL
    SELECT CONCAT('term=', CAST(term_months AS STRING)) AS stratum, term_months, renewals_met, is_lost
    FROM contract_terms
    WHERE renewals_met > 0
),
last_renewals AS (
    SELECT
        stratum,
        term_months,
        renewals_met,
        CAST(0 - renewals_met AS BIGINT) AS longest_first,
        CAST(COUNT(*) AS BIGINT) AS histories_ended,
        CAST(SUM(CASE WHEN is_lost THEN 1 ELSE 0 END) AS BIGINT) AS lost
    FROM strata
    GROUP BY stratum, term_months, renewals_met
)
SELECT
    stratum,
    term_months,
    CAST(renewals_met AS INTEGER) AS renewal_no,
    CAST(
        SUM(histories_ended) OVER (
            PARTITION BY stratum, term_months ORDER BY longest_first ROWS UNBOUNDED PRECEDING
        ) AS BIGINT
    ) AS at_risk,
    lost
FROM last_renewals
