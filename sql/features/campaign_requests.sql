-- campaign_requests: one eligible customer of one campaign, and what holds them back before any cap.
-- Key: campaign_id, customer_id. The first reason that applies counts.
-- Who objected to profiling has no score, and is left out unless the campaign does without profiling. A denial is
-- honoured even where no grant is needed. What the same person said under another id holds too: an open complaint, an objection
-- to profiling, and a denial unless this id has said something since.
WITH asked AS (
    SELECT
        q.campaign_id AS campaign_id,
        q.customer_id AS customer_id,
        q.score AS score,
        q.expected_value AS expected_value,
        q.script_vars AS script_vars,
        d.channel AS channel,
        d.purpose AS purpose,
        d.consent AS consent,
        d.is_profiling AS is_profiling,
        d.open_complaint_days AS open_complaint_days,
        d.product_id AS product_id
    FROM campaign_candidates AS q
    JOIN campaign_definitions AS d ON q.campaign_id = d.campaign_id
),
complaints AS (
    SELECT u.person_unit AS person_unit, MAX(k.first_day) AS complaint_day
    FROM customer_complaints AS k
    JOIN contact_units AS u ON k.customer_id = u.customer_id
    WHERE k.is_open
    GROUP BY u.person_unit
),
objections AS (
    SELECT u.person_unit AS person_unit
    FROM customer_permissions AS m
    JOIN contact_units AS u ON m.customer_id = u.customer_id
    WHERE m.profiling_opt_out
    GROUP BY u.person_unit
),
denials AS (
    SELECT u.person_unit AS person_unit, k.channel AS channel, k.purpose AS purpose, MAX(k.consent_us) AS denied_us
    FROM customer_consents AS k
    JOIN contact_units AS u ON k.customer_id = u.customer_id
    WHERE k.status = 'denied'
    GROUP BY u.person_unit, k.channel, k.purpose
),
informed AS (
    SELECT
        a.campaign_id AS campaign_id,
        a.customer_id AS customer_id,
        a.score AS score,
        a.expected_value AS expected_value,
        a.script_vars AS script_vars,
        a.channel AS channel,
        a.consent AS consent,
        a.is_profiling AS is_profiling,
        a.open_complaint_days AS open_complaint_days,
        b.person_unit IS NOT NULL AS profiling_opt_out,
        m.is_closed AS is_closed,
        u.person_unit AS person_unit,
        u.household_unit AS household_unit,
        u.account_unit AS account_unit,
        u.experiment_unit AS experiment_unit,
        h.in_global_holdout AS in_global_holdout,
        h.holdout_bucket AS holdout_bucket,
        COALESCE(k.status, 'unknown') AS consent_status,
        k.consent_basis AS consent_basis,
        k.consent_us AS consent_us,
        n.denied_us AS denied_us,
        o.complaint_day AS complaint_day,
        s.stock_e4 AS stock_e4
    FROM asked AS a
    JOIN customer_permissions AS m ON a.customer_id = m.customer_id
    JOIN contact_units AS u ON a.customer_id = u.customer_id
    JOIN customer_holdouts AS h ON a.customer_id = h.customer_id
    LEFT JOIN customer_consents AS k
        ON a.customer_id = k.customer_id AND a.channel = k.channel AND a.purpose = k.purpose
    LEFT JOIN denials AS n
        ON u.person_unit = n.person_unit AND a.channel = n.channel AND a.purpose = n.purpose
    LEFT JOIN complaints AS o ON u.person_unit = o.person_unit
    LEFT JOIN objections AS b ON u.person_unit = b.person_unit
    LEFT JOIN staged_products AS s ON a.product_id = s.product_id
)
SELECT
    i.campaign_id AS campaign_id,
    i.customer_id AS customer_id,
    CASE WHEN i.profiling_opt_out THEN NULL ELSE i.score END AS score,
    CASE WHEN i.profiling_opt_out THEN NULL ELSE i.expected_value END AS expected_value,
    CASE WHEN i.profiling_opt_out THEN NULL ELSE i.script_vars END AS script_vars,
    i.person_unit AS person_unit,
    i.household_unit AS household_unit,
    i.account_unit AS account_unit,
    i.experiment_unit AS experiment_unit,
    i.in_global_holdout AS in_global_holdout,
    i.holdout_bucket AS holdout_bucket,
    CASE
        WHEN i.channel IS NULL THEN NULL
        WHEN i.consent = 'not_required' AND i.consent_status IN ('unknown', 'expired') THEN 'not_required'
        ELSE i.consent_basis
    END AS consent_basis,
    i.consent_us AS consent_us,
    CASE
        WHEN i.channel IS NULL THEN 'no_channel'
        WHEN i.is_closed THEN 'closed'
        WHEN i.consent_status = 'denied' OR (i.consent = 'required' AND i.consent_status <> 'granted')
        THEN CONCAT('no_consent:', i.consent_status)
        WHEN i.denied_us >= COALESCE(i.consent_us, i.denied_us) THEN 'no_consent:denied_by_other_id'
        WHEN i.profiling_opt_out AND i.is_profiling THEN 'profiling_opt_out'
        WHEN i.complaint_day >= p.as_of_day - i.open_complaint_days THEN 'complaint_open'
        WHEN i.stock_e4 <= 0 THEN 'out_of_stock'
    END AS held_back
FROM informed AS i
CROSS JOIN run_params AS p
