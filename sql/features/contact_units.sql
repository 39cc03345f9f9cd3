-- contact_units: one known customer and those who are counted with them.
-- Key: customer_id. Who has no household or account is one alone.
-- The letter before an id keeps households, accounts and customers of equal ids apart. experiment_unit is the bare id, so
-- that another tool finds the same bucket.
SELECT
    s.customer_id AS customer_id,
    CONCAT('c:', s.customer_id) AS person_unit,
    CASE WHEN c.household_id IS NULL THEN CONCAT('c:', s.customer_id) ELSE CONCAT('h:', c.household_id) END
        AS household_unit,
    CASE WHEN c.account_id IS NULL THEN CONCAT('c:', s.customer_id) ELSE CONCAT('a:', c.account_id) END AS account_unit,
    CASE
        WHEN p.experiment_unit_kind = 'household' THEN COALESCE(c.household_id, s.customer_id)
        ELSE s.customer_id
    END AS experiment_unit
FROM customer_summary AS s
CROSS JOIN run_params AS p
LEFT JOIN staged_customers AS c ON s.customer_id = c.customer_id
