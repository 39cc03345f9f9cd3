-- agent_facts: one of the facts that an agent should see of one customer, the most telling first.
-- Key: customer_id, position. At most [agent_facts] most of a customer, 25 unless it says otherwise.
-- First come what an agent must not miss, in the order of the catalogue: how to address the customer, the service level, an
-- open complaint, a promise that is due, the last contact. Then by relevance, ties in the order of the catalogue
-- (spec/definitions.md 3.20): relevance in the customer's situation (a complaint, a promise, about to leave, or everyday) x
-- freshness (2^(-age / half-life), 1 without a date) x rarity (-log share of customers with the same) x weight of the tier.
-- The product is of whole numbers, so that no rounding moves a fact. template_vars is a JSON object with the type of the
-- value and, where it is no text, the value itself, for a screen that speaks the agent's language.
WITH situations AS (
    SELECT
        c.customer_id AS customer_id,
        CASE
            WHEN c.open_complaints > 0 THEN 'complaint'
            WHEN c.promise_due_day IS NOT NULL THEN 'promise'
            WHEN c.lifecycle_state IN ('at_risk', 'dormant', 'slipping') THEN 'leaving'
            ELSE 'everyday'
        END AS situation,
        w.weight_e2 AS weight_e2
    FROM customers AS c
    JOIN fact_tier_weights AS w ON c.actual_tier = w.tier
),
aged AS (
    SELECT
        f.customer_id AS customer_id,
        f.fact_id AS fact_id,
        f.fact_no AS fact_no,
        f.unit AS unit,
        f.text_value AS text_value,
        f.number AS number,
        f.class AS class,
        f.observed_day AS observed_day,
        CASE WHEN f.is_first THEN 0 ELSE 1 END AS must_first,
        CASE WHEN f.is_first THEN f.fact_no ELSE 0 END AS must_place,
        CASE
            WHEN f.observed_day IS NOT NULL THEN GREATEST(CAST(p.as_of_day - 1 - f.observed_day AS INTEGER), 0)
        END AS age_days
    FROM fact_classes AS f
    CROSS JOIN run_params AS p
),
weighed AS (
    SELECT
        a.customer_id AS customer_id,
        a.fact_id AS fact_id,
        a.fact_no AS fact_no,
        a.unit AS unit,
        a.text_value AS text_value,
        a.number AS number,
        a.observed_day AS observed_day,
        a.age_days AS age_days,
        a.must_first AS must_first,
        a.must_place AS must_place,
        r.relevance_e2
            * CASE WHEN a.age_days IS NULL THEN 1000 ELSE COALESCE(t.freshness_e3, 0) END
            * y.rarity_e3
            * s.weight_e2 AS score
    FROM aged AS a
    JOIN situations AS s ON a.customer_id = s.customer_id
    JOIN fact_relevance AS r ON a.fact_id = r.fact_id AND s.situation = r.situation
    JOIN fact_rarities AS y ON a.fact_id = y.fact_id AND a.class = y.class
    LEFT JOIN fact_freshness AS t ON a.age_days = t.age_days
),
keyed AS (
    SELECT
        customer_id,
        fact_id,
        fact_no,
        unit,
        text_value,
        number,
        observed_day,
        age_days,
        must_first,
        must_place,
        score,
        0 - score AS best_first
    FROM weighed
),
ranked AS (
    SELECT
        customer_id,
        fact_id,
        unit,
        text_value,
        number,
        observed_day,
        age_days,
        score,
        CAST(
            ROW_NUMBER() OVER (
                PARTITION BY customer_id ORDER BY must_first, must_place, best_first, fact_no
            ) AS INTEGER
        ) AS position
    FROM keyed
),
best AS (
    SELECT
        r.customer_id AS customer_id,
        r.position AS position,
        r.fact_id AS fact_id,
        r.unit AS unit,
        r.text_value AS text_value,
        r.number AS number,
        CASE WHEN r.number < 0 THEN '-' ELSE '' END AS sign,
        ABS(r.number) AS size,
        -- Of dates only: what is not taken is computed too, and money does not fit.
        CAST(CASE WHEN r.unit = 'date' THEN r.number END AS INTEGER) AS date_day,
        r.observed_day AS observed_day,
        r.age_days AS age_days,
        r.score AS score,
        p.currency AS currency
    FROM ranked AS r
    CROSS JOIN run_params AS p
    CROSS JOIN fact_params AS f
    WHERE r.position <= f.most
),
written AS (
    SELECT
        b.customer_id AS customer_id,
        b.position AS position,
        b.fact_id AS fact_id,
        b.unit AS unit,
        b.number AS number,
        b.observed_day AS observed_day,
        b.age_days AS age_days,
        b.score AS score,
        b.currency AS currency,
        CASE
            WHEN b.unit = 'text' THEN b.text_value
            WHEN b.unit = 'date' THEN d.date_text
            WHEN b.unit IN ('money', 'mark') THEN CONCAT(
                b.sign,
                CAST(CAST((b.size - b.size % 10000) / 10000 AS BIGINT) AS STRING),
                '.',
                SUBSTR(CAST(b.size % 10000 + 10000 AS STRING), 2, 4)
            )
            ELSE CAST(b.number AS STRING)
        END AS value
    FROM best AS b
    LEFT JOIN civil_days AS d ON b.date_day = d.day
)
SELECT
    w.customer_id AS customer_id,
    w.position AS position,
    w.fact_id AS fact_id,
    w.value AS value,
    CASE
        WHEN w.unit IN ('money', 'mark') THEN CAST(w.number AS DOUBLE) / CAST(10000 AS DOUBLE)
        WHEN w.unit IN ('count', 'days', 'hour') THEN CAST(w.number AS DOUBLE)
    END AS value_num,
    CASE
        WHEN w.unit = 'text' THEN '{"type":"text"}'
        WHEN w.unit = 'date' THEN CONCAT('{"type":"date","date":"', w.value, '"}')
        WHEN w.unit = 'money' THEN CONCAT('{"type":"money","number":', w.value, ',"currency":"', w.currency, '"}')
        ELSE CONCAT('{"type":"', w.unit, '","number":', w.value, '}')
    END AS template_vars,
    CAST(w.score AS DOUBLE) / CAST(10000000000 AS DOUBLE) AS relevance,
    k.source AS source,
    w.observed_day AS observed_day,
    w.age_days AS age_days
FROM written AS w
JOIN fact_catalogue AS k ON w.fact_id = k.fact_id
