-- contact_preferences: when, and how gladly, one customer is reached on one channel.
-- Key: customer_id, channel. Left out: customers without a contact, and those who objected to profiling.
-- The customer's best channel comes first; it may be one on which they gave no sign yet, when their segment's says more.
-- Hours and weekdays (1 is Monday) are those of the customer's own clock. n is how much speaks for a choice: weighed
-- contacts, one of age a counts 2^(-a / half-life). source own: the customer's contacts decided, drawn to the pool's;
-- segment or everybody: there are too few, and the pool's best stands in. lift beside a probability is how many times the
-- pool's it is: it is reported and never chooses (spec/definitions.md 3.11).
WITH slots AS (
    SELECT
        customer_id,
        channel,
        MAX(CASE WHEN measure = 'hour' THEN slot END) AS hour,
        MAX(CASE WHEN measure = 'hour' THEN method END) AS hour_method,
        MAX(CASE WHEN measure = 'hour' THEN source END) AS hour_source,
        MAX(CASE WHEN measure = 'hour' THEN contacts_e4 END) AS hour_n_e4,
        MAX(CASE WHEN measure = 'hour' THEN probability END) AS hour_p,
        MAX(CASE WHEN measure = 'hour' THEN lift END) AS hour_lift,
        MAX(CASE WHEN measure = 'weekday' THEN slot END) AS weekday,
        MAX(CASE WHEN measure = 'weekday' THEN source END) AS weekday_source,
        MAX(CASE WHEN measure = 'weekday' THEN probability END) AS weekday_p,
        MAX(CASE WHEN measure = 'daypart' THEN slot END) AS daypart,
        MAX(CASE WHEN measure = 'daypart' THEN source END) AS daypart_source,
        MAX(CASE WHEN measure = 'daypart' THEN probability END) AS daypart_p
    FROM contact_choices
    GROUP BY customer_id, channel
),
-- A channel on which we only sent in vain has slots and no place among the channels.
pairs AS (
    SELECT customer_id, channel FROM channel_choices
    UNION ALL
    SELECT customer_id, channel FROM slots
),
single AS (SELECT customer_id, channel FROM pairs GROUP BY customer_id, channel),
busy AS (
    SELECT customer_id FROM contact_slots WHERE measure = 'channel' GROUP BY customer_id
),
joined AS (
    SELECT
        i.customer_id AS customer_id,
        i.channel AS channel,
        c.place AS place,
        c.source AS channel_source,
        COALESCE(c.signs_e4, 0) AS signs_e4,
        COALESCE(c.sales_e4, 0) AS sales_e4,
        c.probability AS channel_p,
        c.lift AS channel_lift,
        COALESCE(s.hour, g.hour) AS hour,
        s.hour_method AS hour_method,
        COALESCE(s.hour_source, g.basis) AS hour_source,
        COALESCE(s.hour_n_e4, 0) AS hour_n_e4,
        s.hour_p AS hour_p,
        s.hour_lift AS hour_lift,
        COALESCE(s.weekday, g.weekday) AS weekday,
        COALESCE(s.weekday_source, g.basis) AS weekday_source,
        s.weekday_p AS weekday_p,
        COALESCE(s.daypart, g.daypart) AS daypart,
        COALESCE(s.daypart_source, g.basis) AS daypart_source,
        s.daypart_p AS daypart_p,
        k.time_zone AS time_zone,
        k.zone_source AS zone_source
    FROM single AS i
    JOIN busy AS b ON i.customer_id = b.customer_id
    JOIN customer_clocks AS k ON i.customer_id = k.customer_id
    LEFT JOIN channel_choices AS c ON i.customer_id = c.customer_id AND i.channel = c.channel
    LEFT JOIN slots AS s ON i.customer_id = s.customer_id AND i.channel = s.channel
    LEFT JOIN pool_hours AS g ON k.segment = g.segment AND i.channel = g.channel
)
SELECT
    customer_id,
    channel,
    place,
    channel_source,
    CAST(signs_e4 AS DOUBLE) / CAST(10000 AS DOUBLE) AS channel_n,
    CAST(sales_e4 AS DOUBLE) / CAST(10000 AS DOUBLE) AS sales_n,
    CAST(signs_e4 - sales_e4 AS DOUBLE) / CAST(10000 AS DOUBLE) AS service_n,
    channel_p,
    channel_lift,
    hour,
    hour_method,
    hour_source,
    CAST(hour_n_e4 AS DOUBLE) / CAST(10000 AS DOUBLE) AS hour_n,
    hour_p,
    hour_lift,
    weekday,
    weekday_source,
    weekday_p,
    CASE WHEN daypart = 1 THEN 'night' WHEN daypart = 2 THEN 'morning' WHEN daypart = 3 THEN 'afternoon'
        WHEN daypart = 4 THEN 'evening' END AS daypart,
    daypart_source,
    daypart_p,
    time_zone,
    zone_source
FROM joined
