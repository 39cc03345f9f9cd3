-- campaign_outcomes: one unit of one wave of a campaign: what it did in the window and in the one before, and what it was when
-- the wave began.
-- Key: campaign_id, wave, unit_id. A unit is a person, or what [experiments] unit says; money and counts are of its customers
-- in the wave together.
-- Units: days with a visit, qualifying orders, money in ten-thousandths. Columns called before are of the equal window before.
-- tier is the value tier (the best of the household) of the last period that was over, 0 without value and null without such a
-- period. decile ranks the units of the wave by revenue in [campaign_response] history_days before it, 1 is best, equal ones
-- at the middle of their block. is_new: nobody in the unit had ordered or signed up before the window before, so that it
-- tells nothing of them. contact figures and attributed orders are of the unit's own messages.
WITH attributed AS (
    SELECT
        campaign_id,
        wave,
        customer_id,
        CAST(COUNT(*) AS BIGINT) AS orders,
        CAST(SUM(revenue_e4) AS BIGINT) AS revenue_e4,
        CAST(SUM(margin_e4) AS BIGINT) AS margin_e4
    FROM campaign_attributions
    GROUP BY campaign_id, wave, customer_id
),
members AS (
    SELECT
        m.campaign_id AS campaign_id,
        m.wave AS wave,
        m.unit_id AS unit_id,
        m.arm AS arm,
        m.messages AS messages,
        m.delivered AS delivered,
        m.opened AS opened,
        m.clicked AS clicked,
        m.cost_e4 AS cost_e4,
        CASE WHEN COALESCE(r.responses, 0) > 0 THEN 1 ELSE 0 END AS responded,
        CASE WHEN m.unsubscribed = 1 OR COALESCE(r.denials, 0) > 0 THEN 1 ELSE 0 END AS opted_out,
        CASE WHEN COALESCE(r.complaints, 0) > 0 THEN 1 ELSE 0 END AS complained,
        COALESCE(r.visits, 0) AS visits,
        COALESCE(r.visits_before, 0) AS visits_before,
        COALESCE(b.orders, 0) AS orders,
        COALESCE(b.revenue_e4, 0) AS revenue_e4,
        COALESCE(b.margin_e4, 0) AS margin_e4,
        COALESCE(b.orders_before, 0) AS orders_before,
        COALESCE(b.revenue_before_e4, 0) AS revenue_before_e4,
        COALESCE(b.margin_before_e4, 0) AS margin_before_e4,
        COALESCE(b.value_e4, 0) AS value_e4,
        COALESCE(b.lines_without_cost, 0) AS lines_without_cost,
        COALESCE(b.lines_without_cost_before, 0) AS lines_without_cost_before,
        COALESCE(a.orders, 0) AS attributed_orders,
        COALESCE(a.revenue_e4, 0) AS attributed_revenue_e4,
        COALESCE(a.margin_e4, 0) AS attributed_margin_e4,
        CASE
            WHEN s.first_order_day < m.before_day THEN 0
            WHEN c.signup_us < m.start_us - CAST(m.start_day - m.before_day AS BIGINT) * 86400000000 THEN 0
            ELSE 1
        END AS is_new,
        COALESCE(c.region, 'unknown') AS region,
        CASE WHEN w.tier_period_no IS NOT NULL THEN COALESCE(NULLIF(t.actual_tier, 0), 6) END AS tier
    FROM campaign_members AS m
    JOIN campaign_waves AS w ON m.campaign_id = w.campaign_id AND m.wave = w.wave
    LEFT JOIN campaign_purchases AS b
        ON m.campaign_id = b.campaign_id AND m.wave = b.wave AND m.customer_id = b.customer_id
    LEFT JOIN campaign_reactions AS r
        ON m.campaign_id = r.campaign_id AND m.wave = r.wave AND m.customer_id = r.customer_id
    LEFT JOIN attributed AS a
        ON m.campaign_id = a.campaign_id AND m.wave = a.wave AND m.customer_id = a.customer_id
    LEFT JOIN customer_summary AS s ON m.customer_id = s.customer_id
    LEFT JOIN staged_customers AS c ON m.customer_id = c.customer_id
    LEFT JOIN period_tiers AS t ON w.tier_period_no = t.period_no AND m.customer_id = t.customer_id
),
units AS (
    SELECT
        campaign_id,
        wave,
        unit_id,
        MIN(arm) AS arm,
        CAST(COUNT(*) AS BIGINT) AS customers,
        CAST(SUM(messages) AS BIGINT) AS messages,
        CAST(SUM(delivered) AS BIGINT) AS delivered,
        CAST(SUM(opened) AS BIGINT) AS opened,
        CAST(SUM(clicked) AS BIGINT) AS clicked,
        CAST(SUM(responded) AS BIGINT) AS responded,
        CAST(SUM(cost_e4) AS BIGINT) AS cost_e4,
        MAX(opted_out) AS opted_out,
        MAX(complained) AS complained,
        CAST(SUM(visits) AS BIGINT) AS visits,
        CAST(SUM(visits_before) AS BIGINT) AS visits_before,
        CAST(SUM(orders) AS BIGINT) AS orders,
        CAST(SUM(revenue_e4) AS BIGINT) AS revenue_e4,
        CAST(SUM(margin_e4) AS BIGINT) AS margin_e4,
        CAST(SUM(orders_before) AS BIGINT) AS orders_before,
        CAST(SUM(revenue_before_e4) AS BIGINT) AS revenue_before_e4,
        CAST(SUM(margin_before_e4) AS BIGINT) AS margin_before_e4,
        CAST(SUM(value_e4) AS BIGINT) AS value_e4,
        CAST(SUM(lines_without_cost) AS BIGINT) AS lines_without_cost,
        CAST(SUM(lines_without_cost_before) AS BIGINT) AS lines_without_cost_before,
        CAST(SUM(attributed_orders) AS BIGINT) AS attributed_orders,
        CAST(SUM(attributed_revenue_e4) AS BIGINT) AS attributed_revenue_e4,
        CAST(SUM(attributed_margin_e4) AS BIGINT) AS attributed_margin_e4,
        MIN(is_new) AS is_new,
        MIN(region) AS region,
        MIN(tier) AS tier
    FROM members
    GROUP BY campaign_id, wave, unit_id
),
keyed AS (
    SELECT campaign_id, wave, unit_id, value_e4, 0 - value_e4 AS best_first
    FROM units
),
ranked AS (
    SELECT
        campaign_id,
        wave,
        unit_id,
        CAST(RANK() OVER (PARTITION BY campaign_id, wave ORDER BY best_first) AS BIGINT) - 1 AS greater,
        CAST(COUNT(*) OVER (PARTITION BY campaign_id, wave, value_e4) AS BIGINT) AS ties,
        CAST(COUNT(*) OVER (PARTITION BY campaign_id, wave) AS BIGINT) AS n
    FROM keyed
),
-- ceil(10 (greater + (ties + 1) / 2) / n) in whole numbers.
scaled AS (
    SELECT campaign_id, wave, unit_id, n, 10 * (2 * greater + ties + 1) + 2 * n - 1 AS above
    FROM ranked
),
deciles AS (
    SELECT campaign_id, wave, unit_id, CAST((above - above % (2 * n)) / (2 * n) AS INTEGER) AS decile
    FROM scaled
)
SELECT
    u.campaign_id AS campaign_id,
    u.wave AS wave,
    u.unit_id AS unit_id,
    u.arm AS arm,
    CAST(CASE WHEN u.tier = 6 THEN 0 ELSE u.tier END AS INTEGER) AS tier,
    u.region AS region,
    LEAST(d.decile, 10) AS decile,
    u.is_new = 1 AS is_new,
    u.customers AS customers,
    u.messages AS messages,
    u.delivered AS delivered,
    u.opened AS opened,
    u.clicked AS clicked,
    u.responded AS responded,
    u.cost_e4 AS cost_e4,
    u.opted_out = 1 AS has_opted_out,
    u.complained = 1 AS has_complained,
    u.visits AS visits,
    u.visits_before AS visits_before,
    u.orders AS orders,
    u.orders_before AS orders_before,
    u.revenue_e4 AS revenue_e4,
    u.revenue_before_e4 AS revenue_before_e4,
    u.margin_e4 AS margin_e4,
    u.margin_before_e4 AS margin_before_e4,
    u.value_e4 AS value_e4,
    u.lines_without_cost AS lines_without_cost,
    u.lines_without_cost_before AS lines_without_cost_before,
    u.attributed_orders AS attributed_orders,
    u.attributed_revenue_e4 AS attributed_revenue_e4,
    u.attributed_margin_e4 AS attributed_margin_e4
FROM units AS u
JOIN deciles AS d ON u.campaign_id = d.campaign_id AND u.wave = d.wave AND u.unit_id = d.unit_id
