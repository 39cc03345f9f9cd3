-- caller_links: one contact that named nobody, with the customer whose verified number or address was used.
-- Key: interaction_id. Left out: all other contacts without a name (caller_counts counts them), and those without an id.
-- The rule says by what; customer_id is the first id of the person that has it. Holds no address or number.
SELECT
    interaction_id,
    customer_id,
    rule_id,
    channel,
    ts_us
FROM caller_contacts
WHERE customer_id IS NOT NULL AND interaction_id IS NOT NULL
