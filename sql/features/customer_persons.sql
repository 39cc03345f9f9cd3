-- customer_persons: which person one known customer is, and by which rules that is known.
-- Key: customer_id. Who is linked to nobody is a person alone, and has no id_rule.
-- person_id is the first of the ids that are one person; id_rule names the rules that link this one, separated by a blank.
WITH linked AS (
    SELECT
        customer_id,
        MIN(person_id) AS person_id,
        MIN(rule_id) AS first_rule,
        MAX(rule_id) AS last_rule
    FROM identity_links
    WHERE status = 'linked'
    GROUP BY customer_id
)
SELECT
    s.customer_id AS customer_id,
    COALESCE(l.person_id, CAST(s.customer_id AS STRING)) AS person_id,
    CASE
        WHEN l.first_rule = l.last_rule THEN l.first_rule
        WHEN l.first_rule <> l.last_rule THEN CONCAT(l.first_rule, ' ', l.last_rule)
    END AS id_rule,
    c.household_id AS household_id,
    c.account_id AS account_id
FROM customer_summary AS s
LEFT JOIN linked AS l ON s.customer_id = l.customer_id
LEFT JOIN staged_customers AS c ON s.customer_id = c.customer_id
