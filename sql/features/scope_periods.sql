-- scope_periods: what one scope sold in one calendar period, from its first period with a line to the last.
-- Key: scope, period_kind, period_no. A period in between without a line is there too, with nothing in it.
-- Units: money in ten-thousandths. Orders are null for products. buyers_prev is of the period before, null for the first
-- period of the calendar; retained_buyers bought in both. Buyers are null when they were too many to be counted.
WITH scope_months AS (
    SELECT
        s.scope AS scope,
        s.level AS level,
        c.month_no AS month_no,
        CAST(SUM(c.lines) AS BIGINT) AS lines,
        CAST(SUM(c.orders) AS BIGINT) AS orders,
        CAST(SUM(c.identified_orders) AS BIGINT) AS identified_orders,
        CAST(SUM(c.gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
        CAST(SUM(c.net_revenue_e4) AS BIGINT) AS net_revenue_e4,
        CAST(SUM(c.discount_e4) AS BIGINT) AS discount_e4,
        CAST(SUM(c.cost_e4) AS BIGINT) AS cost_e4,
        CAST(SUM(c.lines_without_cost) AS BIGINT) AS lines_without_cost,
        CAST(SUM(c.unidentified_e4) AS BIGINT) AS unidentified_e4
    FROM summary_cells AS c
    JOIN scope_paths AS s ON c.dimension = s.dimension AND c.leaf = s.leaf
    GROUP BY s.scope, s.level, c.month_no
),
month_periods AS (
    SELECT m.period_no AS month_no, q.period_kind AS period_kind, q.period_no AS period_no
    FROM calendar AS m
    CROSS JOIN calendar AS q
    WHERE m.period_kind = 'month' AND q.in_summary AND m.start_day < q.end_day AND m.end_day > q.start_day
),
sums AS (
    SELECT
        s.scope AS scope,
        s.level AS level,
        m.period_kind AS period_kind,
        m.period_no AS period_no,
        CAST(SUM(s.lines) AS BIGINT) AS lines,
        CAST(SUM(s.orders) AS BIGINT) AS orders,
        CAST(SUM(s.identified_orders) AS BIGINT) AS identified_orders,
        CAST(SUM(s.gross_revenue_e4) AS BIGINT) AS gross_revenue_e4,
        CAST(SUM(s.net_revenue_e4) AS BIGINT) AS net_revenue_e4,
        CAST(SUM(s.discount_e4) AS BIGINT) AS discount_e4,
        CAST(SUM(s.cost_e4) AS BIGINT) AS cost_e4,
        CAST(SUM(s.lines_without_cost) AS BIGINT) AS lines_without_cost,
        CAST(SUM(s.unidentified_e4) AS BIGINT) AS unidentified_e4
    FROM scope_months AS s
    JOIN month_periods AS m ON s.month_no = m.month_no
    GROUP BY s.scope, s.level, m.period_kind, m.period_no
),
firsts AS (
    SELECT scope, level, period_kind, MIN(period_no) AS first_no FROM sums GROUP BY scope, level, period_kind
),
grid AS (
    SELECT
        f.scope AS scope,
        f.level AS level,
        c.period_kind AS period_kind,
        c.period_no AS period_no
    FROM firsts AS f
    JOIN calendar AS c ON f.period_kind = c.period_kind
    WHERE c.period_no >= f.first_no
),
before AS (
    SELECT scope, period_kind, period_no + 1 AS next_no, buyers FROM scope_buyers
),
-- Orders of identified customers and nobody who bought: buyers were not counted.
counted AS (
    SELECT CAST(COUNT(*) AS BIGINT) AS scopes FROM scope_buyers
),
identified AS (
    SELECT COALESCE(CAST(SUM(identified_orders) AS BIGINT), 0) AS orders FROM sums
),
known AS (
    SELECT c.scopes > 0 OR i.orders = 0 AS buyers_known FROM counted AS c CROSS JOIN identified AS i
)
SELECT
    g.scope AS scope,
    g.level AS level,
    g.period_kind AS period_kind,
    g.period_no AS period_no,
    COALESCE(s.lines, 0) AS lines,
    CASE WHEN g.scope LIKE 'product:%' THEN NULL ELSE COALESCE(s.orders, 0) END AS orders,
    CASE WHEN g.scope LIKE 'product:%' THEN NULL ELSE COALESCE(s.identified_orders, 0) END AS identified_orders,
    COALESCE(s.gross_revenue_e4, 0) AS gross_revenue_e4,
    COALESCE(s.net_revenue_e4, 0) AS net_revenue_e4,
    COALESCE(s.discount_e4, 0) AS discount_e4,
    COALESCE(s.cost_e4, 0) AS cost_e4,
    COALESCE(s.lines_without_cost, 0) AS lines_without_cost,
    CASE WHEN g.scope LIKE 'product:%' THEN NULL ELSE COALESCE(s.unidentified_e4, 0) END AS unidentified_e4,
    CASE WHEN k.buyers_known THEN COALESCE(b.buyers, 0) END AS buyers,
    CASE WHEN k.buyers_known THEN COALESCE(b.new_buyers, 0) END AS new_buyers,
    CASE WHEN k.buyers_known AND g.period_no > 1 THEN COALESCE(b.retained_buyers, 0) END AS retained_buyers,
    CASE WHEN k.buyers_known AND g.period_no > 1 THEN COALESCE(p.buyers, 0) END AS buyers_prev
FROM grid AS g
CROSS JOIN known AS k
LEFT JOIN sums AS s ON g.scope = s.scope AND g.period_kind = s.period_kind AND g.period_no = s.period_no
LEFT JOIN scope_buyers AS b ON g.scope = b.scope AND g.period_kind = b.period_kind AND g.period_no = b.period_no
LEFT JOIN before AS p ON g.scope = p.scope AND g.period_kind = p.period_kind AND g.period_no = p.next_no
