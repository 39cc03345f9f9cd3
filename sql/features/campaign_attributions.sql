-- campaign_attributions: one order and the message that it is attributed to: the last one before it that may claim it.
-- Key: customer_id, order_id. Left out: orders that no message may claim, and messages that a control was spared.
-- Units: money in ten-thousandths, refunds taken off. Windows by channel and touch are rows of attribution_windows and run from
-- the message on, for the exports have no other time: a click gives more time than an open (machines' opens count for nothing),
-- an open more than a delivery (spec/definitions.md 3.15). Of messages at one instant the clicked comes before the opened, and
-- that before the delivered. An order counts once, over all campaigns.
WITH touches AS (
    SELECT
        m.campaign_id AS campaign_id,
        m.wave AS wave,
        m.customer_id AS customer_id,
        m.sent_us AS sent_us,
        m.sent_us + w.window_us AS until_us,
        w.touch_rank AS touch_rank
    FROM campaign_messages AS m
    JOIN attribution_windows AS w ON m.channel = w.channel
    WHERE m.arm <> 'control'
        AND (
            (w.touch = 'click' AND m.clicked = 1)
            OR (w.touch = 'open' AND m.opened = 1)
            OR (w.touch = 'delivery' AND m.delivered = 1)
        )
),
claims AS (
    SELECT
        o.customer_id AS customer_id,
        o.order_id AS order_id,
        o.order_day AS order_day,
        o.net_revenue_e4 AS revenue_e4,
        o.net_revenue_e4 - o.cost_e4 - o.payment_fee_e4 AS margin_e4,
        t.campaign_id AS campaign_id,
        t.wave AS wave,
        t.touch_rank AS touch_rank,
        t.sent_us AS sent_us,
        0 - t.sent_us AS latest_first
    FROM customer_orders AS o
    JOIN touches AS t ON o.customer_id = t.customer_id
    WHERE o.is_qualifying AND o.ts_us >= t.sent_us AND o.ts_us < t.until_us
),
ranked AS (
    SELECT
        customer_id,
        order_id,
        order_day,
        revenue_e4,
        margin_e4,
        campaign_id,
        wave,
        touch_rank,
        CAST(
            ROW_NUMBER() OVER (
                PARTITION BY customer_id, order_id ORDER BY latest_first, touch_rank, campaign_id, wave
            ) AS BIGINT
        ) AS place
    FROM claims
)
SELECT customer_id, order_id, order_day, campaign_id, wave, touch_rank, revenue_e4, margin_e4
FROM ranked
WHERE place = 1
