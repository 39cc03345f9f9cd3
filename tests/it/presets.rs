//! Presets: mappings of known exports. Each is read from a small export in the vendor's documented form, with figures by hand.

use patronage::config::{Config, From, PRESETS};

use crate::event_stream_support::Centre;
use crate::ingest_support::{input, lines, rejects};

#[test]
fn every_preset_is_a_whole_mapping_of_contract_columns() {
    for preset in PRESETS {
        let centre = Centre::new(&format!("files = ['x']\npreset = '{}'", preset.name));
        // Loading checks every column against the contract, and every `map`, `on` and format.
        let config = centre.config().unwrap_or_else(|error| panic!("{}: {error}", preset.name));
        let interactions = &config.inputs["interactions"];
        for needed in ["ts_start", "channel", "direction"] {
            assert!(interactions.columns.contains_key(needed), "{} maps no `{needed}`", preset.name);
        }
        assert!(preset.text.contains("https://"), "{} names no source", preset.name);
        // What `config show` prints says the same without the preset.
        let mut resolved = config.clone();
        resolved.inputs.get_mut("interactions").unwrap().preset = None;
        let printed: Config = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
        assert_eq!(printed, resolved, "{}", preset.name);
    }
}

#[test]
fn the_page_shows_every_preset_as_it_is() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/presets.md")).unwrap();
    for preset in PRESETS {
        assert!(page.contains(preset.text), "docs/presets.md shows another `{}`", preset.name);
    }
}

#[test]
fn the_pipeline_file_goes_before_its_preset_key_by_key() {
    let centre = Centre::new(
        "files = ['x']\npreset = 'asterisk-queue-log'\nnulls = ['NONE', '-']\nskip = { agent = ['Local/test'] }\n\
         [inputs.interactions.columns]\n\
         site_id = { constant = 'berlin' }\n\
         contact_point = false\n\
         agent_id = { map = { 'SIP/8007' = 'anna' } }\n\
         ts_answer = 'data5'\n\
         talk_s = { constant = '60' }",
    );
    let config = centre.config().unwrap();
    let interactions = &config.inputs["interactions"];
    let columns = &interactions.columns;
    assert_eq!(columns["site_id"].from, From::Constant("berlin".into()));
    assert!(!columns.contains_key("contact_point"));
    // What is not given stays: the column, the events and the format.
    assert_eq!(columns["agent_id"].from, From::Column("agent".into()));
    assert_eq!(columns["agent_id"].map["SIP/8007"], "anna");
    assert_eq!(columns["agent_id"].on.len(), 6);
    assert_eq!(columns["ts_answer"].from, From::Column("data5".into()));
    assert_eq!(columns["ts_answer"].format.as_deref(), Some("epoch_s"));
    // Read from something else, it is no longer computed as the preset has it.
    assert_eq!(columns["talk_s"].from, From::Constant("60".into()));
    assert_eq!(interactions.nulls, ["NONE", "-"]);
    assert_eq!(interactions.skip.keys().collect::<Vec<_>>(), ["agent", "event"]);
    assert_eq!((interactions.delimiter.as_str(), interactions.header), ("|", false));
}

#[test]
fn a_mistake_beside_a_preset_stands_where_it_was_made() {
    let mistake = |section: &str| {
        let error = Centre::new(section).config().unwrap_err();
        let place = error.place().unwrap();
        (error.message().to_owned(), place.line.unwrap(), error.hint_text().unwrap_or_default().to_owned())
    };
    let (message, line, hint) = mistake("files = ['x']\npreset = 'asterisk'");
    assert_eq!((message.as_str(), line), ("there is no preset `asterisk`", 7));
    assert_eq!(hint, "did you mean `asterisk-queue-log`?");
    // A column that the preset gives, taken away.
    let (message, line, _) = mistake("files = ['x']\npreset = 'zendesk'\ncolumns = { ts_start = false }");
    assert_eq!(message, "`interactions` needs the column `ts_start`");
    assert_eq!(line, 8);
    let (message, line, _) =
        mistake("files = ['x']\npreset = 'zendesk'\ncolumns = { queue = { column = 'q', on = ['x'] } }");
    assert_eq!((message.as_str(), line), ("`on` without events", 8));
    let (message, _, hint) =
        mistake("files = ['x']\npreset = 'asterisk-queue-log'\ncolumns = { queue = { on = ['ENTERQUEU'] } }");
    assert_eq!((message.as_str(), hint.as_str()), ("unknown value `ENTERQUEU`", "did you mean `ENTERQUEUE`?"));
    let (message, _, _) =
        mistake("files = ['x']\npreset = 'asterisk-queue-log'\ncolumns = { queue = { take = 'sum' } }");
    assert_eq!(message, "`queue` is not a number to add up");
    let (message, _, _) =
        mistake("files = ['x']\npreset = 'asterisk-queue-log'\ncolumns = { ts_start = { take = 'last' } }");
    assert_eq!(message, "every event must give this column");
}

