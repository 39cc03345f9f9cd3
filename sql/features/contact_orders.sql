-- contact_orders: one order that came of a contact, and what it brought.
-- Key: none. Each order of a customer counts once, for one contact of the contact centre's window at most.
-- Units: money in ten-thousandths; margin_e4 is null when a cost is not known.
-- An order belongs to the contact that it names (contact_id of its first lines); else to the customer's last contact that we
-- answered, or made, before it, if that was not more than [contact_centre] attribution_days earlier. That they bought because
-- of the contact is not said: it is an attribution, no effect.
-- Left out: orders without such a contact, and orders that do not qualify.
WITH named AS (
    SELECT order_id, MIN(contact_id) AS contact_id
    FROM staged_transactions
    WHERE contact_id IS NOT NULL AND original_order_id IS NULL
    GROUP BY order_id
),
found AS (
    SELECT n.order_id AS order_id, c.contact_no AS named_no
    FROM named AS n
    JOIN centre_contacts AS c ON n.contact_id = c.interaction_id
),
bought AS (
    SELECT
        o.customer_id AS customer_id,
        o.order_id AS order_id,
        o.ts_us AS ts_us,
        o.net_revenue_e4 AS net_revenue_e4,
        CASE WHEN o.lines_without_cost = 0 THEN o.net_revenue_e4 - o.cost_e4 END AS margin_e4,
        f.named_no AS named_no
    FROM orders AS o
    LEFT JOIN found AS f ON o.order_id = f.order_id
    WHERE o.is_qualifying
),
unnamed AS (
    SELECT
        b.customer_id AS customer_id,
        b.order_id AS order_id,
        b.ts_us AS ts_us,
        b.net_revenue_e4 AS net_revenue_e4,
        b.margin_e4 AS margin_e4
    FROM bought AS b
    CROSS JOIN contact_centre_params AS c
    CROSS JOIN run_params AS p
    WHERE b.named_no IS NULL AND b.customer_id IS NOT NULL AND b.ts_us >= p.as_of_us - c.window_us
),
spoken AS (
    SELECT customer_id, contact_no, ts_us
    FROM centre_contacts
    WHERE customer_id IS NOT NULL AND answered = 1
),
numbered AS (
    SELECT
        customer_id,
        order_id,
        ts_us,
        net_revenue_e4,
        margin_e4,
        CAST(ROW_NUMBER() OVER (ORDER BY customer_id, ts_us, order_id) AS BIGINT) AS order_no
    FROM unnamed
),
-- Contacts are numbered in the order of their customer's time, so that the largest number so far is the last contact.
events AS (
    SELECT customer_id, ts_us, 0 AS kind, contact_no AS no, contact_no AS contact_no FROM spoken
    UNION ALL
    SELECT customer_id, ts_us, 1 AS kind, order_no AS no, CAST(NULL AS BIGINT) AS contact_no FROM numbered
),
followed AS (
    SELECT
        kind,
        no,
        MAX(contact_no) OVER (
            PARTITION BY customer_id ORDER BY ts_us, kind, no ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS contact_no
    FROM events
),
last_contacts AS (
    SELECT no AS order_no, contact_no FROM followed WHERE kind = 1 AND contact_no IS NOT NULL
)
SELECT
    named_no AS contact_no,
    order_id,
    customer_id,
    'named' AS rule,
    net_revenue_e4,
    margin_e4
FROM bought
WHERE named_no IS NOT NULL
UNION ALL
SELECT
    l.contact_no AS contact_no,
    n.order_id AS order_id,
    n.customer_id AS customer_id,
    'last_contact' AS rule,
    n.net_revenue_e4 AS net_revenue_e4,
    n.margin_e4 AS margin_e4
FROM numbered AS n
JOIN last_contacts AS l ON n.order_no = l.order_no
JOIN centre_contacts AS c ON l.contact_no = c.contact_no
CROSS JOIN contact_centre_params AS p
WHERE n.ts_us - c.ts_us <= p.attribution_us
