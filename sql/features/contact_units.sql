-- contact_units: one known customer and those who are counted with them.
-- Key: customer_id. Who has no household or account is one alone.
-- All ids of one person are one person here, unless [identity] count_together is false; an id without a household or an
-- account is in that of the person's other ids (the first of them).
-- The letter before an id keeps households, accounts and customers of equal ids apart. experiment_unit is the bare id, so
-- that another tool finds the same bucket: the first id of the person, or the first of the households that share a person.
WITH persons AS (
    SELECT
        person_id,
        MIN(household_id) AS household_id,
        MIN(account_id) AS account_id
    FROM customer_persons
    WHERE id_rule IS NOT NULL
    GROUP BY person_id
),
joined AS (
    SELECT
        n.customer_id AS customer_id,
        n.person_id AS person_id,
        CASE WHEN p.identity_count_together THEN n.person_id ELSE CAST(n.customer_id AS STRING) END AS counted_id,
        COALESCE(n.household_id, CASE WHEN p.identity_count_together THEN o.household_id END) AS household_id,
        COALESCE(n.account_id, CASE WHEN p.identity_count_together THEN o.account_id END) AS account_id,
        -- Arms are shared by the person however contacts are counted.
        COALESCE(n.household_id, o.household_id) AS arm_household_id,
        p.experiment_unit_kind AS unit_kind
    FROM customer_persons AS n
    CROSS JOIN run_params AS p
    LEFT JOIN persons AS o ON n.person_id = o.person_id
)
SELECT
    j.customer_id AS customer_id,
    CONCAT('c:', j.counted_id) AS person_unit,
    CASE WHEN j.household_id IS NULL THEN CONCAT('c:', j.counted_id) ELSE CONCAT('h:', j.household_id) END
        AS household_unit,
    CASE WHEN j.account_id IS NULL THEN CONCAT('c:', j.counted_id) ELSE CONCAT('a:', j.account_id) END AS account_unit,
    CASE
        WHEN j.unit_kind = 'household' THEN COALESCE(g.group_id, j.arm_household_id, j.person_id)
        WHEN j.unit_kind = 'person' THEN j.person_id
        ELSE CAST(j.customer_id AS STRING)
    END AS experiment_unit
FROM joined AS j
LEFT JOIN household_groups AS g ON j.arm_household_id = g.household_id
