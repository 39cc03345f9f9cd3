//! Event streams: the rows of one call or ticket become one interaction, exactly, whatever their order, files and repetitions.

use patronage::ingest::{Counts, Repair};
use proptest::prelude::*;

use crate::event_stream_support::Centre;
use crate::foreign;
use crate::ingest_support::{input, lines, rejects};

/// What a folded call says, in the columns that the preset for Asterisk gives.
const COLUMNS: [&str; 14] = [
    "interaction_id",
    "contact_point",
    "ts_start_us",
    "ts_queue_us",
    "ts_answer_us",
    "ts_end_us",
    "wait_s_e4",
    "talk_s_e4",
    "abandoned",
    "queue",
    "agent_id",
    "disposition",
    "completeness",
    "start_day",
];

/// 2013-04-23 12:32:20 UTC, the instant of the example at https://docs.asterisk.org/Operation/Logging/Queue-Logs/.
const NOON: i64 = 1_366_720_340;

/// Nine calls. Fields as on that page; the figures below are by hand.
fn a_day() -> String {
    let line = |(at, rest): &(i64, &str)| format!("{}|{rest}\n", NOON + at);
    [
        (-5, "NONE|NONE|NONE|QUEUESTART|"),
        // a: waits 12, talks 60, and hangs up.
        (0, "a|sales|NONE|ENTERQUEUE||+4930123456|1"),
        (4, "a|sales|SIP/8007|RINGNOANSWER|4000"),
        (12, "a|sales|SIP/8008|CONNECT|12|1366720340.9|3"),
        (72, "a|sales|SIP/8008|COMPLETECALLER|12|60|1"),
        // b: hangs up in the queue after 30 seconds.
        (10, "b|sales|NONE|ENTERQUEUE||+4930777|2"),
        (40, "b|sales|NONE|ABANDON|1|2|30"),
        // c: 20 seconds in one queue, which sends it to another in the same second, where it waits 5, and is passed on after 15.
        (100, "c|sales|NONE|ENTERQUEUE||anonymous|1"),
        (120, "c|sales|NONE|EXITWITHTIMEOUT|1|1|20"),
        (120, "c|help|NONE|ENTERQUEUE||anonymous|1"),
        (125, "c|help|SIP/9001|CONNECT|5|1366720340.12|2"),
        (140, "c|help|SIP/9001|BLINDTRANSFER|200|internal|5|15|1"),
        // d: was running when the log began.
        (3, "d|sales|SIP/8007|COMPLETEAGENT|9|300|1"),
        // e: is still running when it ends.
        (500, "e|help|NONE|ENTERQUEUE||+4930888|1"),
        // f: leaves by a key after 8 seconds.
        (510, "f|help|NONE|ENTERQUEUE||+4930999|2"),
        (518, "f|help|NONE|EXITWITHKEY|1|2|2|8"),
        // g: an event that nobody knows, and nothing else.
        (520, "g|help|NONE|TELEPORT|1"),
        // An event of no call.
        (521, "NONE|help|NONE|ENTERQUEUE||+4930111|1"),
        // h: the clock of the answer is 2 seconds behind that of the queue.
        (600, "h|help|NONE|ENTERQUEUE||+4930222|1"),
        (598, "h|help|SIP/9001|CONNECT|0|x|1"),
        (610, "h|help|SIP/9001|COMPLETECALLER|0|10|1"),
    ]
    .iter()
    .map(line)
    .collect()
}

fn at(seconds: i64) -> String {
    format!("{}", (NOON + seconds) * 1_000_000)
}

#[test]
fn the_lines_of_a_call_become_one_interaction() {
    let centre = Centre::asterisk();
    centre.write("queue.log", &a_day());
    let staged = centre.stage();
    let interactions = input(&staged, "interactions");
    let mut calls = lines(interactions, &COLUMNS);
    calls.sort();
    let expected = [
        format!(
            "a +4930123456 {} {} {} {} 120000 600000 false sales SIP/8008 COMPLETECALLER whole 2013-04-23",
            at(0),
            at(0),
            at(12),
            at(72)
        ),
        format!("b +4930777 {} {} - {} 300000 - true sales - ABANDON whole 2013-04-23", at(10), at(10), at(40)),
        format!(
            "c anonymous {} {} {} {} 250000 150000 false help SIP/9001 BLINDTRANSFER whole 2013-04-23",
            at(100),
            at(100),
            at(125),
            at(140)
        ),
        format!("d - {} - - {} - 3000000 false sales SIP/8007 COMPLETEAGENT no_beginning 2013-04-23", at(3), at(3)),
        format!("e +4930888 {} {} - - - - - help - - no_end 2013-04-23", at(500), at(500)),
        format!("f +4930999 {} {} - {} 80000 - false help - EXITWITHKEY whole 2013-04-23", at(510), at(510), at(518)),
        // The answer came before the queue: by less than five seconds, so it is moved to it.
        format!(
            "h +4930222 {} {} {} {} 0 100000 false help SIP/9001 COMPLETECALLER whole 2013-04-23",
            at(598),
            at(600),
            at(600),
            at(610)
        ),
    ];
    let day = |line: &String| line.replace("2013-04-23", "15818");
    assert_eq!(calls, expected.iter().map(day).collect::<Vec<_>>());
    assert_eq!(
        rejects(interactions, &["record", "column", "value", "reason"]),
        ["17 fold.event TELEPORT unknown_event", "18 interaction_id NONE missing_required"]
    );
    let report = &interactions.report;
    let totals = report.totals;
    assert_eq!((totals.read, totals.staged, totals.skipped, totals.folded, totals.rejected), (21, 7, 2, 10, 2));
    assert_eq!((totals.duplicate, totals.out_of_window, totals.anonymous), (0, 0, 7));
    let states: Vec<(&str, u64)> = report.completeness.iter().map(|(state, calls)| (state.as_str(), *calls)).collect();
    assert_eq!(states, [("no_beginning", 1), ("no_end", 1), ("whole", 5)]);
    assert_eq!(report.repairs[&Repair::Skew]["ts_answer"], 1);
}

