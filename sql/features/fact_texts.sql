-- fact_texts: one thing in words that an agent may want to know of one customer.
-- Key: customer_id, fact_id.
-- What the facts mean, how they are weighed and who may see them is in fact_catalogue.
WITH products AS (
    SELECT
        customer_id,
        list,
        CAST(product_id AS STRING) AS product
    FROM affinity_ptc
    WHERE rank = 1
),
known AS (
    SELECT
        c.customer_id AS customer_id,
        CAST(NULL AS INTEGER) AS undated,
        c.customer_type AS customer_type,
        c.service_level AS service_level,
        c.last_contact_channel AS last_contact_channel,
        l.day AS contact_day,
        c.last_contact_outcome AS last_contact_outcome,
        l.reason_code AS reason_code,
        l.need_stage AS need_stage,
        l.agent_id AS agent_id,
        c.next_question_id AS next_question_id,
        c.account_role AS account_role,
        c.language AS language,
        c.region_path AS region_path,
        c.contact_time_zone AS contact_time_zone,
        c.value_group AS value_group,
        c.rfm_segment AS rfm_segment,
        c.last_order_day AS last_order_day,
        c.lifecycle_state AS lifecycle_state,
        c.state_since_day AS state_since_day,
        c.attrition_band AS attrition_band,
        c.pref_channel AS pref_channel,
        c.pref_daypart AS pref_daypart,
        c.consent_email AS consent_email,
        c.consent_phone AS consent_phone
    FROM customers AS c
    LEFT JOIN last_contacts AS l ON c.customer_id = l.customer_id
)
SELECT customer_id, 'name_form' AS fact_id, customer_type AS value, undated AS observed_day
FROM known
WHERE customer_type IS NOT NULL
UNION ALL
SELECT customer_id, 'service_level' AS fact_id, service_level AS value, undated AS observed_day
FROM known
WHERE service_level IS NOT NULL
UNION ALL
SELECT customer_id, 'last_contact' AS fact_id, last_contact_channel AS value, contact_day AS observed_day
FROM known
WHERE last_contact_channel IS NOT NULL
UNION ALL
SELECT customer_id, 'last_outcome' AS fact_id, last_contact_outcome AS value, contact_day AS observed_day
FROM known
WHERE last_contact_outcome IS NOT NULL
UNION ALL
SELECT customer_id, 'continue_reason' AS fact_id, reason_code AS value, contact_day AS observed_day
FROM known
WHERE reason_code IS NOT NULL
UNION ALL
SELECT customer_id, 'continue_stage' AS fact_id, need_stage AS value, contact_day AS observed_day
FROM known
WHERE need_stage IS NOT NULL
UNION ALL
SELECT customer_id, 'continue_agent' AS fact_id, agent_id AS value, contact_day AS observed_day
FROM known
WHERE agent_id IS NOT NULL
UNION ALL
SELECT customer_id, 'next_question' AS fact_id, next_question_id AS value, undated AS observed_day
FROM known
WHERE next_question_id IS NOT NULL
UNION ALL
SELECT customer_id, 'account_role' AS fact_id, account_role AS value, undated AS observed_day
FROM known
WHERE account_role IS NOT NULL
UNION ALL
SELECT customer_id, 'language' AS fact_id, language AS value, undated AS observed_day
FROM known
WHERE language IS NOT NULL
UNION ALL
SELECT customer_id, 'region' AS fact_id, region_path AS value, undated AS observed_day
FROM known
WHERE region_path IS NOT NULL
UNION ALL
SELECT customer_id, 'time_zone' AS fact_id, contact_time_zone AS value, undated AS observed_day
FROM known
WHERE contact_time_zone IS NOT NULL
UNION ALL
SELECT customer_id, 'value_group' AS fact_id, value_group AS value, undated AS observed_day
FROM known
WHERE value_group IS NOT NULL
UNION ALL
SELECT customer_id, 'rfm_segment' AS fact_id, rfm_segment AS value, last_order_day AS observed_day
FROM known
WHERE rfm_segment IS NOT NULL
UNION ALL
SELECT customer_id, 'lifecycle' AS fact_id, lifecycle_state AS value, state_since_day AS observed_day
FROM known
WHERE lifecycle_state IS NOT NULL
UNION ALL
SELECT customer_id, 'attrition_band' AS fact_id, attrition_band AS value, undated AS observed_day
FROM known
WHERE attrition_band IS NOT NULL
UNION ALL
SELECT customer_id, 'best_channel' AS fact_id, pref_channel AS value, undated AS observed_day
FROM known
WHERE pref_channel IS NOT NULL
UNION ALL
SELECT customer_id, 'best_daypart' AS fact_id, pref_daypart AS value, undated AS observed_day
FROM known
WHERE pref_daypart IS NOT NULL
UNION ALL
SELECT customer_id, 'consent_email' AS fact_id, consent_email AS value, undated AS observed_day
FROM known
WHERE consent_email IS NOT NULL
UNION ALL
SELECT customer_id, 'consent_phone' AS fact_id, consent_phone AS value, undated AS observed_day
FROM known
WHERE consent_phone IS NOT NULL
UNION ALL
SELECT customer_id, 'next_product' AS fact_id, product AS value, CAST(NULL AS INTEGER) AS observed_day FROM products
WHERE list = 'cross_sell'
UNION ALL
SELECT customer_id, 'replenish' AS fact_id, product AS value, CAST(NULL AS INTEGER) AS observed_day FROM products
WHERE list = 'replenish'
UNION ALL
SELECT customer_id, 'win_back_product' AS fact_id, product AS value, CAST(NULL AS INTEGER) AS observed_day FROM products
WHERE list = 'win_back'
UNION ALL
SELECT customer_id, 'continue_product' AS fact_id, CAST(product_id AS STRING) AS value, day AS observed_day
FROM last_contacts
WHERE product_id IS NOT NULL
UNION ALL
SELECT customer_id, kind AS fact_id, code AS value, day AS observed_day FROM life_events
