-- contact_centre_summary: what one part of the contact centre did in one period.
-- Key: cut, period_kind, period_start_day, site, queue, agent, channel, tier, hour.
-- Units: seconds, money, shares from 0 to 1. all stands for what the cut does not part; unknown and unidentified for what is
-- not known. Counts, money and seconds of the parts of a cut add up to those of the cut all.
-- Queue figures (offered, queued, answered, abandoned, waits, service level) are of live contacts, where a person waits;
-- replies are those of the other channels.
-- Who gives up within [contact_centre] short_abandon_seconds is in short_abandoned and in no rate. Who gives up before a queue
-- is in abandoned_before_queue. abandon_rate is of the queued. Waits and their quantiles are of the queued, answered or not;
-- asa_s is the wait of the answered, also of those answered at once. service_level_variant says what service_level means.
-- orders, revenue and margin are attributed (contact_orders), which says nothing of cause. contribution is margin less cost.
WITH months AS (
    SELECT month_day, MAX(month_end_day) AS month_end_day FROM business_days GROUP BY month_day
)
SELECT
    s.cut AS cut,
    s.period_kind AS period_kind,
    s.period_start_day AS period_start_day,
    CAST(
        CASE
            WHEN s.period_kind = 'window' THEN r.as_of_day
            WHEN s.period_kind = 'day' THEN s.period_start_day + 1
            ELSE m.month_end_day
        END AS INTEGER
    ) AS period_end_day,
    s.site AS site,
    s.queue AS queue,
    s.agent AS agent,
    s.channel AS channel,
    s.tier AS tier,
    s.hour AS hour,
    s.contacts AS contacts,
    s.unidentified AS unidentified,
    s.outbound AS outbound,
    s.offered AS offered,
    s.queued AS queued,
    s.answered AS answered,
    s.abandoned AS abandoned,
    s.short_abandoned AS short_abandoned,
    s.abandoned_before_queue AS abandoned_before_queue,
    CASE
        WHEN s.queued - s.short_abandoned > 0
        THEN CAST(s.abandoned AS DOUBLE) / CAST(s.queued - s.short_abandoned AS DOUBLE)
    END AS abandon_rate,
    s.waits AS waits,
    CASE WHEN s.waits > 0 THEN CAST(s.waited_e4 AS DOUBLE) / CAST(s.waits * 10000 AS DOUBLE) END AS mean_wait_s,
    CASE
        WHEN s.answered_waits > 0 THEN CAST(s.answered_waited_e4 AS DOUBLE) / CAST(s.answered_waits * 10000 AS DOUBLE)
    END AS mean_wait_answered_s,
    CASE
        WHEN s.answered_timed > 0 THEN CAST(s.answered_waited_e4 AS DOUBLE) / CAST(s.answered_timed * 10000 AS DOUBLE)
    END AS asa_s,
    CAST(q.wait_p50_e6 AS DOUBLE) / CASE WHEN s.waits > 0 THEN 1000000.0 ELSE 1.0 END AS wait_p50_s,
    CAST(q.wait_p90_e6 AS DOUBLE) / CASE WHEN s.waits > 0 THEN 1000000.0 ELSE 1.0 END AS wait_p90_s,
    CAST(q.wait_p95_e6 AS DOUBLE) / CASE WHEN s.waits > 0 THEN 1000000.0 ELSE 1.0 END AS wait_p95_s,
    s.answered_in_time AS answered_in_time,
    CASE
        WHEN s.answered_timed + CASE
            WHEN p.service_level_rule = 'abandoned_after' THEN s.abandoned_late
            WHEN p.service_level_rule = 'all_abandoned' THEN s.abandoned_timed
            ELSE 0
        END > 0
        THEN CAST(s.answered_in_time AS DOUBLE) / CAST(s.answered_timed + CASE
            WHEN p.service_level_rule = 'abandoned_after' THEN s.abandoned_late
            WHEN p.service_level_rule = 'all_abandoned' THEN s.abandoned_timed
            ELSE 0
        END AS DOUBLE)
    END AS service_level,
    p.service_level_variant AS service_level_variant,
    s.replies AS replies,
    CASE
        WHEN s.replies > 0 THEN CAST(s.reply_waited_e4 AS DOUBLE) / CAST(s.replies * 10000 AS DOUBLE)
    END AS mean_reply_s,
    s.handled AS handled,
    s.handle_e4 AS handle_s_e4,
    CASE
        WHEN s.handled > 0 THEN CAST(s.handle_e4 AS DOUBLE) / CAST(s.handled * 10000 AS DOUBLE)
    END AS aht_s,
    s.vru_entered AS vru_entered,
    CASE WHEN s.vru_known > 0 THEN s.vru_contained END AS vru_contained,
    CASE WHEN s.vru_known > 0 THEN CAST(s.vru_contained AS DOUBLE) / CAST(s.vru_entered AS DOUBLE) END AS vru_containment,
    s.judged AS fcr_judged,
    CASE WHEN s.judged > 0 THEN CAST(s.resolved_first AS DOUBLE) / CAST(s.judged AS DOUBLE) END AS fcr_gross,
    CASE
        WHEN s.resolvable_known > 0 AND s.judged_resolvable > 0
        THEN CAST(s.resolvable_resolved AS DOUBLE) / CAST(s.judged_resolvable AS DOUBLE)
    END AS fcr_net,
    CASE
        WHEN s.complaints_judged > 0 THEN CAST(s.complaints_resolved AS DOUBLE) / CAST(s.complaints_judged AS DOUBLE)
    END AS fcr_complaints,
    s.follow_judged AS fcr_inferred_judged,
    CASE
        WHEN s.follow_judged > 0 THEN CAST(s.not_followed AS DOUBLE) / CAST(s.follow_judged AS DOUBLE)
    END AS fcr_inferred,
    s.repeats AS repeats,
    CASE WHEN s.repeat_base > 0 THEN CAST(s.repeats AS DOUBLE) / CAST(s.repeat_base AS DOUBLE) END AS repeat_rate,
    s.transfers AS transfers,
    s.csat_n AS csat_n,
    CASE WHEN s.csat_n > 0 THEN CAST(s.csat_e4 AS DOUBLE) / CAST(s.csat_n * 10000 AS DOUBLE) END AS csat,
    CASE WHEN s.complaint_known > 0 THEN s.complaints END AS complaints,
    s.inquiries AS inquiries,
    CASE WHEN s.lead_known > 0 THEN s.leads END AS leads,
    CASE WHEN s.lead_known > 0 AND s.inquiries > 0 THEN CAST(s.leads AS DOUBLE) / CAST(s.inquiries AS DOUBLE) END AS lead_rate,
    CASE WHEN s.costed > 0 THEN s.cost_e4 END AS cost_e4,
    CASE WHEN s.costed > 0 THEN CAST(s.cost_e4 AS DOUBLE) / CAST(s.costed * 10000 AS DOUBLE) END AS cost_per_contact,
    s.orders AS orders,
    s.revenue_e4 AS revenue_e4,
    CASE
        WHEN s.contacts > 0 THEN CAST(s.revenue_e4 AS DOUBLE) / CAST(s.contacts * 10000 AS DOUBLE)
    END AS revenue_per_contact,
    CASE WHEN s.orders_without_margin = 0 THEN s.margin_e4 END AS margin_e4,
    CASE WHEN s.orders_without_margin = 0 AND s.costed = s.contacts THEN s.margin_e4 - s.cost_e4 END AS contribution_e4,
    CASE
        WHEN s.period_kind = 'month' AND (s.period_start_day < p.window_day OR m.month_end_day > r.as_of_day)
        THEN 'incomplete_period'
        WHEN s.contacts = 0 THEN 'no_contacts'
        WHEN s.orders_without_margin > 0 THEN 'margin_unknown'
        WHEN s.costed < s.contacts THEN 'cost_unknown'
        ELSE 'ok'
    END AS status
FROM contact_cut_sums AS s
CROSS JOIN contact_centre_params AS p
CROSS JOIN run_params AS r
LEFT JOIN contact_wait_quantiles AS q
    ON s.cut = q.cut
    AND s.period_kind = q.period_kind
    AND s.period_start_day = q.period_start_day
    AND s.site = q.site
    AND s.queue = q.queue
    AND s.agent = q.agent
    AND s.channel = q.channel
    AND s.tier = q.tier
    AND s.hour = q.hour
LEFT JOIN months AS m ON s.period_start_day = m.month_day
