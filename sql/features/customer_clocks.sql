-- customer_clocks: where one known customer lives as far as clocks go, and whom they are compared with.
-- Key: customer_id.
-- The zone is the customer's own, else the one that the pipeline file gives to the nearest region above them, else that of
-- the business; a name that is no time zone counts as none. today_day is the customer's own date at the instant of as_of:
-- west of the business it may still be the day before. segment is what [preferences] segment_by asks for, and empty for who
-- has none, as holiday_region is for who has no region.
WITH zones AS (SELECT time_zone FROM zone_days GROUP BY time_zone),
chosen AS (
    SELECT
        s.customer_id AS customer_id,
        c.region AS region,
        COALESCE(k.time_zone, n.time_zone, p.time_zone) AS time_zone,
        CASE
            WHEN k.time_zone IS NOT NULL THEN 'customer'
            WHEN n.time_zone IS NOT NULL THEN 'region'
            ELSE 'business'
        END AS zone_source,
        c.time_zone IS NOT NULL AND k.time_zone IS NULL AS is_zone_wrong,
        CAST((p.as_of_us - p.as_of_us % 86400000000) / 86400000000 AS INTEGER) AS utc_day,
        p.as_of_us AS as_of_us,
        COALESCE(
            CASE
                WHEN t.segment_by = 'customer_type' THEN c.customer_type
                WHEN t.segment_by = 'region' THEN c.region
                WHEN t.segment_by = 'language' THEN c.language
                WHEN t.segment_by = 'segment_hint' THEN c.segment_hint
                WHEN t.segment_by = 'value_group' THEN v.value_group
            END,
            ''
        ) AS segment,
        COALESCE(c.profiling_opt_out, FALSE) AS profiling_opt_out
    FROM customer_summary AS s
    CROSS JOIN run_params AS p
    CROSS JOIN preference_params AS t
    LEFT JOIN staged_customers AS c ON s.customer_id = c.customer_id
    LEFT JOIN zones AS k ON c.time_zone = k.time_zone
    LEFT JOIN region_zones AS n ON c.region = n.region
    LEFT JOIN customer_value AS v ON s.customer_id = v.customer_id
),
local AS (
    SELECT
        h.customer_id AS customer_id,
        h.region AS region,
        h.time_zone AS time_zone,
        h.zone_source AS zone_source,
        h.is_zone_wrong AS is_zone_wrong,
        h.segment AS segment,
        h.profiling_opt_out AS profiling_opt_out,
        h.as_of_us + CASE WHEN h.as_of_us < z.change_us THEN z.before_us ELSE z.after_us END AS local_us
    FROM chosen AS h
    JOIN zone_days AS z ON h.time_zone = z.time_zone AND h.utc_day = z.utc_day
)
SELECT
    customer_id,
    COALESCE(region, '') AS holiday_region,
    time_zone,
    zone_source,
    is_zone_wrong,
    CAST((local_us - local_us % 86400000000) / 86400000000 AS INTEGER) AS today_day,
    segment,
    profiling_opt_out
FROM local
