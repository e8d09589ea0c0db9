//! What people type and what is printed: the program, on a scripted cluster without AWS.

use std::net::TcpListener;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::support::broker::{Authority, Group, Scene, Stage, Topic, Validity, Voice};
use crate::support::cloudwatch::Stand;
use crate::surroundings::Program;

mod mistakes;
mod snapshots;

/// Two healthy groups, and one of each kind of trouble that one snapshot shows.
fn scene() -> Scene {
    Scene::of(1)
        .topic(Topic::new("orders", &[0..100, 0..100]))
        .topic(Topic::new("drained", &[90..190]))
        .topic(Topic::new("held", &[0..50]).last_stable(0, 20))
        .topic(Topic::new("other", &[0..10]))
        .group(Group::consumer("orders-svc").member("a", "orders", &[0, 1]).commits("orders", &[100, 100]))
        .group(Group::consumer("behind").member("b", "orders", &[0, 1]).commits("orders", &[90, 10]))
        .group(Group::classic("left-alone").commits("orders", &[99]))
        .group(Group::consumer("above-end").member("c", "other", &[0]).commits("other", &[90]))
        .group(Group::consumer("drained").member("d", "drained", &[0]).commits("drained", &[0]))
        .group(Group::consumer("txn-open").member("e", "held", &[0]).commits("held", &[20]))
        .group(Group::consumer("never-committed").member("f", "other", &[0]))
        .group(
            Group::consumer("switched")
                .member("g", "orders", &[0, 1])
                .commits("orders", &[100, 100])
                .commits("other", &[4]),
        )
        .group(Group::classic("mid-rebalance").commits("orders", &[50]).state("PreparingRebalance"))
        .group(Group::consumer("of-no-topic").member("h", "gone", &[0]).commits("gone", &[7]))
        .group(Group::classic("  ").commits("other", &[10]))
}

