-- attrition_service: what one customer went through in the contact centre and on the site of late.
-- Key: customer_id. Left out: customers without a contact or page event in the last 365 days.
-- Units: a row of the export stands for [inputs.interactions] count contacts, one if that is not mapped. Waits are seconds,
-- null when none was measured. Satisfaction in ten-thousandths of its scale. Figures called since are of the last purchase
-- day and all after it: who bought again forgave. Waits are of channels where a person waits for the answer: a letter takes
-- hours, and nobody minds.
WITH said AS (
    SELECT
        i.customer_id AS customer_id,
        COALESCE(i.count, 1) AS contacts,
        CASE WHEN COALESCE(i.event, 'question') = 'question' THEN 1 ELSE 0 END AS is_contact,
        CASE WHEN i.start_day >= p.as_of_day - 90 THEN 1 ELSE 0 END AS is_late,
        CASE WHEN i.start_day >= p.as_of_day - 180 THEN 1 ELSE 0 END AS is_half,
        CASE WHEN i.start_day >= s.last_order_day THEN 1 ELSE 0 END AS is_since,
        CASE WHEN i.abandoned THEN 1 ELSE 0 END AS abandoned,
        CASE WHEN i.event = 'cart' THEN 1 ELSE 0 END AS cart,
        CASE
            WHEN
                COALESCE(i.event, 'question') = 'question'
                AND COALESCE(i.channel, 'phone') IN ('phone', 'chat', 'visit', 'counter', 'store')
            THEN i.wait_s_e4
        END AS wait_s_e4,
        i.satisfaction_e4 AS satisfaction_e4
    FROM staged_interactions AS i
    LEFT JOIN customer_summary AS s ON i.customer_id = s.customer_id
    CROSS JOIN run_params AS p
    WHERE i.customer_id IS NOT NULL AND i.start_day >= p.as_of_day - 365
),
sums AS (
    SELECT
        customer_id,
        CAST(SUM(contacts * is_contact * is_late) AS BIGINT) AS contacts_90d,
        CAST(SUM(contacts * abandoned * is_contact * is_late) AS BIGINT) AS abandoned_90d,
        CAST(SUM(contacts * cart * is_late) AS BIGINT) AS carts_90d,
        CAST(SUM(CASE WHEN is_half = 1 AND wait_s_e4 IS NOT NULL THEN contacts ELSE 0 END) AS BIGINT) AS waits,
        CAST(SUM(CASE WHEN is_half = 1 THEN contacts * COALESCE(wait_s_e4, 0) ELSE 0 END) AS BIGINT) AS waited_s_e4,
        MAX(CASE WHEN is_late = 1 THEN wait_s_e4 END) AS longest_wait_90d_s_e4,
        MAX(CASE WHEN is_since = 1 THEN wait_s_e4 END) AS longest_wait_since_s_e4,
        CAST(SUM(CASE WHEN satisfaction_e4 IS NOT NULL THEN contacts ELSE 0 END) AS BIGINT) AS answers,
        CAST(SUM(contacts * COALESCE(satisfaction_e4, 0)) AS BIGINT) AS satisfaction_e4
    FROM said
    GROUP BY customer_id
),
complaints AS (
    SELECT
        k.customer_id AS customer_id,
        CAST(COUNT(*) AS BIGINT) AS complaints_365d,
        CAST(SUM(CASE WHEN k.first_day >= p.as_of_day - 90 THEN 1 ELSE 0 END) AS BIGINT) AS complaints_90d,
        CAST(SUM(CASE WHEN k.first_day >= s.last_order_day THEN 1 ELSE 0 END) AS BIGINT) AS complaints_since,
        CAST(SUM(CASE WHEN k.is_open AND k.first_day >= s.last_order_day THEN 1 ELSE 0 END) AS BIGINT)
            AS open_complaints_since
    FROM customer_complaints AS k
    LEFT JOIN customer_summary AS s ON k.customer_id = s.customer_id
    CROSS JOIN run_params AS p
    WHERE k.first_day >= p.as_of_day - 365
    GROUP BY k.customer_id
)
SELECT
    s.customer_id AS customer_id,
    s.contacts_90d AS contacts_90d,
    s.abandoned_90d AS abandoned_90d,
    s.carts_90d AS carts_90d,
    CASE WHEN s.waits > 0 THEN CAST(s.waited_s_e4 AS DOUBLE) / CAST(s.waits AS DOUBLE) / 10000.0 END AS mean_wait_s,
    CAST(s.longest_wait_90d_s_e4 AS DOUBLE) / 10000.0 AS longest_wait_90d_s,
    CAST(s.longest_wait_since_s_e4 AS DOUBLE) / 10000.0 AS longest_wait_since_s,
    CASE WHEN s.answers > 0 THEN CAST(s.satisfaction_e4 AS DOUBLE) / CAST(s.answers AS DOUBLE) / 10000.0 END AS satisfaction,
    COALESCE(k.complaints_365d, 0) AS complaints_365d,
    COALESCE(k.complaints_90d, 0) AS complaints_90d,
    COALESCE(k.complaints_since, 0) AS complaints_since,
    COALESCE(k.open_complaints_since, 0) AS open_complaints_since
FROM sums AS s
LEFT JOIN complaints AS k ON s.customer_id = k.customer_id