/// Contact records as at https://docs.aws.amazon.com/connect/latest/adminguide/ctr-data-model.html, flattened.
#[test]
fn amazon_connect_takes_the_newest_delivery_of_a_contact() {
    let centre = Centre::new("files = ['ctr*.csv']\npreset = 'amazon-connect'");
    let header = "ContactId,LastUpdateTimestamp,Attributes.customer_id,CustomerEndpoint.Address,Channel,InitiationMethod,\
        InitiationTimestamp,Queue.EnqueueTimestamp,Agent.ConnectedToAgentTimestamp,DisconnectTimestamp,Queue.Duration,\
        Agent.AgentInteractionDuration,Agent.CustomerHoldDuration,Agent.AfterContactWorkDuration,Queue.Name,Agent.Username,\
        InstanceARN,PreviousContactId,DisconnectReason,AWSAccountId\n";
    let answered = "c1,2024-05-06T08:10:00Z,k7,+4930123456,VOICE,INBOUND,2024-05-06T08:00:00Z,2024-05-06T08:00:10Z,\
        2024-05-06T08:00:40Z,2024-05-06T08:05:40Z,30,290,10,25,sales,anna,arn,,AGENT_DISCONNECT,1\n";
    centre.write("ctr1.csv", &format!("{header}{}", answered.replace("k7", "").replace("08:10:00Z", "08:06:00Z")));
    centre.write(
        "ctr2.csv",
        &format!(
            "{header}{answered}{answered}\
             c2,2024-05-06T09:01:00Z,,+4930777,Chat,INBOUND,2024-05-06T09:00:00Z,2024-05-06T09:00:00Z,,2024-05-06T09:00:45Z,45,,,,\
             sales,,arn,,CUSTOMER_DISCONNECT,1\n\
             c3,2024-05-06T09:01:00Z,k7,+4930777,VOICE,CALLBACK,2024-05-06T09:00:00Z,2024-05-06T09:00:00Z,,2024-05-06T09:00:45Z,45,,\
             ,,sales,,arn,c1,CUSTOMER_DISCONNECT,1\n\
             c4,2024-05-06T09:01:00Z,,,TASK,API,2024-05-06T09:00:00Z,,,,,,,,,,arn,,,1\n\
             c5,2024-05-06T09:01:00Z,,,PIGEON,INBOUND,2024-05-06T09:00:00Z,,,,,,,,,,arn,,,1\n\
             c6,2024-05-06T09:01:00Z,k8,+4930888,VOICE,INBOUND,2024-05-06T10:00:00Z,2024-05-06T10:00:05Z,2024-05-06T09:59:00Z,\
             2024-05-06T10:04:00Z,-3,240,0,0,sales,ben,arn,,AGENT_DISCONNECT,1\n"
        ),
    );
    let staged = centre.stage();
    let interactions = input(&staged, "interactions");
    let columns = [
        "interaction_id",
        "customer_id",
        "channel",
        "direction",
        "ts_answer_us",
        "wait_s_e4",
        "talk_s_e4",
        "hold_s_e4",
        "wrap_s_e4",
        "abandoned",
        "agent_id",
        "transferred_from",
    ];
    let mut rows = lines(interactions, &columns);
    rows.sort();
    assert_eq!(
        rows,
        [
            "c1 k7 phone in 1714982440000000 300000 2900000 100000 250000 false anna -",
            "c2 - chat in - 450000 - - - true - -",
            // A call-back that was not answered is not abandoned.
            "c3 k7 phone out - 450000 - - - false - c1",
            // Answered a minute before the queue, and a wait of less than nothing: both emptied.
            "c6 k8 phone in - - 2400000 0 0 false ben -",
        ]
    );
    assert_eq!(rejects(interactions, &["column", "value", "reason"]), ["channel PIGEON not_in_vocabulary"]);
    let report = &interactions.report;
    let totals = report.totals;
    // Of c1 one repetition and one older version; the task is skipped.
    assert_eq!((totals.read, totals.staged, totals.duplicate, totals.skipped, totals.rejected), (8, 4, 2, 1, 1));
    assert_eq!(report.reasons["superseded"], 1);
    let repaired: u64 = report.repairs.values().flat_map(|columns| columns.values()).sum();
    assert_eq!(repaired, 2);
}

