//! A whole run in Burrow's shape, by event, by variable and by URL.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kafka_protocol::messages::ApiKey;
use serde_json::{Value, json};

use super::preflight::{answer, answer_within};
use super::surroundings::Program;
use crate::support::broker::{Act, Group, Scene, Stage, Topic, When};
use crate::support::check::BRIEF;
use crate::support::http::{Answer, Server};
use crate::support::lambda::Lambda;
use meerkat::judge::verdict::Verdict;

fn stage() -> Stage {
    scene().start()
}

fn scene() -> Scene {
    Scene::of(1)
        .group(Group::classic("orders-svc").commits("orders", &[5, 10]).member("orders-svc-1", "orders", &[0]))
        .group(Group::classic("other").commits("orders", &[10]))
        .topic(Topic::new("orders", &[0..10, 0..10]))
}

fn run(stage: &Stage, event: &Value, format: &str) -> (Value, Verdict) {
    run_within(Duration::from_mins(1), stage, event, format)
}

fn run_within(time: Duration, stage: &Stage, event: &Value, format: &str) -> (Value, Verdict) {
    let bootstrap = stage.bootstrap();
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", &*bootstrap),
        ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        ("MEERKAT_CLUSTER", "prod"),
        ("MEERKAT_FORMAT", format),
    ];
    let outcome = answer_within(time, &variables, &event.to_string());
    (serde_json::from_str(&outcome.json).expect("JSON"), outcome.status)
}

fn get(path: &str) -> Value {
    json!({ "version": "2.0", "rawPath": path, "requestContext": { "domainName": "d.example", "http": { "method": "GET" } } })
}

#[test]
fn an_event_that_names_one_group_is_answered_with_one_object() {
    let (answer, _) = run(&stage(), &json!({ "groups": ["orders-svc"], "format": "burrow", "view": "lag" }), "");
    assert_eq!(answer["message"], "consumer status returned");
    let status = &answer["status"];
    assert_eq!((&status["cluster"], &status["group"]), (&json!("prod"), &json!("orders-svc")));
    assert_eq!((&status["partition_count"], &status["totallag"]), (&json!(2), &json!(5)));
    assert_eq!(status["maxlag"]["partition"], 0);
    assert_eq!(status["partitions"][0]["client_id"], "orders-svc-1");
    assert_eq!(status["partitions"][0]["owner"], "/127.0.0.1");
    assert_eq!(status["partitions"][0]["end"]["offset"], 5);
    assert_eq!(status["partitions"][0]["end"]["lag"], 5);
    assert_eq!(status["partitions"][1]["current_lag"], 0);
    assert_eq!(answer["request"]["url"], "/v3/kafka/prod/consumer/orders-svc/lag");
}

#[test]
fn a_check_of_all_groups_is_answered_with_a_list() {
    let (answer, _) = run(&stage(), &json!({}), "burrow");
    let groups: Vec<&Value> = answer.as_array().expect("a list").iter().map(|one| &one["status"]["group"]).collect();
    assert_eq!(groups, ["orders-svc", "other"]);
    let (answer, _) = run(&stage(), &json!({ "format": "meerkat" }), "burrow");
    assert!(answer["groups"].is_array(), "the event has the last word: {answer}");
}

#[test]
fn a_url_is_answered_with_a_status_code_and_a_body() {
    let (answer, _) = run(&stage(), &get("/v3/kafka/prod/consumer/orders-svc/lag"), "");
    assert_eq!((&answer["statusCode"], &answer["isBase64Encoded"]), (&json!(200), &json!(false)));
    assert_eq!(answer["headers"]["content-type"], "application/json");
    let body: Value = serde_json::from_str(answer["body"].as_str().expect("a text")).expect("JSON");
    assert_eq!(body["status"]["totallag"], 5);
    assert_eq!(body["request"], json!({ "url": "/v3/kafka/prod/consumer/orders-svc/lag", "host": "d.example" }));
}

