-- voice_of_customer: one reason for which customers turn to us, ranked by the value of those whom it left dissatisfied.
-- Key: scope, name, reason.
-- Units: money; satisfaction in points of its scale. A scope is all, a queue, or a product that contacts name.
-- Dissatisfied is a contact that was a complaint, was not solved, was given up, repeats another of the same reason or is
-- followed by one. value_at_risk is that of the different customers of such contacts (attrition), each counted once a reason;
-- value_unknown counts those of whom there is none. Unknown callers are in the contacts and in no value.
WITH heard AS (
    SELECT
        c.customer_id AS customer_id,
        c.queue AS queue,
        c.product_id AS product_id,
        c.reason AS reason,
        c.n AS n,
        c.is_unidentified AS is_unidentified,
        COALESCE(c.complaint, 0) AS complaint,
        CASE WHEN c.resolved = 0 THEN 1 ELSE 0 END AS unsolved,
        COALESCE(c.is_repeat, 0) AS is_repeat,
        c.abandoned AS abandoned,
        CASE
            WHEN c.complaint = 1 OR c.resolved = 0 OR c.is_repeat = 1 OR c.is_followed = 1 OR c.abandoned = 1 THEN 1
            ELSE 0
        END AS dissatisfied,
        CASE WHEN c.satisfaction_e4 IS NOT NULL THEN c.n ELSE 0 END AS csat_n,
        c.n * COALESCE(c.satisfaction_e4, 0) AS csat_e4
    FROM centre_contacts AS c
    WHERE c.is_in = 1
),
scoped AS (
    SELECT
        'all' AS scope, 'all' AS name, customer_id, reason, n, is_unidentified, complaint, unsolved, is_repeat, abandoned,
        dissatisfied, csat_n, csat_e4
    FROM heard
    UNION ALL
    SELECT
        'queue' AS scope, queue AS name, customer_id, reason, n, is_unidentified, complaint, unsolved, is_repeat, abandoned,
        dissatisfied, csat_n, csat_e4
    FROM heard
    UNION ALL
    SELECT
        'product' AS scope, CAST(product_id AS STRING) AS name, customer_id, reason, n, is_unidentified, complaint, unsolved,
        is_repeat, abandoned, dissatisfied, csat_n, csat_e4
    FROM heard
    WHERE product_id IS NOT NULL
),
sums AS (
    SELECT
        scope,
        name,
        reason,
        CAST(SUM(n) AS BIGINT) AS contacts,
        CAST(SUM(n * is_unidentified) AS BIGINT) AS unidentified,
        CAST(SUM(n * complaint) AS BIGINT) AS complaints,
        CAST(SUM(n * unsolved) AS BIGINT) AS unsolved,
        CAST(SUM(n * is_repeat) AS BIGINT) AS repeats,
        CAST(SUM(n * abandoned) AS BIGINT) AS abandoned,
        CAST(SUM(n * dissatisfied) AS BIGINT) AS dissatisfied,
        CAST(SUM(csat_n) AS BIGINT) AS csat_n,
        CAST(SUM(csat_e4) AS BIGINT) AS csat_e4
    FROM scoped
    GROUP BY scope, name, reason
),
people AS (
    SELECT scope, name, reason, customer_id, MAX(dissatisfied) AS dissatisfied
    FROM scoped
    WHERE customer_id IS NOT NULL AND n > 0
    GROUP BY scope, name, reason, customer_id
),
valued AS (
    SELECT
        p.scope AS scope,
        p.name AS name,
        p.reason AS reason,
        CAST(COUNT(*) AS BIGINT) AS customers,
        CAST(SUM(p.dissatisfied) AS BIGINT) AS dissatisfied_customers,
        CAST(SUM(p.dissatisfied * COALESCE(a.value_at_risk_e4, 0)) AS BIGINT) AS value_at_risk_e4,
        CAST(SUM(p.dissatisfied * CASE WHEN a.value_at_risk_e4 IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS value_unknown
    FROM people AS p
    LEFT JOIN attrition AS a ON p.customer_id = a.customer_id
    GROUP BY p.scope, p.name, p.reason
),
joined AS (
    SELECT
        s.scope AS scope,
        s.name AS name,
        s.reason AS reason,
        s.contacts AS contacts,
        s.unidentified AS unidentified,
        s.complaints AS complaints,
        s.unsolved AS unsolved,
        s.repeats AS repeats,
        s.abandoned AS abandoned,
        s.dissatisfied AS dissatisfied,
        s.csat_n AS csat_n,
        s.csat_e4 AS csat_e4,
        COALESCE(v.customers, 0) AS customers,
        COALESCE(v.dissatisfied_customers, 0) AS dissatisfied_customers,
        COALESCE(v.value_at_risk_e4, 0) AS value_at_risk_e4,
        COALESCE(v.value_unknown, 0) AS value_unknown,
        0 - COALESCE(v.value_at_risk_e4, 0) AS most_first,
        0 - s.dissatisfied AS most_dissatisfied_first
    FROM sums AS s
    LEFT JOIN valued AS v ON s.scope = v.scope AND s.name = v.name AND s.reason = v.reason
)
SELECT
    scope,
    name,
    reason,
    CAST(ROW_NUMBER() OVER (
        PARTITION BY scope, name ORDER BY most_first, most_dissatisfied_first, reason
    ) AS BIGINT) AS rank,
    contacts,
    unidentified,
    customers,
    complaints,
    unsolved,
    repeats,
    abandoned,
    dissatisfied,
    dissatisfied_customers,
    value_at_risk_e4,
    value_unknown,
    CASE WHEN contacts > 0 THEN CAST(dissatisfied AS DOUBLE) / CAST(contacts AS DOUBLE) END AS dissatisfied_share,
    csat_n,
    CASE WHEN csat_n > 0 THEN CAST(csat_e4 AS DOUBLE) / CAST(csat_n * 10000 AS DOUBLE) END AS csat
FROM joined
