-- fact_numbers: one thing in numbers that an agent may want to know of one customer.
-- Key: customer_id, fact_id.
-- Units: as fact_catalogue says: a count, days, a day since 1970-01-01, an hour, or ten-thousandths of money or of a mark.
WITH known AS (
    SELECT
        c.customer_id AS customer_id,
        CAST(NULL AS INTEGER) AS undated,
        p.as_of_day AS as_of_day,
        p.as_of_day + o.horizon_days AS horizon_day,
        c.open_complaints AS open_complaints,
        c.oldest_complaint_days AS oldest_complaint_days,
        c.promise_due_day AS promise_due_day,
        l.day AS contact_day,
        c.days_since_two_way AS days_since_two_way,
        c.contacts_90d AS contacts_90d,
        c.abandoned_90d AS abandoned_90d,
        c.csat_mean_e4 AS csat_mean_e4,
        c.tenure_days AS tenure_days,
        c.orders AS orders,
        c.last_order_day AS last_order_day,
        c.net_revenue_12m_e4 AS net_revenue_12m_e4,
        c.prev_12m_e4 AS prev_12m_e4,
        c.avg_order_value_e4 AS avg_order_value_e4,
        c.categories_bought AS categories_bought,
        c.value_at_risk_e4 AS value_at_risk_e4,
        c.unrealised_potential_e4 AS unrealised_potential_e4,
        c.clv_expected_e4 AS clv_expected_e4,
        c.actual_tier AS actual_tier,
        c.tier_delta AS tier_delta,
        c.pref_hour AS pref_hour,
        c.next_birthday_day AS next_birthday_day,
        c.next_anniversary_day AS next_anniversary_day,
        c.next_allowed_call_day AS next_allowed_call_day,
        c.sends_30d AS sends_30d
    FROM customers AS c
    CROSS JOIN run_params AS p
    CROSS JOIN occasion_params AS o
    LEFT JOIN last_contacts AS l ON c.customer_id = l.customer_id
)
SELECT customer_id, 'open_complaint' AS fact_id, CAST(open_complaints AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE open_complaints > 0
UNION ALL
SELECT customer_id, 'complaint_age' AS fact_id, CAST(oldest_complaint_days AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE oldest_complaint_days IS NOT NULL
UNION ALL
SELECT customer_id, 'promise_due' AS fact_id, CAST(promise_due_day AS BIGINT) AS number, contact_day AS observed_day
FROM known
WHERE promise_due_day IS NOT NULL
UNION ALL
SELECT customer_id, 'days_since_two_way' AS fact_id, CAST(days_since_two_way AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE days_since_two_way IS NOT NULL
UNION ALL
SELECT customer_id, 'contacts_90d' AS fact_id, CAST(contacts_90d AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE contacts_90d > 0
UNION ALL
SELECT customer_id, 'gave_up_90d' AS fact_id, CAST(abandoned_90d AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE abandoned_90d > 0
UNION ALL
SELECT customer_id, 'satisfaction' AS fact_id, CAST(csat_mean_e4 AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE csat_mean_e4 IS NOT NULL
UNION ALL
SELECT customer_id, 'tenure' AS fact_id, CAST(tenure_days AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE tenure_days IS NOT NULL
UNION ALL
SELECT customer_id, 'orders' AS fact_id, CAST(orders AS BIGINT) AS number, last_order_day AS observed_day
FROM known
WHERE orders > 0
UNION ALL
SELECT customer_id, 'last_order' AS fact_id, CAST(last_order_day AS BIGINT) AS number, last_order_day AS observed_day
FROM known
WHERE last_order_day IS NOT NULL
UNION ALL
SELECT customer_id, 'revenue_12m' AS fact_id, CAST(net_revenue_12m_e4 AS BIGINT) AS number, last_order_day AS observed_day
FROM known
WHERE net_revenue_12m_e4 > 0
UNION ALL
SELECT customer_id, 'revenue_before' AS fact_id, CAST(prev_12m_e4 AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE prev_12m_e4 > 0
UNION ALL
SELECT customer_id, 'order_value' AS fact_id, CAST(avg_order_value_e4 AS BIGINT) AS number, last_order_day AS observed_day
FROM known
WHERE avg_order_value_e4 IS NOT NULL
UNION ALL
SELECT customer_id, 'categories' AS fact_id, CAST(categories_bought AS BIGINT) AS number, last_order_day AS observed_day
FROM known
WHERE categories_bought > 0
UNION ALL
SELECT customer_id, 'value_at_risk' AS fact_id, CAST(value_at_risk_e4 AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE value_at_risk_e4 > 0
UNION ALL
SELECT customer_id, 'potential' AS fact_id, CAST(unrealised_potential_e4 AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE unrealised_potential_e4 > 0
UNION ALL
SELECT customer_id, 'expected_value' AS fact_id, CAST(clv_expected_e4 AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE clv_expected_e4 > 0
UNION ALL
SELECT customer_id, 'tier' AS fact_id, CAST(actual_tier AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE actual_tier > 0
UNION ALL
SELECT customer_id, 'tier_moved' AS fact_id, CAST(tier_delta AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE tier_delta <> 0
UNION ALL
SELECT customer_id, 'best_hour' AS fact_id, CAST(pref_hour AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE pref_hour IS NOT NULL
UNION ALL
SELECT customer_id, 'birthday' AS fact_id, CAST(next_birthday_day AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE next_birthday_day <= horizon_day
UNION ALL
SELECT customer_id, 'anniversary' AS fact_id, CAST(next_anniversary_day AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE next_anniversary_day <= horizon_day
UNION ALL
SELECT customer_id, 'no_call_before' AS fact_id, CAST(next_allowed_call_day AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE next_allowed_call_day > as_of_day
UNION ALL
SELECT customer_id, 'messages_30d' AS fact_id, CAST(sends_30d AS BIGINT) AS number, undated AS observed_day
FROM known
WHERE sends_30d > 0