/// A run of the program with these arguments, separated by blanks: the exit code, and what it printed on both.
fn typed(stage: &Stage, arguments: &str, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let bootstrap = stage.bootstrap();
    let base = [("KAFKA_BOOTSTRAP_SERVERS", &*bootstrap), ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")];
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    Program::with(&[&base[..], variables].concat()).with_arguments(&arguments).reported(b"")
}

fn report(stage: &Stage, arguments: &str, variables: &[(&str, &str)]) -> (Option<i32>, Value) {
    let (code, printed) = typed(stage, arguments, variables);
    (code, serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}")))
}

/// The line of a table that is about a group.
fn row(printed: &str, group: &str) -> String {
    let line = printed
        .lines()
        .find(|line| line.starts_with(&format!("{group} ")))
        .unwrap_or_else(|| panic!("{group}: {printed}"));
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn one_snapshot_has_the_reason_and_groups_with_findings_come_first() {
    let stage = scene().start();
    let (code, printed) = typed(&stage, "--all-groups --table", &[]);
    assert_eq!(code, Some(3), "{printed}");
    for (group, why) in [
        ("above-end", "the commit is 80 past the log end (other/0)"),
        ("drained", "90 records were deleted before the group read them (drained/0)"),
        ("txn-open", "held up by an open transaction (held/0)"),
        ("never-committed", "a member reads and never committed (other/0)"),
        ("switched", "no member subscribes to the topic (other/0)"),
        ("left-alone", "the group has no member"),
        ("mid-rebalance", "the group is rebalancing (PreparingRebalance)"),
        ("of-no-topic", "topic gone does not exist"),
        ("behind", "100 records unread; no earlier run to compare with"),
    ] {
        assert!(row(&printed, group).ends_with(why), "{group}: {printed}");
    }
    // Nothing is cut in a pipe, and each group has its own reason.
    assert!(!printed.contains('…') && !printed.contains("the same"), "{printed}");
    assert!(printed.contains("\n\"  \"  "), "{printed}");
    let place = |group: &str| printed.find(&format!("\n{group} ")).unwrap_or_else(|| panic!("{group}: {printed}"));
    assert!(place("drained") < place("behind") && place("behind") < place("orders-svc"), "{printed}");
    let (_, json) = report(&stage, "--all-groups", &[]);
    let listed: Vec<&str> =
        json["groups"].as_array().unwrap().iter().map(|group| group["group"].as_str().unwrap()).collect();
    let at = |name: &str| listed.iter().position(|group| *group == name).unwrap();
    assert!(at("drained") < at("behind") && at("behind") < at("orders-svc"), "{listed:?}");
}

#[test]
fn a_finding_is_shown_beside_an_objective_that_is_met() {
    let stage = scene().start();
    let (_, printed) = typed(&stage, "--all-groups --table --objective 3600", &[]);
    for (group, finding) in [("above-end", "80 past the log end"), ("left-alone", "no member")] {
        let row = row(&printed, group);
        assert!(row.contains(finding), "{printed}");
    }
}

#[test]
fn the_age_in_the_column_is_the_age_in_the_reason_bound_included() {
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    // Offsets of the stage's logs are milliseconds since 1970, so each of these reads a record of this age.
    let groups = [4_000, 40_000, 400_000, 4_000_000, 40_000_000];
    let log = Topic::new("t", &[now_ms - 80_000_000..now_ms]);
    let aged = |scene: Scene, age_ms: i64| {
        scene.group(Group::consumer(&format!("aged-{age_ms}")).member("a", "t", &[0]).commits("t", &[now_ms - age_ms]))
    };
    let stage = groups.into_iter().fold(Scene::of(1).topic(log), aged).start();
    let (code, printed) = typed(&stage, "--all-groups --table --objective 1", &[]);
    assert_eq!(code, Some(1), "{printed}");
    let mut signs = String::new();
    for age_ms in groups {
        let row = row(&printed, &format!("aged-{age_ms}"));
        let (_, why) = row.split_once("its oldest unread record is ").unwrap_or_else(|| panic!("{printed}"));
        let (age, _) = why.split_once(" old, ").unwrap();
        assert!(row.contains(&format!(" {age} 1 Stable ")), "{row}");
        signs.push(age.chars().next().unwrap());
    }
    assert!(signs.contains('≤'), "some of these ages are bounds: {signs}");
}

/// The variables of a run whose `CloudWatch` is the stand-in at this address.
fn at_stand(url: &str) -> [(&str, &str); 4] {
    [
        ("AWS_ENDPOINT_URL_CLOUDWATCH", url),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "any"),
        ("AWS_SECRET_ACCESS_KEY", "any"),
    ]
}

#[test]
fn what_a_person_selects_is_read_and_nothing_is_written_without_publish() {
    let stage = scene().start();
    let puts = |arguments: &str| {
        let stand = Stand::start();
        let url = stand.url();
        let aws = at_stand(&url);
        let (code, printed) = typed(&stage, arguments, &aws);
        assert!(code != Some(4) && !printed.contains("CloudWatch"), "{arguments}: {printed}");
        assert!(stand.calls("GetMetricData").succeeded > 0, "{arguments} reads the history");
        stand.calls("PutMetricData").received
    };
    for arguments in
        ["--group behind", "behind", "--group b*", "--topic orders", "--all-groups", "--all-groups --table"]
    {
        assert_eq!(puts(arguments), 0, "{arguments}");
    }
    for arguments in ["--all-groups --publish", ""] {
        assert_ne!(puts(arguments), 0, "{arguments:?}");
    }
}

#[test]
fn what_selects_nothing_is_a_problem_and_no_ok() {
    let stage = scene().start();
    for arguments in
        ["--group orders-svc --topic nosuch", "--all-groups --topic nosuch", "--group nosuch-*", "--topic nosuch"]
    {
        let (code, json) = report(&stage, arguments, &[]);
        assert_eq!(code, Some(3), "{arguments}: {json}");
        assert_ne!(json["problems"][0]["what"].as_str(), None, "{arguments}: {json}");
    }
    let (_, json) = report(&stage, "--all-groups --topic held", &[]);
    assert_eq!(json["groups"].as_array().unwrap().len(), 1, "{json}");
    assert_eq!(json["left_out"]["other topics"], 10, "{json}");
}

#[test]
fn a_pattern_between_slashes_is_a_regular_expression() {
    let stage = scene().start();
    let names = |arguments: &str, variables: &[(&str, &str)]| {
        let (_, json) = report(&stage, arguments, variables);
        let groups: Vec<_> =
            json["groups"].as_array().unwrap().iter().map(|group| group["group"].to_string()).collect();
        groups.join(" ")
    };
    for arguments in
        ["--group /^(orders-svc|behind)$/", "/^(orders-svc|behind)$/", "--group /^ord.*c$/ --group behind*"]
    {
        assert_eq!(names(arguments, &[]), "\"behind\" \"orders-svc\"", "{arguments}");
    }
    let groups = [("MEERKAT_GROUPS", "/^[bo]/,!/^of-/"), ("MEERKAT_TOPICS", "/^ord.{2,4}$/")];
    assert_eq!(names("", &groups), "\"behind\" \"orders-svc\"");
    let rules = [("MEERKAT_ALLOWED_LAG", "/^be{1,2}h/=1000"), ("MEERKAT_OWNERS", "/^b/=team-a")];
    let (_, json) = report(&stage, "behind", &rules);
    assert_eq!((&json["groups"][0]["status"], &json["groups"][0]["owner"]), (&"OK".into(), &"team-a".into()), "{json}");
    let (code, json) = report(&stage, "", &[("MEERKAT_EXPECT", "/^orders-/,/^nobody$/")]);
    let missing = json["groups"].as_array().unwrap().iter().find(|group| group["group"] == "/^nobody$/").unwrap();
    assert!(code == Some(3) && missing["status"] == "NOTFOUND", "{json}");
}

#[test]
fn a_wrong_name_has_its_nearest_names() {
    let stage = scene().start();
    let (code, printed) = typed(&stage, "order-svc --table", &[]);
    assert_eq!(code, Some(3), "{printed}");
    assert!(printed.contains("there is no such group; did you mean orders-svc?"), "{printed}");
    let (code, printed) = typed(&stage, "orders-svc --table", &[]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("orders-svc: OK"), "{printed}");
}

#[test]
fn an_empty_list_is_reported_only_if_it_was_read() {
    let (code, printed) = typed(&Scene::of(1).start(), "--all-groups --table", &[]);
    assert!(code == Some(0) && printed.contains("No consumer group was found."), "{code:?} {printed}");
    let elsewhere = Scene::of(1).node(1, |node| node.advertised = Some("nowhere.invalid".to_owned()));
    for arguments in ["--all-groups --table", "--preflight --table"] {
        let stage = elsewhere.clone().start();
        let (code, printed) = typed(&stage, arguments, &[]);
        assert_ne!(code, Some(0), "{printed}");
        assert!(!printed.contains("No consumer group was found"), "{printed}");
        let bootstrap = stage.bootstrap();
        let wanted = format!("{bootstrap} answered and gave this address (advertised.listeners)");
        assert!(printed.contains(&wanted) && printed.contains("nowhere.invalid"), "{printed}");
    }
}

#[test]
fn the_exit_code_distinguishes_a_verdict_from_a_failed_run() {
    let stage = scene().start();
    let code = |arguments: &str| typed(&stage, arguments, &[]).0;
    assert_eq!(code("orders-svc"), Some(0));
    assert_eq!(code("behind"), Some(3));
    assert_eq!(code("nobody"), Some(3));
    assert_eq!(code("--no-such-option"), Some(4));
    assert_eq!(code("-b 127.0.0.1:1 --timeout 5"), Some(4));
}

#[test]
fn kafkas_own_words_and_short_ones_are_understood() {
    let stage = scene().start();
    let printed = |arguments: &str| typed(&stage, arguments, &[]).1;
    let names = printed("--list");
    assert!(names.starts_with("\"  \"\nabove-end\nbehind\n") && names.lines().count() == 11, "{names}");
    assert!(printed("--list --state Stable").contains("orders-svc\tStable\n"));
    assert_eq!(printed("--list --state Dead"), "");
    let described = printed("--describe --group behind --table");
    assert!(described.contains("CURRENT-OFFSET") && described.contains("orders"), "{described}");
    let members = printed("--describe --group behind --members --table");
    assert!(members.contains("#PARTITIONS") && row(&members, "behind").contains(" b 2 100 "), "{members}");
    let bad = printed("--only-problems -o table");
    assert!(!bad.contains("\norders-svc ") && bad.contains("\nbehind ") && bad.contains("are not listed"), "{bad}");
    assert_eq!(printed("-q orders-svc"), "");
    assert!(printed("-q behind -o table").contains("behind"));
    assert!(printed("-o openmetrics").contains("# EOF"));
    assert!(printed("-o html").starts_with("<!doctype html>"));
    assert!(printed("behind -o burrow").contains("\"error\":false"));
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_meerkat"))
        .arg("--help")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stderr)), (Some(0), ""));
}

