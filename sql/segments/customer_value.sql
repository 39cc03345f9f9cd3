-- customer_value: what one customer is worth, could be worth, and the value group that follows from it.
-- Key: customer_id. Every known customer is in exactly one value group.
-- Units: money in ten-thousandths, over the value window; sow is a share from 0 to 1.
-- The group is that of the first rule that fits (spec/definitions.md 3.2): neutral (opted out of profiling: Migrator), bz
-- (contribution below [value_groups] bz_threshold), mvc and mvc_hysteresis (a best actual tier now, or one window ago),
-- mgc (a best strategic tier, and enough of the potential not realised), rest (Migrator).
-- Where a cost is not known, the chosen measure of value stands in for contribution; bz_basis says which was judged.
-- The plan for a loss is the first cost without which there would be none: return_policy, cost_to_serve, campaign_stop,
-- discount_stop; without any such, price_or_leave.
WITH judged AS (
    SELECT
        w.customer_id AS customer_id,
        w.value_e4 AS value_e4,
        w.contribution_e4 AS contribution_e4,
        w.contribution_status AS contribution_status,
        COALESCE(w.contribution_e4, w.value_e4) AS judged_e4,
        CASE
            WHEN w.contribution_status = 'no_moves' THEN 'none'
            WHEN w.contribution_e4 IS NOT NULL THEN 'contribution'
            WHEN w.value_e4 IS NOT NULL THEN 'value'
            ELSE 'none'
        END AS bz_basis,
        w.gross_revenue_e4 - w.net_revenue_e4 AS returned_e4,
        w.cost_to_serve_e4 AS cost_to_serve_e4,
        w.marketing_cost_e4 AS marketing_cost_e4,
        w.discount_e4 AS discount_e4,
        COALESCE(t.actual_tier, 0) AS actual_tier,
        COALESCE(t.tier_prev, 0) AS tier_prev
    FROM customer_window AS w
    LEFT JOIN customer_tiers AS t ON w.customer_id = t.customer_id
),
ruled AS (
    SELECT
        j.customer_id AS customer_id,
        j.value_e4 AS value_e4,
        j.contribution_e4 AS contribution_e4,
        j.contribution_status AS contribution_status,
        j.judged_e4 AS judged_e4,
        j.bz_basis AS bz_basis,
        j.returned_e4 AS returned_e4,
        j.cost_to_serve_e4 AS cost_to_serve_e4,
        j.marketing_cost_e4 AS marketing_cost_e4,
        j.discount_e4 AS discount_e4,
        j.actual_tier AS actual_tier,
        o.potential_e4 AS potential_e4,
        o.potential_source AS potential_source,
        o.peer_level AS peer_level,
        o.peer_n AS peer_n,
        o.unrealised_e4 AS unrealised_e4,
        o.sow AS sow,
        o.sow_method AS sow_method,
        o.strategic_tier AS strategic_tier,
        p.bz_threshold_e4 AS bz_threshold_e4,
        CASE
            WHEN o.profiling_opt_out THEN 'neutral'
            WHEN j.bz_basis <> 'none' AND j.judged_e4 < p.bz_threshold_e4 THEN 'bz'
            WHEN now.is_mvc THEN 'mvc'
            WHEN p.mvc_hysteresis AND before.is_mvc THEN 'mvc_hysteresis'
            -- Whole numbers on both sides: unrealised / potential >= share.
            WHEN could.is_mgc AND o.unrealised_e4 * 10000 >= p.mgc_min_unrealised_e4 * o.potential_e4 THEN 'mgc'
            ELSE 'rest'
        END AS group_rule
    FROM judged AS j
    JOIN customer_potential AS o ON j.customer_id = o.customer_id
    JOIN value_group_tiers AS now ON j.actual_tier = now.tier
    JOIN value_group_tiers AS before ON j.tier_prev = before.tier
    JOIN value_group_tiers AS could ON o.strategic_tier = could.tier
    CROSS JOIN run_params AS p
)
SELECT
    r.customer_id AS customer_id,
    r.value_e4 AS value_e4,
    CASE WHEN r.value_e4 IS NULL THEN 'cost_unknown' WHEN r.contribution_status = 'no_moves' THEN 'no_moves' ELSE 'ok' END
        AS value_status,
    r.contribution_e4 AS contribution_e4,
    r.contribution_status AS contribution_status,
    r.potential_e4 AS potential_e4,
    r.potential_source AS potential_source,
    r.peer_level AS peer_level,
    r.peer_n AS peer_n,
    r.unrealised_e4 AS unrealised_potential_e4,
    r.sow AS sow,
    r.sow_method AS sow_method,
    CAST(r.actual_tier AS INTEGER) AS actual_tier,
    CAST(r.strategic_tier AS INTEGER) AS strategic_tier,
    CASE
        WHEN r.group_rule = 'bz' THEN 'BZ'
        WHEN r.group_rule IN ('mvc', 'mvc_hysteresis') THEN 'MVC'
        WHEN r.group_rule = 'mgc' THEN 'MGC'
        ELSE 'Migrator'
    END AS value_group,
    r.group_rule AS group_rule,
    r.group_rule = 'bz' AS is_bz,
    r.bz_basis AS bz_basis,
    CASE
        WHEN r.group_rule <> 'bz' THEN NULL
        WHEN r.judged_e4 + r.returned_e4 >= r.bz_threshold_e4 THEN 'return_policy'
        WHEN r.bz_basis = 'value' THEN 'price_or_leave'
        WHEN r.judged_e4 + r.cost_to_serve_e4 >= r.bz_threshold_e4 THEN 'cost_to_serve'
        WHEN r.judged_e4 + r.marketing_cost_e4 >= r.bz_threshold_e4 THEN 'campaign_stop'
        WHEN r.judged_e4 + r.discount_e4 >= r.bz_threshold_e4 THEN 'discount_stop'
        ELSE 'price_or_leave'
    END AS bz_plan
FROM ruled AS r
