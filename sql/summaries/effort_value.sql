-- effort_value: what one group of customers is worth, what effort it gets, and whether the two are in proportion.
-- Key: kind, name. Every known customer is in all, in one value group and in one service level.
-- Units: money and minutes over the value window; shares of all customers' sum, from 0 to 1; a ratio of 1 is in proportion.
-- Sums are over the customers of whom the figure is known; value_unknown and contribution_unknown count the others. No
-- contribution at all is known where nobody who moved has one.
-- capture_rate is the share of the customers contacted who have declared their wallet (spec/definitions.md 3.4, 3.17).
WITH per_customer AS (
    SELECT
        v.customer_id AS customer_id,
        v.value_group AS value_group,
        s.service_level AS service_level,
        COALESCE(w.value_e4, 0) AS value_e4,
        CASE WHEN w.value_e4 IS NULL THEN 1 ELSE 0 END AS value_unknown,
        COALESCE(w.contribution_e4, 0) AS contribution_e4,
        CASE WHEN w.contribution_e4 IS NULL THEN 1 ELSE 0 END AS contribution_unknown,
        CASE WHEN w.contribution_status = 'ok' THEN 1 ELSE 0 END AS contribution_known,
        w.cost_to_serve_e4 AS cost_to_serve_e4,
        w.marketing_cost_e4 AS marketing_cost_e4,
        w.contacts AS contacts,
        w.contacts_untimed AS contacts_untimed,
        w.contact_minutes_e4 AS contact_minutes_e4,
        CASE WHEN w.contacts > 0 THEN 1 ELSE 0 END AS contacted,
        CASE WHEN w.contacts > 0 AND c.declared_wallet_e4 > 0 THEN 1 ELSE 0 END AS declared
    FROM customer_value AS v
    JOIN customer_service AS s ON v.customer_id = s.customer_id
    JOIN customer_window AS w ON v.customer_id = w.customer_id
    LEFT JOIN staged_customers AS c ON v.customer_id = c.customer_id
),
cells AS (
    SELECT
        value_group,
        service_level,
        CAST(COUNT(*) AS BIGINT) AS customers,
        CAST(SUM(value_e4) AS BIGINT) AS value_e4,
        CAST(SUM(value_unknown) AS BIGINT) AS value_unknown,
        CAST(SUM(contribution_e4) AS BIGINT) AS contribution_e4,
        CAST(SUM(contribution_unknown) AS BIGINT) AS contribution_unknown,
        CAST(SUM(contribution_known) AS BIGINT) AS contribution_known,
        CAST(SUM(cost_to_serve_e4) AS BIGINT) AS cost_to_serve_e4,
        CAST(SUM(marketing_cost_e4) AS BIGINT) AS marketing_cost_e4,
        CAST(SUM(contacts) AS BIGINT) AS contacts,
        CAST(SUM(contacts_untimed) AS BIGINT) AS contacts_untimed,
        CAST(SUM(contact_minutes_e4) AS BIGINT) AS contact_minutes_e4,
        CAST(SUM(contacted) AS BIGINT) AS contacted,
        CAST(SUM(declared) AS BIGINT) AS declared
    FROM per_customer
    GROUP BY value_group, service_level
),
members AS (
    SELECT
        'all' AS kind,
        'all' AS name,
        customers,
        value_e4,
        value_unknown,
        contribution_e4,
        contribution_unknown,
        contribution_known,
        cost_to_serve_e4,
        marketing_cost_e4,
        contacts,
        contacts_untimed,
        contact_minutes_e4,
        contacted,
        declared
    FROM cells
    UNION ALL
    SELECT
        'value_group' AS kind,
        value_group AS name,
        customers,
        value_e4,
        value_unknown,
        contribution_e4,
        contribution_unknown,
        contribution_known,
        cost_to_serve_e4,
        marketing_cost_e4,
        contacts,
        contacts_untimed,
        contact_minutes_e4,
        contacted,
        declared
    FROM cells
    UNION ALL
    SELECT
        'service_level' AS kind,
        service_level AS name,
        customers,
        value_e4,
        value_unknown,
        contribution_e4,
        contribution_unknown,
        contribution_known,
        cost_to_serve_e4,
        marketing_cost_e4,
        contacts,
        contacts_untimed,
        contact_minutes_e4,
        contacted,
        declared
    FROM cells
),
groups AS (
    SELECT
        kind,
        name,
        CAST(SUM(customers) AS BIGINT) AS customers,
        CAST(SUM(value_e4) AS BIGINT) AS value_e4,
        CAST(SUM(value_unknown) AS BIGINT) AS value_unknown,
        CAST(SUM(contribution_e4) AS BIGINT) AS contribution_e4,
        CAST(SUM(contribution_unknown) AS BIGINT) AS contribution_unknown,
        CAST(SUM(contribution_known) AS BIGINT) AS contribution_known,
        CAST(SUM(cost_to_serve_e4) AS BIGINT) AS cost_to_serve_e4,
        CAST(SUM(marketing_cost_e4) AS BIGINT) AS marketing_cost_e4,
        CAST(SUM(contacts) AS BIGINT) AS contacts,
        CAST(SUM(contacts_untimed) AS BIGINT) AS contacts_untimed,
        CAST(SUM(contact_minutes_e4) AS BIGINT) AS contact_minutes_e4,
        CAST(SUM(contacted) AS BIGINT) AS contacted,
        CAST(SUM(declared) AS BIGINT) AS declared
    FROM members
    GROUP BY kind, name
),
totals AS (
    SELECT
        MAX(customers) AS customers,
        MAX(value_e4) AS value_e4,
        MAX(cost_to_serve_e4) AS cost_to_serve_e4,
        MAX(marketing_cost_e4) AS marketing_cost_e4,
        MAX(contacts) AS contacts,
        MAX(contact_minutes_e4) AS contact_minutes_e4
    FROM groups
    WHERE kind = 'all'
)
SELECT
    g.kind AS kind,
    g.name AS name,
    g.customers AS customers,
    g.value_e4 AS value_e4,
    g.value_unknown AS value_unknown,
    CASE WHEN g.contribution_known > 0 OR g.contribution_unknown = 0 THEN g.contribution_e4 END AS contribution_e4,
    g.contribution_unknown AS contribution_unknown,
    g.cost_to_serve_e4 AS cost_to_serve_e4,
    g.marketing_cost_e4 AS marketing_cost_e4,
    g.contacts AS contacts,
    g.contacts_untimed AS contacts_untimed,
    g.contact_minutes_e4 AS contact_minutes_e4,
    CAST(g.customers AS DOUBLE) / CAST(t.customers AS DOUBLE) AS customer_share,
    CASE WHEN t.value_e4 > 0 THEN CAST(g.value_e4 AS DOUBLE) / CAST(t.value_e4 AS DOUBLE) END AS value_share,
    CASE WHEN t.cost_to_serve_e4 > 0 THEN CAST(g.cost_to_serve_e4 AS DOUBLE) / CAST(t.cost_to_serve_e4 AS DOUBLE) END
        AS cost_to_serve_share,
    CASE WHEN t.marketing_cost_e4 > 0 THEN CAST(g.marketing_cost_e4 AS DOUBLE) / CAST(t.marketing_cost_e4 AS DOUBLE) END
        AS marketing_share,
    CASE WHEN t.contacts > 0 THEN CAST(g.contacts AS DOUBLE) / CAST(t.contacts AS DOUBLE) END AS contact_share,
    CASE WHEN t.contact_minutes_e4 > 0 THEN CAST(g.contact_minutes_e4 AS DOUBLE) / CAST(t.contact_minutes_e4 AS DOUBLE) END
        AS contact_minutes_share,
    CASE
        WHEN t.value_e4 > 0 AND g.value_e4 > 0 AND t.cost_to_serve_e4 + t.marketing_cost_e4 > 0
        THEN CAST(g.cost_to_serve_e4 + g.marketing_cost_e4 AS DOUBLE)
            / CAST(t.cost_to_serve_e4 + t.marketing_cost_e4 AS DOUBLE)
            / (CAST(g.value_e4 AS DOUBLE) / CAST(t.value_e4 AS DOUBLE))
    END AS effort_to_value,
    CASE
        WHEN t.cost_to_serve_e4 + t.marketing_cost_e4 <= 0 THEN 'no_cost_known'
        WHEN t.value_e4 <= 0 OR g.value_e4 <= 0 THEN 'value_not_positive'
        ELSE 'ok'
    END AS effort_status,
    g.contacted AS contacted,
    g.declared AS wallets_declared,
    CASE WHEN g.contacted > 0 THEN CAST(g.declared AS DOUBLE) / CAST(g.contacted AS DOUBLE) END AS capture_rate
FROM groups AS g
CROSS JOIN totals AS t
