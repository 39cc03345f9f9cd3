-- last_contacts: the newest contact of one customer, where the next one continues.
-- Key: customer_id. Left out: customers without a contact. Page views are not contacts.
-- Of several at one instant, the one of the first id.
WITH newest AS (
    SELECT
        i.customer_id AS customer_id,
        i.start_day AS day,
        i.interaction_id AS interaction_id,
        i.reason_code AS reason_code,
        i.need_stage AS need_stage,
        i.product_id AS product_id,
        i.agent_id AS agent_id,
        COALESCE(i.resolved, FALSE) AS is_resolved
    FROM staged_interactions AS i
    JOIN customer_contacts AS k ON i.customer_id = k.customer_id AND i.ts_start_us = k.last_contact_us
    WHERE COALESCE(i.event, 'question') = 'question'
),
ranked AS (
    SELECT
        customer_id,
        day,
        reason_code,
        need_stage,
        product_id,
        agent_id,
        is_resolved,
        CAST(
            ROW_NUMBER() OVER (
                PARTITION BY customer_id ORDER BY interaction_id, reason_code, need_stage, agent_id
            ) AS BIGINT
        ) AS place
    FROM newest
)
SELECT
    customer_id,
    day,
    reason_code,
    need_stage,
    product_id,
    agent_id,
    is_resolved
FROM ranked
WHERE place = 1
