-- customer_callers: the contacts from one customer's numbers and addresses that did not name them.
-- Key: customer_id. Left out: customers without such a contact in the last 90 days.
SELECT c.customer_id AS customer_id, CAST(SUM(c.contacts) AS BIGINT) AS unnamed_contacts_90d
FROM caller_contacts AS c
CROSS JOIN run_params AS p
WHERE c.customer_id IS NOT NULL AND c.day >= p.as_of_day - 90
GROUP BY c.customer_id
