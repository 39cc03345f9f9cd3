-- group_members: one customer in one group: the ids of a person who has several, a household, an account.
-- Key: kind, customer_id. Left out: customers in no such group (group_totals counts them).
SELECT 'person' AS kind, person_id AS group_id, customer_id FROM customers WHERE id_rule IS NOT NULL
UNION ALL
SELECT 'household' AS kind, household_id AS group_id, customer_id FROM customers WHERE household_id IS NOT NULL
UNION ALL
SELECT 'account' AS kind, account_id AS group_id, customer_id FROM customers WHERE account_id IS NOT NULL