#[test]
fn events_from_the_end_of_the_window_on_are_left_out_and_the_call_says_so() {
    let mut centre = Centre::asterisk();
    // 2013-04-24 00:00 in Berlin is 22:00 UTC the day before.
    let midnight = 1_366_754_400;
    centre.write(
        "queue.log",
        &format!(
            "{}|a|q|NONE|ENTERQUEUE||1|1\n{midnight}|a|q|A|CONNECT|2|x|1\n{}|b|q|NONE|ENTERQUEUE||1|1\n",
            midnight - 2,
            midnight + 9
        ),
    );
    centre.as_of = Some(jiff::civil::date(2013, 4, 24));
    let staged = centre.stage();
    let interactions = input(&staged, "interactions");
    assert_eq!(lines(interactions, &["interaction_id", "ts_answer_us", "agent_id", "completeness"]), ["a - - no_end"]);
    let totals = interactions.report.totals;
    assert_eq!((totals.read, totals.staged, totals.out_of_window), (3, 1, 2));
}

/// A log of `calls` calls with queues, transfers, ties, gaps and lost lines, drawn from `seed`.
fn random_log(calls: u64, seed: u64) -> Vec<String> {
    let mut state = seed;
    // Knuth's MMIX generator; its high bits are good enough for a test.
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut lines = Vec::new();
    for call in 0..calls {
        let mut at = 1_700_000_000 + draw(86_400 * 5);
        let id = format!("{at}.{call}");
        let (mut queue, number, position) = (draw(3), draw(200), draw(4) + 1);
        let mut log: Vec<String> = Vec::new();
        loop {
            log.push(format!("{at}|{id}|q{queue}|NONE|ENTERQUEUE||+49{number}|{position}"));
            let wait = draw(4) * draw(40);
            at += wait;
            match draw(10) {
                0 | 1 => log.push(format!("{at}|{id}|q{queue}|NONE|ABANDON|1|{position}|{wait}")),
                2 => {
                    log.push(format!("{at}|{id}|q{queue}|NONE|EXITWITHTIMEOUT|1|{position}|{wait}"));
                    queue += 1;
                    if draw(3) > 0 {
                        continue;
                    }
                }
                3 => log.push(format!("{at}|{id}|q{queue}|NONE|EXITWITHKEY|9|1|{position}|{wait}")),
                _ => {
                    let (agent, talk) = (draw(8), draw(400));
                    log.push(format!("{at}|{id}|q{queue}|SIP/{agent}|RINGNOANSWER|1000"));
                    log.push(format!("{at}|{id}|q{queue}|SIP/{agent}|CONNECT|{wait}|{id}-2|1"));
                    at += talk;
                    let (event, before) = match draw(5) {
                        0 => ("TRANSFER", "200|inside|"),
                        1 => ("ATTENDEDTRANSFER", "BRIDGE|x|"),
                        2 => ("COMPLETEAGENT", ""),
                        _ => ("COMPLETECALLER", ""),
                    };
                    log.push(format!("{at}|{id}|q{queue}|SIP/{agent}|{event}|{before}{wait}|{talk}|{position}"));
                    if event.ends_with("TRANSFER") && draw(2) == 0 {
                        queue += 3;
                        continue;
                    }
                }
            }
            break;
        }
        // One call in eight loses a line.
        if draw(8) == 0 {
            log.remove(draw(log.len() as u64) as usize);
        }
        if draw(50) == 0 {
            log.push(format!("{at}|{id}|q{queue}|NONE|CUSTOM|1"));
        }
        lines.extend(log);
    }
    lines
}

