//! The usual mistakes, and the way out that each of them is answered with.

use super::*;

/// What a run prints to these arguments and variables: everything in the third place, nothing of the fourth.
type Mistake<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str], &'a [&'a str]);

#[test]
fn each_mistake_is_answered_with_its_way_out() {
    let stage = scene().start();
    let web = stage_of(b"<!DOCTYPE html><title>400</title>");
    let web_at = web.bootstrap();
    let web_at = format!("-b {web_at} --timeout 10");
    let tls = [("KAFKA_SECURITY_PROTOCOL", "SSL")];
    let mistakes: &[Mistake<'_>] = &[
        (
            "-b 127.0.0.1:1",
            &[],
            &["cannot connect to 127.0.0.1:1: Connection refused", "9092"],
            &["bootstrap address of"],
        ),
        (&web_at, &tls, &["an HTTP server answered"], &["3c, 21"]),
        (&web_at, &[], &["an HTTP server answered"], &[]),
        ("-b nowhere.invalid:9092", &[], &["the host name cannot be resolved"], &[]),
        ("-b https://host:9092/", &[], &["must be host:port"], &[]),
        ("-b host", &[], &["the port is missing"], &[]),
        ("--bootstrap-srver x:1", &[], &["did you mean --bootstrap-server?"], &[]),
        ("--lst", &[], &["did you mean --list?", "See meerkat --help"], &[]),
        ("-v", &[], &["did you mean --version?"], &[]),
        ("--zookeeper x", &[], &["--zookeeper is not an option of meerkat; see meerkat --help"], &[]),
        ("--detail topics", &[], &["--detail must be one of groups, problems, all, found \"topics\""], &["event"]),
        ("--format prometheus", &[], &["did you mean openmetrics?"], &[]),
        ("order-svc", &[], &["did you mean orders-svc?"], &[]),
        ("nowhere.json", &[], &["the event file nowhere.json cannot be read"], &[]),
        ("--group /a(b/", &[], &["--group has the regular expression /a(b/", "found open group", "use a glob"], &[]),
        ("", &[("MEERKAT_TOPICS", "/(?=a)/")], &["MEERKAT_TOPICS has the regular expression /(?=a)/"], &[]),
        ("", &[("MEERKAT_OWNERS", "/a[/=x")], &["MEERKAT_OWNERS has the regular expression /a[/"], &[]),
        ("", &[("MEERKAT_OBJECTIV", "5")], &["did you mean MEERKAT_OBJECTIVE?"], &[]),
        ("", &[("MEERKAT_OBJECTIVE", "5m")], &["MEERKAT_OBJECTIVE must be seconds"], &[]),
        (
            "",
            &[("KAFKA_SECURITY_PROTOCOL", "SASL-SSL")],
            &["KAFKA_SECURITY_PROTOCOL must be one of"],
            &["KAFKA_SASL_MECHANISM"],
        ),
        (
            "",
            &[("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"), ("KAFKA_SASL_MECHANISM", "GSSAPI")],
            &["Kerberos (GSSAPI) is not supported"],
            &[],
        ),
        ("--against 44 -o table", &[], &["\"44\" is not a release of Kafka", "did you mean 4.4?"], &[]),
        ("--against four -o table", &[], &["\"four\" is not a release of Kafka"], &[]),
        ("--history orders-svc", &[("MEERKAT_HISTORY", "off")], &["MEERKAT_HISTORY"], &[]),
    ];
    for (arguments, variables, printed, not) in mistakes {
        let (code, text) = typed(&stage, arguments, variables);
        assert_ne!(code, Some(0), "{arguments}: {text}");
        for wanted in *printed {
            assert!(text.contains(wanted), "{arguments} {variables:?}: {wanted} is missing in {text}");
        }
        for unwanted in *not {
            assert!(!text.contains(unwanted), "{arguments} {variables:?}: {unwanted} in {text}");
        }
    }
}

/// A port that says these bytes to whatever comes.
fn stage_of(bytes: &'static [u8]) -> Stage {
    Scene::of(1).node(1, |node| node.voice = Voice::Says(bytes)).start()
}

#[test]
fn nothing_configured_names_the_option_first() {
    let (code, printed) = Program::with(&[]).told(b"");
    assert_eq!(code, Some(4), "{printed}");
    assert!(printed.contains("no broker is named: give --bootstrap-server HOST:PORT"), "{printed}");
    assert!(!printed.contains("AWS"), "{printed}");
}

#[test]
fn a_certificate_that_is_not_trusted_names_the_variable() {
    let identity = Authority::new().identity(&["127.0.0.1"], Validity::Now);
    let stage = Scene::of(1).every_node(|node| node.tls = Some(identity.clone())).start();
    let (code, printed) = typed(&stage, "", &[("KAFKA_SECURITY_PROTOCOL", "SSL")]);
    assert_eq!(code, Some(4), "{printed}");
    assert!(printed.contains("KAFKA_SSL_TRUSTSTORE"), "{printed}");
}

#[test]
fn what_aws_lacks_has_one_sentence_each() {
    let stage = scene().start();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let profile = [("AWS_PROFILE", "no-such-profile"), ("HOME", "/nowhere"), ("AWS_EC2_METADATA_DISABLED", "true")];
    let (_, printed) = typed(&stage, "--all-groups --timeout 10", &profile);
    assert!(printed.contains("AWS profile no-such-profile"), "{printed}");
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "hunter2")];
    let region = [&keys[..], &[("AWS_REGION", "eu-wset-1")]].concat();
    let (_, printed) = typed(&stage, "--all-groups --timeout 10", &region);
    assert!(printed.contains("AWS Region eu-wset-1"), "{printed}");
    let url = format!("http://{closed}");
    let endpoint = [&keys[..], &[("AWS_REGION", "eu-west-1"), ("AWS_ENDPOINT_URL_CLOUDWATCH", &*url)]].concat();
    let (_, printed) = typed(&stage, "--all-groups --timeout 10", &endpoint);
    assert!(printed.contains("did not reach CloudWatch") && !printed.contains("hunter2"), "{printed}");
}
