-- contact_cut_sums: the sums of one cut of the contact centre in one period.
-- Key: cut, period_kind, period_start_day, site, queue, agent, channel, tier, hour. all stands for what is not cut.
-- Units: as in contact_cells. The window is one period, each of its months is one, and so is each of the last days.
WITH periods_of AS (
    SELECT 'window' AS period_kind, 1 AS is_window, 0 AS is_month
    UNION ALL
    SELECT 'month' AS period_kind, 0 AS is_window, 1 AS is_month
    UNION ALL
    SELECT 'day' AS period_kind, 0 AS is_window, 0 AS is_month
),
placed AS (
    SELECT
        k.cut AS cut,
        o.period_kind AS period_kind,
        CAST(
            CASE WHEN o.is_window = 1 THEN p.window_day WHEN o.is_month = 1 THEN c.month_day ELSE c.recent_key END AS INTEGER
        ) AS period_start_day,
        CASE WHEN k.by_site THEN c.site ELSE 'all' END AS site,
        CASE WHEN k.by_queue THEN c.queue ELSE 'all' END AS queue,
        CASE WHEN k.by_agent THEN c.agent ELSE 'all' END AS agent,
        CASE WHEN k.by_channel THEN c.channel ELSE 'all' END AS channel,
        CASE WHEN k.by_tier THEN c.tier ELSE 'all' END AS tier,
        CASE
            WHEN NOT k.by_hour THEN 'all'
            WHEN c.hour < 10 THEN CONCAT('0', CAST(c.hour AS VARCHAR))
            ELSE CAST(c.hour AS VARCHAR)
        END AS hour,
        c.contacts AS contacts,
        c.unidentified AS unidentified,
        c.outbound AS outbound,
        c.offered AS offered,
        c.queued AS queued,
        c.answered AS answered,
        c.abandoned AS abandoned,
        c.short_abandoned AS short_abandoned,
        c.abandoned_before_queue AS abandoned_before_queue,
        c.waits AS waits,
        c.waited_e4 AS waited_e4,
        c.answered_waits AS answered_waits,
        c.answered_waited_e4 AS answered_waited_e4,
        c.answered_timed AS answered_timed,
        c.answered_in_time AS answered_in_time,
        c.abandoned_timed AS abandoned_timed,
        c.abandoned_late AS abandoned_late,
        c.replies AS replies,
        c.reply_waited_e4 AS reply_waited_e4,
        c.handled AS handled,
        c.handle_e4 AS handle_e4,
        c.vru_entered AS vru_entered,
        c.vru_known AS vru_known,
        c.vru_contained AS vru_contained,
        c.judged AS judged,
        c.resolved_first AS resolved_first,
        c.resolvable_known AS resolvable_known,
        c.judged_resolvable AS judged_resolvable,
        c.resolvable_resolved AS resolvable_resolved,
        c.complaints_judged AS complaints_judged,
        c.complaints_resolved AS complaints_resolved,
        c.follow_judged AS follow_judged,
        c.not_followed AS not_followed,
        c.repeat_base AS repeat_base,
        c.repeats AS repeats,
        c.csat_n AS csat_n,
        c.csat_e4 AS csat_e4,
        c.complaints AS complaints,
        c.inquiries AS inquiries,
        c.leads AS leads,
        c.complaint_known AS complaint_known,
        c.lead_known AS lead_known,
        c.transfers AS transfers,
        c.costed AS costed,
        c.cost_e4 AS cost_e4,
        c.orders AS orders,
        c.revenue_e4 AS revenue_e4,
        c.margin_e4 AS margin_e4,
        c.orders_without_margin AS orders_without_margin
    FROM contact_cells AS c
    CROSS JOIN contact_cuts AS k
    CROSS JOIN periods_of AS o
    CROSS JOIN contact_centre_params AS p
    WHERE o.is_window = 1 OR o.is_month = 1 OR c.recent_key > 0
)
SELECT
    cut,
    period_kind,
    period_start_day,
    site,
    queue,
    agent,
    channel,
    tier,
    hour,
    CAST(SUM(contacts) AS BIGINT) AS contacts,
    CAST(SUM(unidentified) AS BIGINT) AS unidentified,
    CAST(SUM(outbound) AS BIGINT) AS outbound,
    CAST(SUM(offered) AS BIGINT) AS offered,
    CAST(SUM(queued) AS BIGINT) AS queued,
    CAST(SUM(answered) AS BIGINT) AS answered,
    CAST(SUM(abandoned) AS BIGINT) AS abandoned,
    CAST(SUM(short_abandoned) AS BIGINT) AS short_abandoned,
    CAST(SUM(abandoned_before_queue) AS BIGINT) AS abandoned_before_queue,
    CAST(SUM(waits) AS BIGINT) AS waits,
    CAST(SUM(waited_e4) AS BIGINT) AS waited_e4,
    CAST(SUM(answered_waits) AS BIGINT) AS answered_waits,
    CAST(SUM(answered_waited_e4) AS BIGINT) AS answered_waited_e4,
    CAST(SUM(answered_timed) AS BIGINT) AS answered_timed,
    CAST(SUM(answered_in_time) AS BIGINT) AS answered_in_time,
    CAST(SUM(abandoned_timed) AS BIGINT) AS abandoned_timed,
    CAST(SUM(abandoned_late) AS BIGINT) AS abandoned_late,
    CAST(SUM(replies) AS BIGINT) AS replies,
    CAST(SUM(reply_waited_e4) AS BIGINT) AS reply_waited_e4,
    CAST(SUM(handled) AS BIGINT) AS handled,
    CAST(SUM(handle_e4) AS BIGINT) AS handle_e4,
    CAST(SUM(vru_entered) AS BIGINT) AS vru_entered,
    CAST(SUM(vru_known) AS BIGINT) AS vru_known,
    CAST(SUM(vru_contained) AS BIGINT) AS vru_contained,
    CAST(SUM(judged) AS BIGINT) AS judged,
    CAST(SUM(resolved_first) AS BIGINT) AS resolved_first,
    CAST(SUM(resolvable_known) AS BIGINT) AS resolvable_known,
    CAST(SUM(judged_resolvable) AS BIGINT) AS judged_resolvable,
    CAST(SUM(resolvable_resolved) AS BIGINT) AS resolvable_resolved,
    CAST(SUM(complaints_judged) AS BIGINT) AS complaints_judged,
    CAST(SUM(complaints_resolved) AS BIGINT) AS complaints_resolved,
    CAST(SUM(follow_judged) AS BIGINT) AS follow_judged,
    CAST(SUM(not_followed) AS BIGINT) AS not_followed,
    CAST(SUM(repeat_base) AS BIGINT) AS repeat_base,
    CAST(SUM(repeats) AS BIGINT) AS repeats,
    CAST(SUM(csat_n) AS BIGINT) AS csat_n,
    CAST(SUM(csat_e4) AS BIGINT) AS csat_e4,
    CAST(SUM(complaints) AS BIGINT) AS complaints,
    CAST(SUM(inquiries) AS BIGINT) AS inquiries,
    CAST(SUM(leads) AS BIGINT) AS leads,
    CAST(SUM(complaint_known) AS BIGINT) AS complaint_known,
    CAST(SUM(lead_known) AS BIGINT) AS lead_known,
    CAST(SUM(transfers) AS BIGINT) AS transfers,
    CAST(SUM(costed) AS BIGINT) AS costed,
    CAST(SUM(cost_e4) AS BIGINT) AS cost_e4,
    CAST(SUM(orders) AS BIGINT) AS orders,
    CAST(SUM(revenue_e4) AS BIGINT) AS revenue_e4,
    CAST(SUM(margin_e4) AS BIGINT) AS margin_e4,
    CAST(SUM(orders_without_margin) AS BIGINT) AS orders_without_margin
FROM placed
GROUP BY cut, period_kind, period_start_day, site, queue, agent, channel, tier, hour
