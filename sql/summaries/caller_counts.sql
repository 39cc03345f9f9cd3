-- caller_counts: the contacts of unknown callers by whether their number or address says who they are.
-- Key: status. Every inbound contact without a customer is in exactly one row.
-- linked; not_known_then (before its one owner signed up or bought first); several (more than one person has it); unverified;
-- nobody (nobody has it); unreadable (no number or address); no_number (the row has none). customers are those linked.
SELECT
    status,
    CAST(SUM(contacts) AS BIGINT) AS contacts,
    CAST(COUNT(DISTINCT customer_id) AS BIGINT) AS customers
FROM caller_contacts
GROUP BY status
