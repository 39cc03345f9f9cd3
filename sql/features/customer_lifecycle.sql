-- customer_lifecycle: the one state of one customer's life at as_of (spec/definitions.md 3.6).
-- Key: customer_id. Everybody who is known.
-- Units: days. States, since when, and the state before are what the state machine gives when it is run over the customer's
-- purchase days with today's thresholds: a pure function of the events, so that an earlier as_of rebuilds a past state.
-- Closed customers are lost; so are dormant ones who said no to everything, and those who have been silent for so long that
-- hardly anybody returns within a year (return_thresholds).
WITH pairs AS (
    SELECT
        customer_id,
        day,
        day - previous_day AS gap_days,
        previous_day - day_before_previous AS gap_before_days
    FROM purchase_days
    WHERE previous_day IS NOT NULL
),
-- The last purchase day on which somebody became active: out of silence, or with the second purchase day in a row after a
-- return from long silence, or with the second of all. Day and former state are one number, so that the largest has both.
entries AS (
    SELECT
        d.customer_id AS customer_id,
        MAX(
            (CAST(d.day AS BIGINT) + 1000000) * 4
            + CASE
                WHEN d.gap_days * 20000 > 3 * t.threshold_e4 THEN 3
                WHEN d.gap_days * 10000 > t.threshold_e4 THEN 2
                WHEN d.gap_before_days IS NULL THEN 1
                ELSE 0
            END
        ) AS entry
    FROM pairs AS d
    JOIN customer_thresholds AS t ON d.customer_id = t.customer_id
    WHERE d.gap_days * 10000 <= t.lost_e4
      AND (
          d.gap_days * 10000 > t.threshold_e4
          OR d.gap_before_days IS NULL
          OR d.gap_before_days * 10000 > t.lost_e4
      )
    GROUP BY d.customer_id
),
activity AS (
    SELECT
        customer_id,
        CAST((entry - entry % 4) / 4 - 1000000 AS INTEGER) AS active_since_day,
        CASE
            WHEN entry % 4 = 3 THEN 'at_risk'
            WHEN entry % 4 = 2 THEN 'slipping'
            WHEN entry % 4 = 1 THEN 'new'
            ELSE 'reactivated'
        END AS came_from
    FROM entries
),
lost_after AS (
    SELECT
        MAX(CASE WHEN t.stratum = 'all' THEN t.days END) AS all_days,
        MAX(CASE WHEN t.stratum = 'purchase_days=1' THEN t.days END) AS days_1,
        MAX(CASE WHEN t.stratum = 'purchase_days=2' THEN t.days END) AS days_2,
        MAX(CASE WHEN t.stratum = 'purchase_days=3-5' THEN t.days END) AS days_3,
        MAX(CASE WHEN t.stratum = 'purchase_days=6+' THEN t.days END) AS days_6
    FROM return_thresholds AS t
    CROSS JOIN run_params AS p
    WHERE t.status = 'ok' AND t.horizon_days = p.lost_horizon_days AND t.return_ppm = p.lost_return_ppm
),
-- The first silent day of each state, counted from the last purchase day.
borders AS (
    SELECT
        s.customer_id AS customer_id,
        s.purchase_days AS purchase_days,
        s.last_order_day AS last_order_day,
        t.recency_days AS recency_days,
        t.last_gap_days AS last_gap_days,
        t.lost_e4 AS lost_e4,
        CAST((t.threshold_e4 - t.threshold_e4 % 10000) / 10000 + 1 AS INTEGER) AS slipping_from,
        CAST((3 * t.threshold_e4 - (3 * t.threshold_e4) % 20000) / 20000 + 1 AS INTEGER) AS at_risk_from,
        CAST((t.lost_e4 - t.lost_e4 % 10000) / 10000 + 1 AS INTEGER) AS dormant_from,
        CASE
            WHEN t.class = 'purchase_days=1' THEN COALESCE(l.days_1, l.all_days)
            WHEN t.class = 'purchase_days=2' THEN COALESCE(l.days_2, l.all_days)
            WHEN t.class = 'purchase_days=3-5' THEN COALESCE(l.days_3, l.all_days)
            ELSE COALESCE(l.days_6, l.all_days)
        END AS hopeless_from,
        COALESCE(o.denied_all, FALSE) AS denied_all,
        COALESCE(c.closed_us < p.as_of_us, FALSE) AS is_closed,
        -- Whole days before as_of, so that no time zone is needed.
        p.as_of_day - CAST(
            (p.as_of_us - c.closed_us + 86399999999 - (p.as_of_us - c.closed_us + 86399999999) % 86400000000)
                / 86400000000 AS INTEGER
        ) AS closed_day
    FROM customer_summary AS s
    LEFT JOIN customer_thresholds AS t ON s.customer_id = t.customer_id
    LEFT JOIN staged_customers AS c ON s.customer_id = c.customer_id
    LEFT JOIN customer_opt_outs AS o ON s.customer_id = o.customer_id
    CROSS JOIN lost_after AS l
    CROSS JOIN run_params AS p
),
open_states AS (
    SELECT
        b.customer_id AS customer_id,
        b.last_order_day AS last_order_day,
        b.recency_days AS recency_days,
        b.slipping_from AS slipping_from,
        b.at_risk_from AS at_risk_from,
        b.dormant_from AS dormant_from,
        CASE
            WHEN b.denied_all OR b.hopeless_from <= b.dormant_from THEN b.dormant_from ELSE b.hopeless_from
        END AS lost_from,
        b.is_closed AS is_closed,
        b.closed_day AS closed_day,
        a.active_since_day AS active_since_day,
        a.came_from AS came_from,
        -- What they are on the day of their last purchase.
        CASE
            WHEN b.purchase_days = 0 THEN 'prospect'
            WHEN b.purchase_days = 1 THEN 'new'
            WHEN CAST(b.last_gap_days AS BIGINT) * 10000 > b.lost_e4 THEN 'reactivated'
            ELSE 'active'
        END AS bought_state
    FROM borders AS b
    LEFT JOIN activity AS a ON b.customer_id = a.customer_id
),
states AS (
    SELECT
        customer_id,
        last_order_day,
        recency_days,
        slipping_from,
        at_risk_from,
        dormant_from,
        lost_from,
        is_closed,
        closed_day,
        active_since_day,
        came_from,
        bought_state,
        CASE
            WHEN bought_state = 'prospect' OR recency_days < slipping_from THEN bought_state
            WHEN recency_days < at_risk_from THEN 'slipping'
            WHEN recency_days < dormant_from THEN 'at_risk'
            WHEN recency_days < lost_from OR lost_from IS NULL THEN 'dormant'
            ELSE 'lost'
        END AS open_state
    FROM open_states
)
SELECT
    s.customer_id AS customer_id,
    CASE WHEN s.is_closed THEN 'lost' ELSE s.open_state END AS lifecycle_state,
    CAST(
        CASE
            WHEN s.is_closed THEN s.closed_day
            WHEN s.open_state IN ('new', 'reactivated') THEN s.last_order_day
            WHEN s.open_state = 'active' THEN s.active_since_day
            WHEN s.open_state = 'slipping' THEN s.last_order_day + s.slipping_from
            WHEN s.open_state = 'at_risk' THEN s.last_order_day + s.at_risk_from
            WHEN s.open_state = 'dormant' THEN s.last_order_day + s.dormant_from
            WHEN s.open_state = 'lost' THEN s.last_order_day + s.lost_from
        END AS INTEGER
    ) AS state_since_day,
    CASE
        WHEN s.is_closed THEN s.open_state
        WHEN s.open_state = 'new' THEN 'prospect'
        WHEN s.open_state = 'active' THEN s.came_from
        WHEN s.open_state = 'reactivated' THEN 'dormant'
        WHEN s.open_state = 'slipping' THEN s.bought_state
        WHEN s.open_state = 'at_risk' THEN 'slipping'
        WHEN s.open_state = 'dormant' THEN 'at_risk'
        WHEN s.open_state = 'lost' AND s.lost_from = s.dormant_from THEN 'at_risk'
        WHEN s.open_state = 'lost' THEN 'dormant'
    END AS state_prev,
    CASE
        WHEN s.is_closed OR s.open_state IN ('prospect', 'lost') THEN NULL
        WHEN s.recency_days < s.slipping_from THEN 'slipping'
        WHEN s.recency_days < s.at_risk_from THEN 'at_risk'
        WHEN s.recency_days < s.dormant_from AND s.lost_from = s.dormant_from THEN 'lost'
        WHEN s.recency_days < s.dormant_from THEN 'dormant'
        WHEN s.lost_from IS NOT NULL THEN 'lost'
    END AS state_next,
    CAST(
        CASE
            WHEN s.is_closed OR s.open_state IN ('prospect', 'lost') THEN NULL
            WHEN s.recency_days < s.slipping_from THEN s.slipping_from - s.recency_days
            WHEN s.recency_days < s.at_risk_from THEN s.at_risk_from - s.recency_days
            WHEN s.recency_days < s.dormant_from THEN s.dormant_from - s.recency_days
            ELSE s.lost_from - s.recency_days
        END AS INTEGER
    ) AS next_in_days
FROM states AS s
