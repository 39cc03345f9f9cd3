-- household_bridges: one household of one person who has ids in several.
-- Key: person_id, household_id.
WITH homes AS (
    SELECT person_id, household_id
    FROM customer_persons
    WHERE id_rule IS NOT NULL AND household_id IS NOT NULL
    GROUP BY person_id, household_id
),
several AS (
    SELECT person_id, CAST(COUNT(*) AS BIGINT) AS households FROM homes GROUP BY person_id
)
SELECT h.person_id AS person_id, h.household_id AS household_id
FROM homes AS h
JOIN several AS s ON h.person_id = s.person_id
WHERE s.households > 1
