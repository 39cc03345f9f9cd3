-- group_totals: all customers, by whether they are in a group with others: the ids of a person, a household, an account.
-- Key: kind, part. The parts of a kind add up to all customers: several is groups of two and more, one groups of a single
-- member, none customers without a group (for person: all whose id is the only one of the person).
-- Units: money in ten-thousandths. margin_known_e4 is of the customers whose costs are known, margin_unknown counts the others.
WITH parts AS (
    SELECT
        kind,
        CASE WHEN customers > 1 THEN 'several' ELSE 'one' END AS part,
        1 AS groups,
        customers,
        orders,
        net_revenue_e4,
        margin_known_e4,
        margin_unknown,
        value_e4,
        contacts_90d,
        open_complaints
    FROM group_sums
    UNION ALL
    SELECT
        'person' AS kind,
        'none' AS part,
        0 AS groups,
        CAST(1 AS BIGINT) AS customers,
        orders,
        net_revenue_e4,
        COALESCE(gross_margin_e4, 0) AS margin_known_e4,
        CAST(CASE WHEN margin_status = 'cost_unknown' THEN 1 ELSE 0 END AS BIGINT) AS margin_unknown,
        value_e4,
        contacts_90d,
        open_complaints
    FROM customers
    WHERE id_rule IS NULL
    UNION ALL
    SELECT
        'household' AS kind,
        'none' AS part,
        0 AS groups,
        CAST(1 AS BIGINT) AS customers,
        orders,
        net_revenue_e4,
        COALESCE(gross_margin_e4, 0) AS margin_known_e4,
        CAST(CASE WHEN margin_status = 'cost_unknown' THEN 1 ELSE 0 END AS BIGINT) AS margin_unknown,
        value_e4,
        contacts_90d,
        open_complaints
    FROM customers
    WHERE household_id IS NULL
    UNION ALL
    SELECT
        'account' AS kind,
        'none' AS part,
        0 AS groups,
        CAST(1 AS BIGINT) AS customers,
        orders,
        net_revenue_e4,
        COALESCE(gross_margin_e4, 0) AS margin_known_e4,
        CAST(CASE WHEN margin_status = 'cost_unknown' THEN 1 ELSE 0 END AS BIGINT) AS margin_unknown,
        value_e4,
        contacts_90d,
        open_complaints
    FROM customers
    WHERE account_id IS NULL
)
SELECT
    kind,
    part,
    CAST(SUM(groups) AS BIGINT) AS groups,
    CAST(SUM(customers) AS BIGINT) AS customers,
    CAST(SUM(orders) AS BIGINT) AS orders,
    CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4,
    CAST(SUM(margin_known_e4) AS BIGINT) AS margin_known_e4,
    CAST(SUM(margin_unknown) AS BIGINT) AS margin_unknown,
    CAST(SUM(value_e4) AS BIGINT) AS value_e4,
    CAST(SUM(contacts_90d) AS BIGINT) AS contacts_90d,
    CAST(SUM(open_complaints) AS BIGINT) AS open_complaints
FROM parts
GROUP BY kind, part