#[test]
fn nothing_on_standard_error_has_escapes_without_a_terminal() {
    let stage = scene().start();
    let variables = [("MEERKAT_TIMEOUT", "20"), ("TERM", "xterm")];
    let (_, printed) = typed(&stage, "--timeout 10 --all-groups -o table", &variables);
    assert!(printed.contains("--timeout overrides MEERKAT_TIMEOUT"), "{printed}");
    assert!(!printed.contains('\u{1b}'), "{printed:?}");
}

#[test]
fn against_refuses_what_it_would_ignore() {
    let (code, printed) = Program::with(&[]).with_arguments(&["--against", "4.4", "--table"]).reported(b"");
    assert!(code == Some(0) && printed.contains("Kafka 4.4\n"), "{printed}");
    let (code, printed) = Program::with(&[]).with_arguments(&["--against", "4.4", "--group", "a"]).reported(b"");
    assert!(code == Some(4) && printed.contains("no use for --group"), "{printed}");
}

/// What bash completes behind these words, with the script sourced as people source it.
fn completed(words: &str) -> String {
    let script = format!(
        "source <({} completions bash); COMP_WORDS=(meerkat {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _meerkat; echo ${{COMPREPLY[*]}}",
        env!("CARGO_BIN_EXE_meerkat")
    );
    let output = std::process::Command::new("bash").args(["--norc", "-c", &script]).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn bash_completes_options_and_their_words() {
    assert_eq!(completed("--only").trim(), "--only-problems");
    assert_eq!(completed("--detail g").trim(), "groups");
    assert_eq!(completed("-o htm").trim(), "html");
    assert_eq!(completed("completions f").trim(), "fish");
    let script = Program::with(&[]).with_arguments(&["completions", "bash"]).reported(b"").1;
    assert!(!script.contains("mapfile"), "bash 3.2 has no mapfile");
}

#[test]
#[ignore = "needs zsh and fish: make test-shells"]
fn zsh_and_fish_read_their_scripts() {
    let checks = [
        ("zsh", "autoload -Uz compinit && compinit -u -D && source <(MEERKAT completions zsh) && whence -w _meerkat"),
        ("fish", "MEERKAT completions fish | source; and complete -C 'meerkat --only'"),
    ];
    for (shell, script) in checks {
        let script = script.replace("MEERKAT", env!("CARGO_BIN_EXE_meerkat"));
        let output = std::process::Command::new(shell).args(["-c", &script]).output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success() && (text.contains("function") || text.contains("--only-problems")), "{text}");
    }
}
