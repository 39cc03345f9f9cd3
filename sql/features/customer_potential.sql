-- customer_potential: what one customer could be worth, and our share of what they spend.
-- Key: customer_id. Every known customer. Who opted out of profiling has none of it.
-- Units: money in ten-thousandths, over the value window; sow is a share from 0 to 1.
-- Potential is what a declared wallet says (at our average margin, where value is a margin), else the frontier of the
-- peers, and never less than what is there already (spec/definitions.md 3.2). Who never ordered has no peers.
-- Share of customer is by the first method that has what it needs: declared, war (wallet allocation rule), peer_frontier,
-- breadth (3.4); the last two are proxies.
-- strategic_tier ranks those with a potential above zero as period_tiers ranks value; all others are in tier 0.
WITH totals AS (
    SELECT
        CAST(SUM(value_e4) AS BIGINT) AS value_e4,
        CAST(SUM(net_revenue_e4) AS BIGINT) AS net_revenue_e4
    FROM customer_window
    WHERE value_e4 IS NOT NULL
),
-- What a unit of revenue is worth in the chosen measure, in ten-thousandths: exactly 10000 for net revenue. Both sums in whole
-- units of money, since engines divide as doubles: whole numbers are exact there up to 2^53 only.
whole_totals AS (
    SELECT
        CAST((value_e4 - value_e4 % 10000) / 10000 AS BIGINT) AS value_whole,
        CAST((net_revenue_e4 - net_revenue_e4 % 10000) / 10000 AS BIGINT) AS net_revenue_whole
    FROM totals
    WHERE value_e4 >= 10000 AND net_revenue_e4 >= 10000
),
rates AS (
    SELECT
        CAST((value_whole * 10000 - (value_whole * 10000) % net_revenue_whole) / net_revenue_whole AS BIGINT) AS rate_e4
    FROM whole_totals
),
the_rate AS (
    SELECT COALESCE(MAX(rate_e4), 0) AS rate_e4 FROM rates
),
-- A wallet is declared for a year.
wallets AS (
    SELECT
        c.customer_id AS customer_id,
        COALESCE(c.profiling_opt_out, FALSE) AS profiling_opt_out,
        CASE
            WHEN c.declared_wallet_e4 > 0
            THEN CAST((c.declared_wallet_e4 * p.value_window_days
                - (c.declared_wallet_e4 * p.value_window_days) % 365) / 365 AS BIGINT)
        END AS wallet_e4,
        c.declared_brand_rank AS brand_rank,
        c.declared_brands AS brands
    FROM staged_customers AS c
    CROSS JOIN run_params AS p
),
known AS (
    SELECT
        w.customer_id AS customer_id,
        w.value_e4 AS value_e4,
        CASE WHEN w.net_revenue_e4 > 0 THEN w.net_revenue_e4 ELSE 0 END AS spent_e4,
        COALESCE(d.profiling_opt_out, FALSE) AS profiling_opt_out,
        CASE WHEN d.wallet_e4 > 0 THEN d.wallet_e4 END AS wallet_e4,
        CASE
            WHEN d.wallet_e4 > 0 AND r.rate_e4 > 0
            THEN CAST((d.wallet_e4 - d.wallet_e4 % 10000) / 10000 AS BIGINT) * r.rate_e4
                + CAST((d.wallet_e4 % 10000 * r.rate_e4 - (d.wallet_e4 % 10000 * r.rate_e4) % 10000) / 10000 AS BIGINT)
        END AS wallet_value_e4,
        CASE WHEN d.brand_rank >= 1 AND d.brand_rank <= d.brands THEN d.brand_rank END AS brand_rank,
        d.brands AS brands,
        CASE WHEN g.tenure_band <> 'none' AND v.peer_level IS NOT NULL THEN v.frontier_e4 END AS frontier_e4,
        v.peer_level AS peer_level,
        v.peer_n AS peer_n,
        CASE WHEN g.tenure_band <> 'none' AND b.peer_level IS NOT NULL THEN b.frontier_e4 END AS breadth_e4,
        COALESCE(c.categories_bought, 0) * 10000 AS categories_e4
    FROM customer_window AS w
    JOIN peer_groups AS g ON w.customer_id = g.customer_id
    LEFT JOIN (
        SELECT group_no, frontier_e4, peer_level, peer_n FROM peer_frontiers WHERE measure = 'value' AND level = 1
    ) AS v ON g.group_1 = v.group_no
    LEFT JOIN (
        SELECT group_no, frontier_e4, peer_level FROM peer_frontiers WHERE measure = 'categories' AND level = 1
    ) AS b ON g.group_1 = b.group_no
    LEFT JOIN customer_categories AS c ON w.customer_id = c.customer_id
    LEFT JOIN wallets AS d ON w.customer_id = d.customer_id
    CROSS JOIN the_rate AS r
),
judged AS (
    SELECT
        customer_id,
        profiling_opt_out,
        value_e4,
        spent_e4,
        wallet_e4,
        brand_rank,
        brands,
        frontier_e4,
        peer_level,
        peer_n,
        breadth_e4,
        categories_e4,
        CASE
            WHEN profiling_opt_out THEN 'profiling_opt_out'
            WHEN wallet_value_e4 IS NOT NULL THEN 'declared'
            WHEN frontier_e4 IS NOT NULL AND (value_e4 IS NULL OR frontier_e4 > value_e4) THEN 'peers'
            WHEN value_e4 > 0 THEN 'own'
            ELSE 'none'
        END AS potential_source,
        CASE
            WHEN profiling_opt_out THEN 'none'
            WHEN wallet_e4 IS NOT NULL THEN 'declared'
            WHEN brand_rank IS NOT NULL THEN 'war'
            WHEN value_e4 IS NOT NULL AND frontier_e4 > 0 THEN 'peer_frontier'
            WHEN value_e4 IS NULL AND breadth_e4 > 0 THEN 'breadth'
            ELSE 'none'
        END AS sow_method,
        wallet_value_e4
    FROM known
),
potentials AS (
    SELECT
        customer_id,
        profiling_opt_out,
        value_e4,
        CASE
            WHEN potential_source = 'declared' THEN GREATEST(wallet_value_e4, COALESCE(value_e4, 0))
            WHEN potential_source = 'peers' THEN frontier_e4
            WHEN potential_source = 'own' THEN value_e4
        END AS potential_e4,
        potential_source,
        -- Peers are named where they were asked: not for a declared wallet.
        CASE WHEN potential_source IN ('peers', 'own') AND frontier_e4 IS NOT NULL THEN peer_level END AS peer_level,
        CASE WHEN potential_source IN ('peers', 'own') AND frontier_e4 IS NOT NULL THEN peer_n END AS peer_n,
        sow_method,
        CASE
            WHEN sow_method = 'declared' AND spent_e4 >= wallet_e4 THEN 1.0
            WHEN sow_method = 'declared' THEN CAST(spent_e4 AS DOUBLE) / CAST(wallet_e4 AS DOUBLE)
            WHEN sow_method = 'war'
            THEN CAST(2 * (brands + 1 - brand_rank) AS DOUBLE) / CAST((brands + 1) * brands AS DOUBLE)
            WHEN sow_method = 'peer_frontier' AND value_e4 >= frontier_e4 THEN 1.0
            WHEN sow_method = 'peer_frontier' AND value_e4 <= 0 THEN 0.0
            WHEN sow_method = 'peer_frontier' THEN CAST(value_e4 AS DOUBLE) / CAST(frontier_e4 AS DOUBLE)
            WHEN sow_method = 'breadth' AND categories_e4 >= breadth_e4 THEN 1.0
            WHEN sow_method = 'breadth' THEN CAST(categories_e4 AS DOUBLE) / CAST(breadth_e4 AS DOUBLE)
        END AS sow
    FROM judged
),
ranked AS (
    SELECT
        customer_id,
        CAST(RANK() OVER (ORDER BY best_first) AS BIGINT) - 1 AS greater,
        CAST(COUNT(*) OVER (PARTITION BY best_first) AS BIGINT) AS ties,
        CAST(COUNT(*) OVER (PARTITION BY everybody) AS BIGINT) AS n
    FROM (
        SELECT customer_id, 0 - potential_e4 AS best_first, 1 AS everybody FROM potentials WHERE potential_e4 > 0
    ) AS positive
),
scaled AS (
    SELECT customer_id, n, 5 * (2 * greater + ties + 1) + 2 * n - 1 AS above FROM ranked
),
tiers AS (
    SELECT customer_id, CAST((above - above % (2 * n)) / (2 * n) AS INTEGER) AS tier FROM scaled
)
SELECT
    p.customer_id AS customer_id,
    p.profiling_opt_out AS profiling_opt_out,
    p.value_e4 AS value_e4,
    CAST(p.potential_e4 AS BIGINT) AS potential_e4,
    p.potential_source AS potential_source,
    CAST(p.peer_level AS INTEGER) AS peer_level,
    p.peer_n AS peer_n,
    CAST(p.potential_e4 - p.value_e4 AS BIGINT) AS unrealised_e4,
    p.sow AS sow,
    p.sow_method AS sow_method,
    CAST(COALESCE(t.tier, 0) AS INTEGER) AS strategic_tier
FROM potentials AS p
LEFT JOIN tiers AS t ON p.customer_id = t.customer_id
