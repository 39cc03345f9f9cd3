-- centre_contacts: one contact of the contact centre's window, with what it says, unambiguous and in whole numbers.
-- Key: contact_no. Left out: page events, and what began before the last [contact_centre] window_days days.
-- Units: times in ten-thousandths of a second, flags 0 or 1; n is how many contacts the row stands for ([inputs.interactions]
-- count), each of which took that time and gave that satisfaction, while the cost is the row's.
-- Wait: wait_s; else from the queue to the answer, or to the end of a contact that was abandoned. A contact that never names
-- its queue entered it when it began, unless it began in the voice response unit or we made it.
-- Answered: an answer, an agent or time of talk, and not abandoned. Abandoned: it says so; else it was in a queue, ended, and
-- nobody answered. Queued: a queue instant, or a wait of more than nothing; where neither is known, every contact that was
-- answered or abandoned, but for those given up in the voice response unit and our own.
-- Queue figures are those of live contacts, where a person waits: phone, chat, counter, visit and store.
WITH transferred AS (
    SELECT transferred_from FROM staged_interactions WHERE transferred_from IS NOT NULL GROUP BY transferred_from
),
-- Instants, not contacts: contacts of one instant do not follow each other.
instants AS (
    SELECT
        i.customer_id AS customer_id,
        COALESCE(i.reason_code, 'unknown') AS reason,
        i.ts_start_us AS ts_us
    FROM staged_interactions AS i
    CROSS JOIN contact_centre_params AS c
    WHERE i.customer_id IS NOT NULL
        AND i.event IS NULL
        AND COALESCE(i.direction, 'in') = 'in'
        AND i.transferred_from IS NULL
        AND i.start_day >= c.window_day - c.repeat_days - 1
    GROUP BY i.customer_id, COALESCE(i.reason_code, 'unknown'), i.ts_start_us
),
neighbours AS (
    SELECT
        customer_id,
        reason,
        ts_us,
        LAG(ts_us) OVER (PARTITION BY customer_id, reason ORDER BY ts_us) AS before_us,
        LEAD(ts_us) OVER (PARTITION BY customer_id, reason ORDER BY ts_us) AS after_us
    FROM instants
),
said AS (
    SELECT
        i.interaction_id AS interaction_id,
        COALESCE(i.interaction_id, '') AS id_text,
        i.customer_id AS customer_id,
        CASE WHEN i.customer_id IS NULL THEN 1 ELSE 0 END AS is_unidentified,
        i.ts_start_us AS ts_us,
        i.start_day AS day,
        d.month_day AS month_day,
        d.weekday AS weekday,
        CASE WHEN i.start_day >= c.recent_day THEN i.start_day END AS recent_day,
        -- The wall clock: on a day on which it is put forward or back, from that instant on it shows that much more or less.
        i.ts_start_us - d.start_us + CASE WHEN i.ts_start_us >= d.shift_us THEN d.shift_by_us ELSE 0 END AS clock_us,
        COALESCE(i.site_id, 'unknown') AS site,
        COALESCE(i.queue, 'unknown') AS queue,
        COALESCE(i.agent_id, 'unknown') AS agent,
        COALESCE(i.channel, 'unknown') AS channel,
        CASE
            WHEN i.customer_id IS NULL THEN 'unidentified'
            ELSE CAST(COALESCE(t.actual_tier, 0) AS STRING)
        END AS tier,
        COALESCE(i.reason_code, 'unknown') AS reason,
        i.product_id AS product_id,
        i.competitor_code AS competitor_code,
        COALESCE(i.count, 1) AS n,
        CASE WHEN COALESCE(i.direction, 'in') = 'in' THEN 1 ELSE 0 END AS is_in,
        CASE WHEN COALESCE(i.channel, 'phone') IN ('phone', 'chat', 'counter', 'visit', 'store') THEN 1 ELSE 0 END AS is_live,
        CASE WHEN COALESCE(i.in_vru, FALSE) THEN 1 ELSE 0 END AS in_vru,
        CASE WHEN i.vru_task_done THEN 1 WHEN NOT i.vru_task_done THEN 0 END AS vru_done,
        CASE
            WHEN i.abandoned THEN 1
            WHEN i.abandoned IS NULL
                AND i.ts_queue_us IS NOT NULL AND i.ts_end_us IS NOT NULL
                AND i.ts_answer_us IS NULL AND i.agent_id IS NULL AND COALESCE(i.talk_s_e4, 0) = 0
            THEN 1
            ELSE 0
        END AS abandoned,
        CASE
            WHEN i.ts_answer_us IS NOT NULL OR i.agent_id IS NOT NULL OR COALESCE(i.talk_s_e4, 0) > 0 THEN 1
            ELSE 0
        END AS reached,
        i.wait_s_e4 AS given_wait_e4,
        i.ts_queue_us AS ts_queue_us,
        COALESCE(
            i.ts_queue_us,
            CASE
                WHEN COALESCE(i.in_vru, FALSE) OR COALESCE(i.direction, 'in') <> 'in' THEN NULL
                ELSE i.ts_start_us
            END
        ) AS entered_us,
        i.ts_answer_us AS ts_answer_us,
        i.ts_end_us AS ts_end_us,
        CASE
            WHEN i.talk_s_e4 IS NOT NULL OR i.hold_s_e4 IS NOT NULL OR i.wrap_s_e4 IS NOT NULL
            THEN COALESCE(i.talk_s_e4, 0) + COALESCE(i.hold_s_e4, 0) + COALESCE(i.wrap_s_e4, 0)
            WHEN i.ts_end_us >= i.ts_answer_us
            THEN CAST((i.ts_end_us - i.ts_answer_us - (i.ts_end_us - i.ts_answer_us) % 100) / 100 AS BIGINT)
        END AS handle_e4,
        CASE WHEN i.resolved THEN 1 WHEN NOT i.resolved THEN 0 END AS resolved,
        CASE WHEN i.resolvable_first_line THEN 1 WHEN NOT i.resolvable_first_line THEN 0 END AS resolvable,
        CASE WHEN i.transferred_from IS NOT NULL THEN 1 ELSE 0 END AS is_leg,
        CASE WHEN x.transferred_from IS NOT NULL THEN 1 ELSE 0 END AS is_transferred,
        CASE WHEN i.complaint OR i.complaint_id IS NOT NULL THEN 1 WHEN NOT i.complaint THEN 0 END AS complaint,
        CASE WHEN i.lead THEN 1 WHEN NOT i.lead THEN 0 END AS lead,
        i.satisfaction_e4 AS satisfaction_e4,
        i.cost_e4 AS cost_e4
    FROM staged_interactions AS i
    JOIN business_days AS d ON i.start_day = d.day
    CROSS JOIN contact_centre_params AS c
    LEFT JOIN customer_tiers AS t ON i.customer_id = t.customer_id
    LEFT JOIN transferred AS x ON i.interaction_id = x.transferred_from
    WHERE i.event IS NULL AND i.start_day >= c.window_day
),
answers AS (
    SELECT
        s.interaction_id AS interaction_id,
        s.id_text AS id_text,
        s.customer_id AS customer_id,
        s.is_unidentified AS is_unidentified,
        s.ts_us AS ts_us,
        s.day AS day,
        s.month_day AS month_day,
        s.recent_day AS recent_day,
        s.weekday AS weekday,
        CAST((s.clock_us - s.clock_us % 1800000000) / 1800000000 AS INTEGER) AS half_hour,
        s.site AS site,
        s.queue AS queue,
        s.agent AS agent,
        s.channel AS channel,
        s.tier AS tier,
        s.reason AS reason,
        s.product_id AS product_id,
        s.competitor_code AS competitor_code,
        s.n AS n,
        s.is_in AS is_in,
        s.is_live AS is_live,
        s.in_vru AS in_vru,
        s.vru_done AS vru_done,
        s.abandoned AS abandoned,
        CASE WHEN s.abandoned = 0 AND s.reached = 1 THEN 1 ELSE 0 END AS answered,
        CASE
            WHEN s.ts_queue_us IS NOT NULL OR s.given_wait_e4 > 0 THEN 1
            WHEN s.given_wait_e4 IS NOT NULL OR s.is_in = 0 THEN 0
            WHEN s.abandoned = 1 THEN 1 - s.in_vru
            ELSE s.reached
        END AS queued,
        CAST(
            CASE
                WHEN s.given_wait_e4 IS NOT NULL THEN s.given_wait_e4
                WHEN s.ts_answer_us >= s.entered_us
                THEN (s.ts_answer_us - s.entered_us - (s.ts_answer_us - s.entered_us) % 100) / 100
                WHEN s.abandoned = 1 AND s.ts_end_us >= s.entered_us
                THEN (s.ts_end_us - s.entered_us - (s.ts_end_us - s.entered_us) % 100) / 100
            END AS BIGINT
        ) AS wait_e4,
        s.handle_e4 AS handle_e4,
        s.resolved AS resolved,
        s.resolvable AS resolvable,
        s.is_leg AS is_leg,
        s.is_transferred AS is_transferred,
        CASE
            WHEN v.ts_us IS NULL OR s.is_in = 0 OR s.is_leg = 1 THEN NULL
            WHEN s.ts_us - v.before_us <= c.repeat_us THEN 1
            ELSE 0
        END AS is_repeat,
        -- Whether they came back is known when the time to do so is over.
        CASE
            WHEN v.ts_us IS NULL OR s.is_in = 0 OR s.is_leg = 1 OR s.ts_us + c.repeat_us > p.as_of_us THEN NULL
            WHEN v.after_us - s.ts_us <= c.repeat_us THEN 1
            ELSE 0
        END AS is_followed,
        s.complaint AS complaint,
        s.lead AS lead,
        s.satisfaction_e4 AS satisfaction_e4,
        s.cost_e4 AS cost_e4
    FROM said AS s
    CROSS JOIN contact_centre_params AS c
    CROSS JOIN run_params AS p
    LEFT JOIN neighbours AS v
        ON s.customer_id = v.customer_id AND s.reason = v.reason AND s.ts_us = v.ts_us
)
SELECT
    CAST(ROW_NUMBER() OVER (
        ORDER BY
            a.is_unidentified, a.customer_id, a.ts_us, a.id_text, a.channel, a.queue, a.agent, a.site, a.reason, a.answered,
            a.queued, a.n
    ) AS BIGINT) AS contact_no,
    a.interaction_id AS interaction_id,
    a.customer_id AS customer_id,
    a.is_unidentified AS is_unidentified,
    a.ts_us AS ts_us,
    a.day AS day,
    a.month_day AS month_day,
    a.recent_day AS recent_day,
    a.weekday AS weekday,
    a.half_hour AS half_hour,
    a.site AS site,
    a.queue AS queue,
    a.agent AS agent,
    a.channel AS channel,
    a.tier AS tier,
    a.reason AS reason,
    a.product_id AS product_id,
    a.competitor_code AS competitor_code,
    a.n AS n,
    a.is_in AS is_in,
    a.in_vru AS in_vru,
    a.vru_done AS vru_done,
    a.is_live AS is_live,
    a.answered AS answered,
    a.abandoned AS abandoned,
    -- Ours are in the queue when they waited in one.
    a.is_live * CASE WHEN a.is_in = 1 OR a.queued = 1 THEN 1 ELSE 0 END * a.queued AS queued,
    a.is_live * CASE WHEN a.is_in = 1 OR a.queued = 1 THEN 1 ELSE 0 END
        * CASE WHEN a.answered = 1 OR (a.abandoned = 1 AND a.queued = 1) THEN 1 ELSE 0 END AS offered,
    CASE
        WHEN a.abandoned = 1 AND a.queued = 1 AND a.is_live = 1 AND a.wait_e4 < c.short_abandon_e4 THEN 1
        ELSE 0
    END AS is_short,
    a.wait_e4 AS wait_e4,
    a.handle_e4 AS handle_e4,
    a.resolved AS resolved,
    a.resolvable AS resolvable,
    a.is_leg AS is_leg,
    a.is_transferred AS is_transferred,
    a.is_repeat AS is_repeat,
    a.is_followed AS is_followed,
    a.complaint AS complaint,
    a.lead AS lead,
    a.satisfaction_e4 AS satisfaction_e4,
    a.cost_e4 AS cost_e4
FROM answers AS a
CROSS JOIN contact_centre_params AS c
