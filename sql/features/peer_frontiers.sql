-- peer_frontiers: how far one group of peers shows that a customer can come.
-- Key: measure, level, group_no. Every group of peer_groups, at every level.
-- Units: ten-thousandths of money, or of a category.
-- frontier_e4 is the group's quantile, drawn to the frontier of the group above: w quantile + (1 - w) above, with
-- w = n / (n + 30) ([value_groups] peer_weight), so that a handful of peers says little (spec/definitions.md 3.2).
-- It is rounded towards the quantile. Only the difference is multiplied, by the small weight, so that nothing overflows.
-- peer_level is the first level, from here upwards, with [value_groups] min_peers or more, and peer_n how many those are.
WITH level_4 AS (
    SELECT
        q.measure AS measure,
        q.group_no AS group_no,
        q.n AS n,
        q.quantile_e4 AS quantile_e4,
        q.quantile_e4 AS frontier_e4,
        CASE WHEN q.n >= p.min_peers THEN 4 END AS peer_level,
        CASE WHEN q.n >= p.min_peers THEN q.n END AS peer_n
    FROM peer_quantiles AS q
    CROSS JOIN run_params AS p
    WHERE q.level = 4
),
gaps_3 AS (
    SELECT
        q.measure AS measure,
        q.group_no AS group_no,
        q.n AS n,
        q.quantile_e4 AS quantile_e4,
        a.frontier_e4 AS above_e4,
        p.peer_weight * ABS(a.frontier_e4 - q.quantile_e4) AS weighted_gap_e4,
        q.n + p.peer_weight AS weights,
        CASE WHEN q.n >= p.min_peers THEN 3 ELSE a.peer_level END AS peer_level,
        CASE WHEN q.n >= p.min_peers THEN q.n ELSE a.peer_n END AS peer_n
    FROM peer_quantiles AS q
    JOIN level_4 AS a ON q.measure = a.measure AND q.parent_no = a.group_no
    CROSS JOIN run_params AS p
    WHERE q.level = 3
),
level_3 AS (
    SELECT
        measure,
        group_no,
        n,
        quantile_e4,
        CASE
            WHEN quantile_e4 IS NULL THEN above_e4
            WHEN above_e4 >= quantile_e4
            THEN quantile_e4 + CAST((weighted_gap_e4 - weighted_gap_e4 % weights) / weights AS BIGINT)
            ELSE quantile_e4 - CAST((weighted_gap_e4 - weighted_gap_e4 % weights) / weights AS BIGINT)
        END AS frontier_e4,
        peer_level,
        peer_n
    FROM gaps_3
),
gaps_2 AS (
    SELECT
        q.measure AS measure,
        q.group_no AS group_no,
        q.n AS n,
        q.quantile_e4 AS quantile_e4,
        a.frontier_e4 AS above_e4,
        p.peer_weight * ABS(a.frontier_e4 - q.quantile_e4) AS weighted_gap_e4,
        q.n + p.peer_weight AS weights,
        CASE WHEN q.n >= p.min_peers THEN 2 ELSE a.peer_level END AS peer_level,
        CASE WHEN q.n >= p.min_peers THEN q.n ELSE a.peer_n END AS peer_n
    FROM peer_quantiles AS q
    JOIN level_3 AS a ON q.measure = a.measure AND q.parent_no = a.group_no
    CROSS JOIN run_params AS p
    WHERE q.level = 2
),
level_2 AS (
    SELECT
        measure,
        group_no,
        n,
        quantile_e4,
        CASE
            WHEN quantile_e4 IS NULL THEN above_e4
            WHEN above_e4 >= quantile_e4
            THEN quantile_e4 + CAST((weighted_gap_e4 - weighted_gap_e4 % weights) / weights AS BIGINT)
            ELSE quantile_e4 - CAST((weighted_gap_e4 - weighted_gap_e4 % weights) / weights AS BIGINT)
        END AS frontier_e4,
        peer_level,
        peer_n
    FROM gaps_2
),
gaps_1 AS (
    SELECT
        q.measure AS measure,
        q.group_no AS group_no,
        q.n AS n,
        q.quantile_e4 AS quantile_e4,
        a.frontier_e4 AS above_e4,
        p.peer_weight * ABS(a.frontier_e4 - q.quantile_e4) AS weighted_gap_e4,
        q.n + p.peer_weight AS weights,
        CASE WHEN q.n >= p.min_peers THEN 1 ELSE a.peer_level END AS peer_level,
        CASE WHEN q.n >= p.min_peers THEN q.n ELSE a.peer_n END AS peer_n
    FROM peer_quantiles AS q
    JOIN level_2 AS a ON q.measure = a.measure AND q.parent_no = a.group_no
    CROSS JOIN run_params AS p
    WHERE q.level = 1
),
level_1 AS (
    SELECT
        measure,
        group_no,
        n,
        quantile_e4,
        CASE
            WHEN quantile_e4 IS NULL THEN above_e4
            WHEN above_e4 >= quantile_e4
            THEN quantile_e4 + CAST((weighted_gap_e4 - weighted_gap_e4 % weights) / weights AS BIGINT)
            ELSE quantile_e4 - CAST((weighted_gap_e4 - weighted_gap_e4 % weights) / weights AS BIGINT)
        END AS frontier_e4,
        peer_level,
        peer_n
    FROM gaps_1
),
all_levels AS (
    SELECT measure, 1 AS level, group_no, n, quantile_e4, frontier_e4, peer_level, peer_n FROM level_1
    UNION ALL
    SELECT measure, 2 AS level, group_no, n, quantile_e4, frontier_e4, peer_level, peer_n FROM level_2
    UNION ALL
    SELECT measure, 3 AS level, group_no, n, quantile_e4, frontier_e4, peer_level, peer_n FROM level_3
    UNION ALL
    SELECT measure, 4 AS level, group_no, n, quantile_e4, frontier_e4, peer_level, peer_n FROM level_4
)
SELECT
    measure,
    CAST(level AS INTEGER) AS level,
    group_no,
    n,
    quantile_e4,
    frontier_e4,
    CAST(peer_level AS INTEGER) AS peer_level,
    peer_n
FROM all_levels