#[test]
fn a_group_or_cluster_that_is_not_there_is_404_in_burrows_words() {
    for (path, cluster, group) in [
        ("/v3/kafka/prod/consumer/nobody/status", "prod", "nobody"),
        ("/v3/kafka/staging/consumer/orders-svc/status", "staging", "orders-svc"),
    ] {
        let (answer, status) = run(&stage(), &get(path), "");
        assert_eq!((&answer["statusCode"], status), (&json!(404), Verdict::NotFound));
        let body = format!(
            r#"{{"error":false,"message":"consumer status returned","status":{{"cluster":"{cluster}","group":"{group}","status":"NOTFOUND","complete":1,"partitions":[],"partition_count":0,"maxlag":null,"totallag":0}},"request":{{"url":"{path}","host":"d.example"}}}}"#
        );
        assert_eq!(answer["body"], body);
    }
}

#[test]
fn a_group_is_not_404_where_the_list_of_groups_is_unknown() {
    for act in [Act::Hang, Act::Code(31)] {
        let stage = scene().fault(When::on(ApiKey::ListGroups), act).start();
        let path = get("/v3/kafka/prod/consumer/nobody/status");
        let (answer, status) = run_within(BRIEF, &stage, &path, "");
        assert_eq!((&answer["statusCode"], status), (&json!(200), Verdict::Unknown));
        let body: Value = serde_json::from_str(answer["body"].as_str().expect("a text")).expect("JSON");
        let reported = &body["status"];
        let expected = (&json!("UNKNOWN"), &json!(0), &Value::Null);
        assert_eq!((&reported["status"], &reported["complete"], &reported["totallag"]), expected);
    }
}

/// The status code and the body of an answer in JSON.
fn code_and_body(answer: &Value) -> (u64, Value) {
    let body = serde_json::from_str(answer["body"].as_str().expect("a text")).expect("JSON");
    (answer["statusCode"].as_u64().expect("a number"), body)
}

/// Asks for a path; answers the status code, the body, and which requests the brokers saw, each once.
fn ask(scene: Scene, path: &str) -> (u64, Value, Vec<String>) {
    let stage = scene.start();
    let (code, body) = code_and_body(&run(&stage, &get(path), "").0);
    let asked = stage.counts().into_keys().filter(|api| !["ApiVersions", "Metadata"].contains(&&**api));
    (code, body, asked.collect())
}

#[test]
fn what_needs_no_broker_asks_none() {
    for (path, code) in [
        ("/burrow/admin", 200),
        ("/v3/kafka", 200),
        ("/v2/kafka", 404),
        ("/v3/config", 404),
        ("/v3/kafka/staging", 404),
        ("/v3/kafka/staging/consumer", 404),
        ("/v3/kafka/staging/consumer/orders-svc", 404),
        ("/v3/kafka/staging/consumer/orders-svc/lag", 404),
        ("/v3/kafka/staging/topic", 404),
        ("/v3/kafka/staging/topic/orders", 404),
    ] {
        let stage = stage();
        let (answer, _) = run(&stage, &get(path), "");
        assert_eq!(answer["statusCode"], code, "{path}");
        assert!(stage.seen().is_empty(), "{path}");
    }
    let (answer, status) = run(&stage(), &get("/burrow/admin"), "");
    assert_eq!((&answer["body"], status), (&json!("GOOD"), Verdict::Ok));
    assert!(answer["headers"]["content-type"].as_str().is_some_and(|kind| kind.starts_with("text/plain")));
    let (_, clusters) = code_and_body(&run(&stage(), &get("/v3/kafka"), "").0);
    let request = json!({ "url": "/v3/kafka", "host": "d.example" });
    let expected =
        json!({ "error": false, "message": "cluster list returned", "clusters": ["prod"], "request": request });
    assert_eq!(clusters, expected);
}

