-- customer_preferences: the best way and time to reach one known customer.
-- Key: customer_id. Every known customer.
-- pref_source own: channel and hour, where there is one, are of the customer's own contacts; segment or everybody: at least one
-- of them is the pool's; none: there are no contacts to learn from; not_profiled: the customer objected.
WITH slots AS (
    SELECT
        customer_id,
        channel,
        MAX(CASE WHEN measure = 'hour' THEN slot END) AS hour,
        MAX(CASE WHEN measure = 'hour' THEN source END) AS source,
        MAX(CASE WHEN measure = 'weekday' THEN slot END) AS weekday,
        MAX(CASE WHEN measure = 'daypart' THEN slot END) AS daypart
    FROM contact_choices
    GROUP BY customer_id, channel
),
best AS (
    SELECT customer_id, channel, source, all_signs_e4 FROM channel_choices WHERE place = 1
)
SELECT
    k.customer_id AS customer_id,
    b.channel AS pref_channel,
    CASE
        WHEN NOT k.profiling_opt_out
        THEN CAST(COALESCE(b.all_signs_e4, 0) AS DOUBLE) / CAST(10000 AS DOUBLE)
    END AS pref_channel_n,
    COALESCE(s.hour, g.hour) AS pref_hour,
    COALESCE(s.weekday, g.weekday) AS pref_weekday,
    CASE
        WHEN COALESCE(s.daypart, g.daypart) = 1 THEN 'night'
        WHEN COALESCE(s.daypart, g.daypart) = 2 THEN 'morning'
        WHEN COALESCE(s.daypart, g.daypart) = 3 THEN 'afternoon'
        WHEN COALESCE(s.daypart, g.daypart) = 4 THEN 'evening'
    END AS pref_daypart,
    CASE
        WHEN k.profiling_opt_out THEN 'not_profiled'
        WHEN b.channel IS NULL THEN 'none'
        WHEN b.source <> 'own' THEN b.source
        ELSE COALESCE(s.source, g.basis, 'own')
    END AS pref_source,
    k.time_zone AS contact_time_zone,
    k.zone_source AS zone_source
FROM customer_clocks AS k
LEFT JOIN best AS b ON k.customer_id = b.customer_id
LEFT JOIN slots AS s ON b.customer_id = s.customer_id AND b.channel = s.channel
LEFT JOIN pool_hours AS g ON k.segment = g.segment AND b.channel = g.channel
