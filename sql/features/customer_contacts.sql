-- customer_contacts: what the contacts with one customer say.
-- Key: customer_id. Left out: customers without a contact.
-- Units: a row of the export stands for [inputs.interactions] count contacts, one if that is not mapped,
-- each of which gave the row's satisfaction (in ten-thousandths of its scale). Page views are not contacts. csat_drop_e4 is how
-- far the mean of the last 90 days lies below that of all before: 0 when it does not, null when one of them has no answer.
WITH contacts AS (
    SELECT
        i.customer_id AS customer_id,
        i.interaction_id AS interaction_id,
        i.channel AS channel,
        COALESCE(
            i.disposition,
            CASE WHEN i.abandoned THEN 'abandoned' WHEN i.resolved THEN 'resolved' WHEN NOT i.resolved THEN 'open' END
        ) AS outcome,
        i.ts_start_us AS ts_us,
        i.start_day AS day,
        CASE WHEN i.abandoned THEN 1 ELSE 0 END AS abandoned,
        CASE WHEN COALESCE(i.resolved, FALSE) THEN NULL ELSE i.promise_due_day END AS promise_due_day,
        i.satisfaction_e4 AS satisfaction_e4,
        COALESCE(i.count, 1) AS contacts
    FROM staged_interactions AS i
    WHERE i.customer_id IS NOT NULL AND COALESCE(i.event, 'question') = 'question'
),
sums AS (
    SELECT
        c.customer_id AS customer_id,
        CAST(SUM(c.contacts) AS BIGINT) AS contacts,
        CAST(SUM(CASE WHEN c.day >= p.as_of_day - 90 THEN c.contacts ELSE 0 END) AS BIGINT) AS contacts_90d,
        CAST(SUM(CASE WHEN c.day >= p.as_of_day - 90 THEN c.contacts * c.abandoned ELSE 0 END) AS BIGINT) AS abandoned_90d,
        CAST(SUM(CASE WHEN c.day >= p.as_of_day - 30 THEN c.contacts * c.abandoned ELSE 0 END) AS BIGINT) AS abandoned_30d,
        MIN(c.promise_due_day) AS promise_due_day,
        CAST(SUM(c.contacts * COALESCE(c.satisfaction_e4, 0)) AS BIGINT) AS csat_sum_e4,
        CAST(SUM(CASE WHEN c.satisfaction_e4 IS NOT NULL THEN c.contacts ELSE 0 END) AS BIGINT) AS csat_n,
        CAST(SUM(CASE WHEN c.day >= p.as_of_day - 90 THEN c.contacts * COALESCE(c.satisfaction_e4, 0) ELSE 0 END) AS BIGINT)
            AS csat_now_e4,
        CAST(
            SUM(CASE WHEN c.day >= p.as_of_day - 90 AND c.satisfaction_e4 IS NOT NULL THEN c.contacts ELSE 0 END) AS BIGINT
        ) AS csat_now_n
    FROM contacts AS c
    CROSS JOIN run_params AS p
    GROUP BY c.customer_id
),
rated AS (
    -- The difference of the two means over one denominator: positive when the last 90 days are worse.
    SELECT
        customer_id,
        (csat_sum_e4 - csat_now_e4) * csat_now_n - csat_now_e4 * (csat_n - csat_now_n) AS fall,
        csat_now_n * (csat_n - csat_now_n) AS denominator
    FROM sums
),
ordered AS (
    SELECT customer_id, channel, outcome, ts_us, interaction_id, 0 - ts_us AS newest_first FROM contacts
),
-- One order of all contacts is much cheaper than one of each customer's.
ranked AS (
    SELECT
        customer_id,
        channel,
        outcome,
        ts_us,
        CAST(ROW_NUMBER() OVER (ORDER BY customer_id, newest_first, interaction_id) AS BIGINT) AS contact_no
    FROM ordered
),
newest AS (
    SELECT customer_id, MIN(contact_no) AS contact_no FROM ranked GROUP BY customer_id
),
two_way AS (
    SELECT customer_id, MAX(day) AS day FROM two_way_days GROUP BY customer_id
),
complaints AS (
    SELECT
        k.customer_id AS customer_id,
        CAST(SUM(CASE WHEN k.is_open THEN 1 ELSE 0 END) AS BIGINT) AS open_complaints,
        MIN(CASE WHEN k.is_open THEN k.first_day END) AS oldest_open_day,
        CAST(SUM(CASE WHEN k.is_repeat AND k.first_day >= p.as_of_day - 90 THEN 1 ELSE 0 END) AS BIGINT)
            AS repeat_complaints_90d
    FROM customer_complaints AS k
    CROSS JOIN run_params AS p
    GROUP BY k.customer_id
)
SELECT
    s.customer_id AS customer_id,
    s.contacts AS contacts,
    s.contacts_90d AS contacts_90d,
    l.ts_us AS last_contact_us,
    l.channel AS last_contact_channel,
    l.outcome AS last_contact_outcome,
    CAST(p.as_of_day - 1 - t.day AS INTEGER) AS days_since_two_way,
    COALESCE(k.open_complaints, 0) AS open_complaints,
    CAST(p.as_of_day - 1 - k.oldest_open_day AS INTEGER) AS oldest_complaint_days,
    COALESCE(k.repeat_complaints_90d, 0) AS repeat_complaints_90d,
    CASE
        WHEN s.csat_n = 0 THEN NULL
        WHEN s.csat_sum_e4 >= 0 THEN CAST((s.csat_sum_e4 - s.csat_sum_e4 % s.csat_n) / s.csat_n AS BIGINT)
        ELSE 0 - CAST((0 - s.csat_sum_e4 - (0 - s.csat_sum_e4) % s.csat_n) / s.csat_n AS BIGINT)
    END AS csat_mean_e4,
    s.csat_n AS csat_n,
    CAST(
        CASE
            WHEN r.denominator = 0 THEN NULL
            WHEN r.fall <= 0 THEN 0
            ELSE (r.fall - r.fall % r.denominator) / r.denominator
        END AS BIGINT
    ) AS csat_drop_e4,
    s.abandoned_90d AS abandoned_90d,
    s.abandoned_30d AS abandoned_30d,
    s.promise_due_day AS promise_due_day
FROM sums AS s
JOIN rated AS r ON s.customer_id = r.customer_id
JOIN newest AS n ON s.customer_id = n.customer_id
JOIN ranked AS l ON n.contact_no = l.contact_no
LEFT JOIN two_way AS t ON s.customer_id = t.customer_id
LEFT JOIN complaints AS k ON s.customer_id = k.customer_id
CROSS JOIN run_params AS p