#[test]
fn a_list_costs_one_question_to_each_that_knows() {
    let (code, body, asked) = ask(scene(), "/v3/kafka/prod/consumer");
    assert_eq!((code, &body["message"]), (200, &json!("consumer list returned")));
    assert_eq!(body["consumers"], json!(["orders-svc", "other"]));
    assert!(!asked.iter().any(|api| ["OffsetFetch", "ListOffsets"].contains(&&**api)), "{asked:?}");
    let (code, body, asked) = ask(scene(), "/v3/kafka/prod/topic");
    assert_eq!((code, &body["message"], &body["topics"]), (200, &json!("topic list returned"), &json!(["orders"])));
    assert!(!asked.iter().any(|api| ["OffsetFetch", "ListOffsets"].contains(&&**api)), "{asked:?}");
    let (code, body, asked) = ask(scene(), "/v3/kafka/prod/topic/orders");
    assert_eq!((code, &body["message"], &body["offsets"]), (200, &json!("topic offsets returned"), &json!([10, 10])));
    assert!(!asked.iter().any(|api| api == "OffsetFetch"), "{asked:?}");
    let (code, body, _) = ask(scene(), "/v3/kafka/prod/topic/nosuch");
    assert_eq!((code, &body["message"]), (404, &json!("cluster or topic not found")));
    let (code, body, _) = ask(scene(), "/v3/kafka/prod");
    assert_eq!((code, &body["message"]), (200, &json!("cluster module detail returned")));
    assert_eq!((&body["module"]["class-name"], &body["module"]["offset-refresh"]), (&json!("kafka"), &json!(60)));
    assert_eq!(body["module"]["servers"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_cluster_without_a_name_of_ours_has_kafkas_id() {
    let stage = stage();
    let bootstrap = stage.bootstrap();
    let variables = [("KAFKA_BOOTSTRAP_SERVERS", &*bootstrap), ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")];
    let reported =
        |path| code_and_body(&serde_json::from_str(&answer(&variables, &get(path).to_string()).json).expect("JSON"));
    assert_eq!(reported("/v3/kafka").1["clusters"], json!(["scripted"]));
    assert_eq!(reported("/v3/kafka/scripted/topic").1["topics"], json!(["orders"]));
    for path in ["/v3/kafka/prod", "/v3/kafka/prod/consumer", "/v3/kafka/prod/topic/orders"] {
        assert_eq!(reported(path).0, 404, "{path}");
    }
}

#[test]
fn an_incomplete_list_is_marked_and_an_unanswered_one_is_503() {
    let refused = |scene: Scene| scene.fault(When::on(ApiKey::ListGroups), Act::Code(31));
    let (code, body, _) = ask(refused(scene()), "/v3/kafka/prod/consumer");
    assert_eq!((code, &body["error"]), (503, &json!(true)));
    let two =
        Scene::of(2).group(Group::classic("orders-svc").commits("orders", &[5])).topic(Topic::new("orders", &[0..10]));
    let (code, body, _) = ask(two.fault(When::on(ApiKey::ListGroups).at(2), Act::Code(31)), "/v3/kafka/prod/consumer");
    assert_eq!((code, &body["consumers"]), (200, &json!(["orders-svc"])));
    assert!(body["problems"][0].as_str().is_some_and(|why| why.contains("broker 2")), "{body}");
}

#[test]
fn a_groups_commits_are_listed_by_topic_and_partition() {
    let (code, body, _) = ask(scene(), "/v3/kafka/prod/consumer/orders-svc");
    assert_eq!((code, &body["message"]), (200, &json!("consumer detail returned")));
    let partitions = &body["topics"]["orders"];
    assert_eq!((&partitions[0]["current-lag"], &partitions[1]["current-lag"]), (&json!(5), &json!(0)));
    assert_eq!((&partitions[0]["client_id"], &partitions[0]["owner"]), (&json!("orders-svc-1"), &json!("/127.0.0.1")));
    assert_eq!((&partitions[0]["offsets"][0]["offset"], &partitions[0]["offsets"][0]["lag"]), (&json!(5), &json!(5)));
    let (code, body, _) = ask(scene(), "/v3/kafka/prod/consumer/nobody");
    assert_eq!((code, &body["message"]), (404, &json!("cluster or consumer not found")));
}

#[test]
fn prometheus_reads_burrows_own_names() {
    let (answer, _) = run(&stage(), &get("/metrics"), "");
    assert_eq!(answer["statusCode"], 200);
    let text = answer["body"].as_str().expect("a text");
    let other = r#"{cluster="prod",consumer_group="other"}"#;
    for line in [
        r#"burrow_kafka_consumer_lag_total{cluster="prod",consumer_group="orders-svc"} 5"#,
        r#"burrow_kafka_consumer_partition_lag{cluster="prod",consumer_group="orders-svc",topic="orders",partition="0"} 5"#,
        r#"burrow_kafka_topic_partition_offset{cluster="prod",topic="orders",partition="1"} 10"#,
        &format!("burrow_kafka_consumer_status{other} 1"),
        "# TYPE burrow_kafka_consumer_current_offset gauge",
    ] {
        assert!(text.lines().any(|reported| reported == line), "{line}: {text}");
    }
    // Without a history nothing is known of a group with lag.
    assert!(!text.contains(r#"burrow_kafka_consumer_status{cluster="prod",consumer_group="orders-svc"}"#), "{text}");
}

#[test]
fn callers_log_in_over_tls_or_learn_nothing() {
    let stage = stage();
    let (bootstrap, file) =
        (stage.bootstrap(), std::env::temp_dir().join(format!("burrow-login-{}", std::process::id())));
    std::fs::write(&file, r#"{"username":"grafana","password":"hunter2"}"#).expect("a file");
    let reference = format!("file:{}", file.display());
    let encoded = |login: &str| format!("Basic {}", STANDARD.encode(login));
    let (right, wrong) = (encoded("grafana:hunter2"), encoded("grafana:hunter3"));
    for login in ["grafana:hunter2", &reference, r#"{"username":"grafana","password":"hunter2"}"#] {
        let variables = [
            ("KAFKA_BOOTSTRAP_SERVERS", &*bootstrap),
            ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
            ("MEERKAT_CLUSTER", "prod"),
            ("MEERKAT_BURROW_LOGIN", login),
        ];
        let reported = |path: &str, headers: Value| -> Value {
            let mut event = get(path);
            event["headers"] = headers;
            serde_json::from_str(&answer(&variables, &event.to_string()).json).expect("JSON")
        };
        for path in ["/burrow/admin", "/v3/kafka", "/v3/kafka/prod/consumer", "/metrics", "/nothing"] {
            for authorization in [None, Some("Basic"), Some(&*wrong), Some("Bearer hunter2")] {
                let refused = reported(path, json!({ "authorization": authorization, "x-forwarded-proto": "https" }));
                assert_eq!(refused["statusCode"], 401, "{path} {authorization:?}");
                assert!(
                    refused["headers"]["www-authenticate"].as_str().is_some_and(|how| how.starts_with("Basic realm="))
                );
            }
            for proto in [None, Some("http")] {
                let refused = reported(path, json!({ "authorization": right, "x-forwarded-proto": proto }));
                assert_eq!(refused["statusCode"], 403, "{path} {proto:?}");
            }
        }
        assert!(stage.seen().is_empty(), "nobody was let in");
        let let_in = reported("/v3/kafka", json!({ "authorization": right, "x-forwarded-proto": "https" }));
        assert_eq!(let_in["statusCode"], 200);
    }
    std::fs::remove_file(&file).expect("a file");
    let mistaken = [("KAFKA_BOOTSTRAP_SERVERS", "b:1"), ("MEERKAT_BURROW_LOGIN", "hunter2")];
    let mistaken = mistaken.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let why = meerkat::config::Config::parse(mistaken).expect_err("no login").to_string();
    assert!(why.contains("MEERKAT_BURROW_LOGIN must be NAME:PASSWORD") && !why.contains("hunter2"), "{why}");
}

#[test]
fn a_login_that_cannot_be_read_lets_nobody_in_and_does_not_show_where_it_is() {
    let stage = stage();
    let bootstrap = stage.bootstrap();
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", &*bootstrap),
        ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        ("MEERKAT_BURROW_LOGIN", "file:/nowhere/login"),
    ];
    let mut event = get("/v3/kafka/prod/consumer");
    event["headers"] = json!({ "authorization": "Basic Og==", "x-forwarded-proto": "https" });
    let outcome = answer(&variables, &event.to_string());
    assert!(outcome.json.contains("503") && !outcome.json.contains("nowhere"), "{}", outcome.json);
    assert!(stage.seen().is_empty());
}

/// Method, path and status code.
type Requests = &'static [(&'static str, &'static str, u64)];

/// The requests of Burrow's public clients, in their order, and the status code that each needs to continue.
const CLIENTS: &[(&str, Requests)] = &[
    (
        "shamil/burrow_exporter",
        &[
            ("GET", "/burrow/admin", 200),
            ("GET", "/v3/kafka", 200),
            ("GET", "/v3/kafka/prod/consumer", 200),
            ("GET", "/v3/kafka/prod/consumer/orders-svc/lag", 200),
            ("GET", "/v3/kafka/prod/consumer/other/lag", 200),
            ("GET", "/v3/kafka/prod/topic", 200),
            ("GET", "/v3/kafka/prod/topic/orders", 200),
        ],
    ),
    (
        "joway/burrow-dashboard",
        &[
            ("GET", "/v3/kafka", 200),
            ("GET", "/v3/kafka/prod/consumer", 200),
            ("GET", "/v3/kafka/prod/consumer/orders-svc", 200),
            ("GET", "/v3/kafka/prod/topic", 200),
            ("GET", "/v3/kafka/prod/topic/orders", 200),
            // Its button that removes a group.
            ("DELETE", "/v3/kafka/prod/consumer/orders-svc", 405),
        ],
    ),
    (
        "teslamotors/kafka-helmsman",
        &[
            ("GET", "/burrow/admin", 200),
            ("GET", "/v3/kafka", 200),
            ("GET", "/v3/kafka/prod", 200),
            ("GET", "/v3/kafka/prod/consumer", 200),
            ("GET", "/v3/kafka/prod/consumer/orders-svc/lag", 200),
        ],
    ),
    (
        "check-kafka-consumers.rb of Sensu",
        &[
            ("GET", "/v3/kafka", 200),
            ("GET", "/v3/kafka/prod/consumer", 200),
            ("GET", "/v3/kafka/prod/consumer/orders-svc/status", 200),
            ("GET", "/v3/kafka/prod/consumer/other/status", 200),
        ],
    ),
    (
        "an exporter in Python",
        &[
            ("GET", "/v3/kafka", 200),
            ("GET", "/v3/kafka/prod/consumer", 200),
            ("GET", "/v3/kafka/prod/consumer/orders-svc/lag", 200),
        ],
    ),
    // Gone since Burrow 1.0.
    ("jirwin/burrow_exporter, splee/burrower", &[("GET", "/v2/kafka", 404)]),
];

#[test]
fn each_public_client_gets_what_it_asks_for() {
    let stage = stage();
    for (client, requests) in CLIENTS {
        for (method, path, code) in *requests {
            let mut event = get(path);
            event["requestContext"]["http"]["method"] = json!(method);
            let (answer, _) = run(&stage, &event, "");
            assert_eq!(answer["statusCode"], json!(code), "{client}: {method} {path}: {answer}");
        }
    }
}

#[test]
fn a_cluster_that_cannot_be_reached_is_503_in_burrows_form() {
    let bootstrap = stage().bootstrap(); // whose brokers have ended
    let variables = [("KAFKA_BOOTSTRAP_SERVERS", &*bootstrap), ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")];
    let outcome = answer(&variables, &get("/v3/kafka/prod/consumer/orders-svc/lag").to_string());
    let answer: Value = serde_json::from_str(&outcome.json).expect("JSON");
    assert_eq!((&answer["statusCode"], outcome.failure), (&json!(503), None));
    let body: Value = serde_json::from_str(answer["body"].as_str().expect("a text")).expect("JSON");
    assert_eq!(body["error"], true);
    assert!(body["message"].as_str().expect("a text").contains("cannot connect to "), "{body}");
}

#[test]
fn a_widget_is_drawn_whatever_the_format_of_reports() {
    let event = json!({ "widgetContext": {} });
    for format in ["burrow", "openmetrics", ""] {
        let (answer, _) = run(&stage(), &event, format);
        let page = answer.as_str().unwrap_or_default();
        assert!(page.contains("<table") && page.contains("orders-svc"), "{format}: {answer}");
    }
}

/// A double of a function URL: HTTP comes in, and the function is invoked with the corresponding event.
fn front(function: Lambda) -> Server {
    Server::start(move |asked| {
        let (method, path) = asked.line.split_once(' ').expect("a method and a path");
        let headers = asked.sent.lines().filter_map(|line| line.split_once(": "));
        let mut headers: BTreeMap<String, &str> =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim_end())).collect();
        headers.insert("x-forwarded-proto".into(), "https");
        let context = json!({ "domainName": "d.example", "stage": "$default", "http": { "method": method } });
        let event = json!({ "version": "2.0", "rawPath": path, "headers": headers, "requestContext": context });
        let answer: Value = serde_json::from_str(&function.invoke(&event.to_string()).body).expect("JSON");
        let status = answer["statusCode"].as_u64().and_then(|code| u16::try_from(code).ok()).expect("a status code");
        let headers = answer["headers"].as_object().expect("headers").iter();
        let headers = headers.map(|(name, value)| format!("{name}: {}", value.as_str().expect("a text"))).collect();
        Answer { status, headers, body: answer["body"].as_str().expect("a text").to_owned() }
    })
}

/// What Telegraf's `inputs.burrow` gathers from a server, logged in like this.
fn telegraf(server: &Server, (username, password): (&str, &str)) -> Result<Vec<Value>, String> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/telegraf/burrow-reader");
    let output = Command::new(&program)
        .arg(server.origin())
        .envs([("BURROW_USERNAME", username), ("BURROW_PASSWORD", password)])
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}: make test-burrow builds it", program.display()));
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
#[ignore = "takes Telegraf's plugin, which Go builds: make test-burrow"]
fn telegraf_gathers_the_numbers_of_the_report() {
    let stage = scene().group(Group::classic("behind").commits("orders", &[3, 4])).start();
    let bootstrap = stage.bootstrap();
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", &*bootstrap),
        ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        ("MEERKAT_CLUSTER", "prod"),
        ("MEERKAT_HISTORY", "off"),
        ("MEERKAT_PUBLISH", "off"),
        ("MEERKAT_LAG_SECONDS", "0"),
        ("MEERKAT_ALLOWED_LAG", "orders-svc=100"),
        ("MEERKAT_BURROW_LOGIN", "telegraf:hunter2"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let function = Lambda::start(&variables);
    let report: Value = serde_json::from_str(&function.invoke(r#"{"detail":"all"}"#).body).expect("JSON");
    let server = front(function);
    let refused = telegraf(&server, ("telegraf", "hunter3")).expect_err("a wrong password");
    assert!(refused.contains("401"), "{refused}");

    let points = telegraf(&server, ("telegraf", "hunter2")).expect("points");
    let named = |name: &str| points.iter().filter(move |point| point["name"] == name).collect::<Vec<_>>();
    let groups = report["groups"].as_array().expect("groups");
    assert_eq!((named("burrow_group").len(), groups.len()), (3, 3), "{points:?}");
    for group in groups {
        let reported = named("burrow_group").into_iter().find(|point| point["tags"]["group"] == group["group"]);
        let reported = reported.unwrap_or_else(|| panic!("{} is missing: {points:?}", group["group"]));
        assert_eq!(reported["tags"]["cluster"], "prod");
        assert_eq!(reported["fields"]["status"], group["status"]);
        // It has no number for UNKNOWN.
        assert_eq!(reported["fields"]["status_code"], json!(u8::from(group["status"] == "OK")));
        assert_eq!(reported["fields"]["total_lag"], group["total_lag"]);
        let partitions = group["partitions"].as_array().expect("partitions");
        assert_eq!(reported["fields"]["partition_count"], json!(partitions.len()));
        assert_eq!(reported["fields"]["lag"].as_u64(), partitions.iter().filter_map(|one| one["lag"].as_u64()).max());
        for partition in partitions {
            let tags = |point: &Value, key: &str| point["tags"][key].as_str().map(str::to_owned);
            let number = partition["partition"].to_string();
            let reported = named("burrow_partition").into_iter().find(|point| {
                point["tags"]["group"] == group["group"] && tags(point, "partition") == Some(number.clone())
            });
            let reported = reported.unwrap_or_else(|| panic!("{partition} is missing: {points:?}"));
            assert_eq!(reported["fields"]["lag"], partition["lag"]);
            assert_eq!(reported["fields"]["offset"], partition["committed"]);
        }
    }
    let ends: Vec<&Value> = named("burrow_topic").into_iter().map(|point| &point["fields"]["offset"]).collect();
    assert_eq!(ends, [&json!(10), &json!(10)]);
}

#[test]
fn a_translation_that_is_not_exact_exits_with_1() {
    let file = std::env::temp_dir().join(format!("burrow-{}.toml", std::process::id()));
    for (list, code) in [("^[a-f]+$", 0), (r"\p{Greek}", 1)] {
        let text = format!("[cluster.a]\nservers=['b:1']\n[consumer.a]\ncluster='a'\ngroup-allowlist='{list}'\n");
        std::fs::write(&file, text).expect("a file");
        let path = file.to_str().expect("UTF-8");
        let (found, reported) = Program::with(&[]).with_arguments(&["--from-burrow", path]).reported(b"");
        assert_eq!(found, Some(code), "{list}: {reported}");
    }
    std::fs::remove_file(&file).expect("a file");
}