/// Tickets as at https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/, flattened.
#[test]
fn zendesk_takes_the_newest_state_of_a_ticket() {
    let centre = Centre::new("files = ['tickets.ndjson']\npreset = 'zendesk'");
    let ticket = |status: &str, generated: i64, solved: &str, score: &str| {
        format!(
            "{{\"id\": 35436, \"generated_timestamp\": {generated}, \"requester_id\": 20978392, \"via.channel\": \"email\", \
             \"created_at\": \"2009-07-20T22:55:29Z\", \"metric_set.solved_at\": {solved}, \
             \"metric_set.reply_time_in_minutes.calendar\": 40, \"group_id\": 98738, \"assignee_id\": 235323, \
             \"type\": \"incident\", \"status\": \"{status}\", \"satisfaction_rating.score\": {score}}}\n"
        )
    };
    centre.write(
        "tickets.ndjson",
        &(ticket("solved", 1_248_300_000, "\"2009-07-22T10:00:00Z\"", "\"good\"")
            + &ticket("open", 1_248_200_000, "null", "null")
            + &ticket("solved", 1_248_290_000, "\"2009-07-22T10:00:00Z\"", "\"offered\"")),
    );
    let staged = centre.stage();
    let interactions = input(&staged, "interactions");
    let columns = [
        "interaction_id",
        "customer_id",
        "channel",
        "ts_start_us",
        "ts_end_us",
        "wait_s_e4",
        "queue",
        "agent_id",
        "resolved",
        "satisfaction_e4",
        "reason_code",
    ];
    assert_eq!(
        lines(interactions, &columns),
        ["35436 20978392 email 1248130529000000 1248256800000000 24000000 98738 235323 true 10000 incident"]
    );
    assert_eq!((interactions.report.totals.read, interactions.report.totals.duplicate), (3, 2));
}

#[test]
fn zendesk_events_fold_a_ticket_that_was_reopened() {
    let centre = Centre::new("files = ['events.csv']\npreset = 'zendesk-events'");
    centre.write(
        "events.csv",
        "ticket_id,timestamp,updater_id,via,event,requester_id\n\
         155,1382640000,77,Web form,created,501\n\
         155,1382640000,77,Web form,commented,\n\
         155,1382643600,9,Web form,replied,\n\
         155,1382650000,9,Web form,solved,\n\
         155,1382660000,77,Mail,reopened,\n\
         155,1382650000,9,Web form,solved,\n\
         155,1382640500,8,Rule,changed,\n\
         156,1382641000,78,Mail,created,502\n\
         156,1382642000,9,Mail,replied,\n\
         156,1382643000,8,Mail,solved,\n",
    );
    let staged = centre.stage();
    let interactions = input(&staged, "interactions");
    let columns = [
        "interaction_id",
        "customer_id",
        "channel",
        "ts_answer_us",
        "agent_id",
        "resolved",
        "disposition",
        "completeness",
    ];
    let mut rows = lines(interactions, &columns);
    rows.sort();
    assert_eq!(
        rows,
        ["155 501 web 1382643600000000 9 false reopened whole", "156 502 email 1382642000000000 8 true solved whole",]
    );
    let totals = interactions.report.totals;
    assert_eq!((totals.read, totals.staged, totals.folded, totals.duplicate, totals.skipped), (10, 2, 6, 1, 1));
}

/// Events as at https://support.google.com/analytics/answer/7029846, flattened.
#[test]
fn ga4_events_are_page_events() {
    let centre = Centre::new("files = ['events.csv']\npreset = 'ga4-export'");
    centre.write(
        "events.csv",
        "user_pseudo_id,user_id,event_timestamp,event_name,page_location,ga_session_id,item_id,value\n\
         p1,,1611871200123456,session_start,https://shop/,1611871200,,\n\
         p1,,1611871200123456,page_view,https://shop/,1611871200,(not set),\n\
         p1,,1611871210000000,view_item,https://shop/a,1611871200,SKU_12345,9.99\n\
         p1,u9,1611871220000000,add_to_cart,https://shop/a,1611871200,SKU_12345,9.99\n\
         p1,u9,1611871220000000,add_to_cart,https://shop/a,1611871200,SKU_12345,9.99\n\
         p1,u9,1611871230000000,begin_checkout,https://shop/cart,1611871200,SKU_12345,19.98\n\
         p1,u9,1611871240000000,my_own_event,https://shop/cart,1611871200,,\n",
    );
    let staged = centre.stage();
    let interactions = input(&staged, "interactions");
    let columns = ["visitor_id", "customer_id", "ts_start_us", "event", "product_id", "value_e4", "session_id"];
    assert_eq!(
        lines(interactions, &columns),
        [
            "p1 - 1611871200123456 view - - 1611871200",
            "p1 - 1611871210000000 view SKU_12345 99900 1611871200",
            "p1 u9 1611871220000000 cart SKU_12345 99900 1611871200",
            "p1 u9 1611871230000000 checkout - 199800 1611871200",
        ]
    );
    assert_eq!(rejects(interactions, &["column", "value", "reason"]), ["event my_own_event not_in_vocabulary"]);
    let totals = interactions.report.totals;
    assert_eq!((totals.read, totals.skipped, totals.duplicate, totals.rejected), (7, 1, 1, 1));
    // Neither the skipped row nor the repetition lacks a customer: two of the page events do.
    assert_eq!(totals.anonymous, 2);
}
