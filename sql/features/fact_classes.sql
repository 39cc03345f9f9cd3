-- fact_classes: one fact of one customer, and the class of values that it falls into.
-- Key: customer_id, fact_id. Left out: facts that [agent_facts] off names, and those of a profile for who objected to it.
-- Words are classes of their own, as are counts up to 20, hours and whole marks; money, days and the distance of dates are
-- classed by their number of digits.
WITH facts AS (
    SELECT customer_id, fact_id, value AS text_value, CAST(NULL AS BIGINT) AS number, observed_day FROM fact_texts
    UNION ALL
    SELECT customer_id, fact_id, CAST(NULL AS STRING) AS text_value, number, observed_day FROM fact_numbers
),
joined AS (
    SELECT
        f.customer_id AS customer_id,
        f.fact_id AS fact_id,
        k.fact_no AS fact_no,
        k.unit AS unit,
        k.is_first AS is_first,
        f.text_value AS text_value,
        f.number AS number,
        f.observed_day AS observed_day,
        ABS(CASE WHEN k.unit = 'date' THEN f.number - p.as_of_day ELSE f.number END) AS size
    FROM facts AS f
    JOIN fact_catalogue AS k ON f.fact_id = k.fact_id
    JOIN customer_clocks AS c ON f.customer_id = c.customer_id
    CROSS JOIN run_params AS p
    WHERE NOT (k.is_profile AND c.profiling_opt_out)
)
SELECT
    customer_id,
    fact_id,
    fact_no,
    unit,
    is_first,
    text_value,
    number,
    observed_day,
    CASE
        WHEN unit = 'text' THEN text_value
        WHEN unit IN ('count', 'hour') THEN CAST(LEAST(number, 20) AS STRING)
        WHEN unit = 'mark' THEN CAST(CAST((size - size % 10000) / 10000 AS BIGINT) AS STRING)
        ELSE CAST(CAST(LENGTH(CAST(size AS STRING)) AS BIGINT) AS STRING)
    END AS class
FROM joined