fn folded(centre: &Centre, cache: &str) -> (Vec<String>, Counts) {
    let staged = centre.stage_into(&centre.dir.path().join(cache));
    let interactions = input(&staged, "interactions");
    (lines(interactions, &COLUMNS), interactions.report.totals)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn order_files_repetitions_threads_and_memory_change_nothing(
        seed in any::<u64>(),
        order in any::<u64>(),
        files in 1_usize..5,
        repeated in 0_usize..40,
        threads in 1_usize..4,
        memory in prop_oneof![Just(None), Just(Some(1 << 15))],
    ) {
        let log = random_log(60, seed);
        let plain = Centre::asterisk();
        plain.write("all.log", &(log.join("\n") + "\n"));
        let (expected, totals) = folded(&plain, "cache");

        let mut centre = Centre::asterisk();
        (centre.threads, centre.memory) = (threads, memory);
        let mut shuffled: Vec<&String> = log.iter().chain(log.iter().cycle().skip(seed as usize % 7).take(repeated)).collect();
        let mut state = order;
        for last in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(last, ((state >> 33) % (last as u64 + 1)) as usize);
        }
        for (number, part) in shuffled.chunks(shuffled.len().div_ceil(files)).enumerate() {
            let text: String = part.iter().map(|line| format!("{line}\n")).collect();
            centre.write(&format!("{number}.log"), &text);
        }
        let (rows, counts) = folded(&centre, "cache");
        prop_assert_eq!(&rows, &expected);
        prop_assert_eq!(counts.read, totals.read + repeated as u64);
        prop_assert_eq!((counts.staged, counts.folded, counts.anonymous), (totals.staged, totals.folded, totals.anonymous));
        prop_assert_eq!(
            counts.read,
            counts.staged + counts.folded + counts.skipped + counts.rejected + counts.duplicate + counts.out_of_window
        );
        // Found again in the cache, it is the same.
        prop_assert_eq!(folded(&centre, "cache").0, rows);
    }
}

#[test]
fn another_formulation_folds_a_random_log_to_the_same_calls() {
    let Some(python) = foreign::python_with("duckdb, pyarrow") else { return };
    for seed in [1, 2] {
        let mut centre = Centre::new("files = ['queue.log*']\npreset = 'asterisk-queue-log'");
        // So little memory that the calls are folded in several shares.
        centre.memory = Some(1 << 21);
        let log = random_log(3_000, seed);
        let cut = (0..log.len() / 3).rev().find(|line| log[*line].contains("|ENTERQUEUE|")).unwrap();
        let (first, second) = log.split_at(cut + 1);
        // The line at which the log was rotated is in both files.
        centre.write("queue.log.1", &(first.join("\n") + "\n"));
        centre.write("queue.log", &(log[cut].clone() + "\n" + &second.join("\n") + "\n"));
        let staged = centre.stage();
        let interactions = input(&staged, "interactions");
        let columns = &COLUMNS[..COLUMNS.len() - 1];
        let mut ours = lines(interactions, columns);
        ours.sort();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/queue_log_in_duckdb.py");
        let text = foreign::output(python.clone(), &[script.as_ref(), centre.dir.path().as_os_str()]);
        let theirs: Vec<&str> = text.lines().collect();
        assert!(theirs.len() > 2_900, "{} calls", theirs.len());
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(ours, theirs, "seed {seed}");
        }
        assert_eq!(interactions.report.totals.duplicate, 1);
    }
}

#[test]
fn a_stream_of_ones_own_is_folded_by_its_own_description() {
    let centre = Centre::new(
        "files = ['visits.csv']\n\
         fold = { event = 'what', events = ['came', 'rated', 'left'], begins = ['came'], ends = ['left'] }\n\
         [inputs.interactions.columns]\n\
         interaction_id = 'visit'\n\
         customer_id = { column = 'who', take = 'most' }\n\
         ts_start = 'at'\n\
         ts_end = { column = 'at', on = ['left'], take = 'last' }\n\
         channel = { constant = 'visit' }\n\
         complaint = { column = 'angry', take = 'most' }\n\
         satisfaction = { column = 'points', on = ['rated'], take = 'least' }\n\
         cost = { column = 'cost', take = 'sum' }",
    );
    centre.write(
        "visits.csv",
        "visit,who,at,what,angry,points,cost\n\
         1,,2024-03-01T10:00:00Z,came,,,1.50\n\
         1,anna,2024-03-01T10:20:00Z,left,no,,2.25\n\
         1,,2024-03-01T10:10:00Z,rated,yes,4,\n\
         1,,2024-03-01T10:11:00Z,rated,no,2,\n\
         2,ben,2024-03-01T11:00:00Z,left,,5,\n",
    );
    let staged = centre.stage();
    let columns =
        ["interaction_id", "customer_id", "ts_end_us", "complaint", "satisfaction_e4", "cost_e4", "completeness"];
    let mut rows = lines(input(&staged, "interactions"), &columns);
    rows.sort();
    assert_eq!(rows, ["1 anna 1709288400000000 true 20000 37500 whole", "2 ben 1709290800000000 - - - no_beginning"]);
    assert_eq!(input(&staged, "interactions").report.totals.anonymous, 0);
}
