#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

fn parse(variables: &[(&str, &str)]) -> Result<Config, String> {
    let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::parse(pairs).map_err(|error| error.to_string())
}

fn bootstrap(list: &str) -> String {
    match parse(&[("KAFKA_BOOTSTRAP_SERVERS", list)]) {
        Ok(Config { kafka: Kafka { bootstrap: Bootstrap::Addresses(addresses), .. }, .. }) => {
            addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        }
        other => format!("{:?}", other.err()).trim_start_matches("Some(\"").to_owned(),
    }
}

#[test]
fn one_variable_is_enough() {
    let config = parse(&[("KAFKA_BOOTSTRAP_SERVERS", "b-1.example:9094")]).unwrap();
    assert_eq!(config.kafka.encryption, Encryption::Tls);
    assert_eq!(config.detail, Detail::Problems);
}

#[test]
fn every_problem_is_reported_at_once() {
    let error = parse(&[("MEERKAT_TIMEOUT", "0"), ("KAFKA_SECURITY_PROTOCOL", "TLS"), ("MEERKAT_GRUOPS", "x")]);
    assert_eq!(
        error.unwrap_err(),
        "MEERKAT_GRUOPS is not a variable of meerkat; did you mean MEERKAT_GROUPS?; \
         no broker is named: give --bootstrap-server HOST:PORT, or set KAFKA_BOOTSTRAP_SERVERS, or KAFKA_CLUSTER_ARN for Amazon MSK; see meerkat --help; \
         KAFKA_SECURITY_PROTOCOL must be one of SSL, SASL_SSL, PLAINTEXT, SASL_PLAINTEXT, found \"TLS\"; \
         MEERKAT_TIMEOUT must be a whole number from 1 to 900, found \"0\""
    );
}

#[test]
fn a_name_of_kafkas_that_is_nearly_ours_is_reported() {
    let problem = |name: &str, text: &str| parse(&[("KAFKA_BOOTSTRAP_SERVERS", "b:1"), (name, text)]).err();
    for (wrong, right) in [
        ("KAFKA_BOOTSTRAP_SERVER", "KAFKA_BOOTSTRAP_SERVERS"),
        ("KAFKA_SSL_TRUSTSTOR", "KAFKA_SSL_TRUSTSTORE"),
        ("KAFKA_SASL_USER_NAME", "KAFKA_SASL_USERNAME"),
    ] {
        let expected = format!("{wrong} is not a variable of meerkat; did you mean {right}?");
        assert_eq!(problem(wrong, "x"), Some(expected));
        assert_eq!(problem(wrong, ""), None);
    }
    for other in ["KAFKA_HOME", "KAFKA_OPTS", "KAFKA_HEAP_OPTS", "KAFKA_VERSION", "KAFKA_CACHE", "KAFKA_LOG4J_OPTS"] {
        assert_eq!(problem(other, "x"), None, "{other}");
    }
}

#[test]
fn addresses_are_folded_and_may_be_ipv6() {
    assert_eq!(bootstrap("B-1.example:9094, b-1.EXAMPLE:9094,b-2.example:9094,"), "b-1.example:9094,b-2.example:9094");
    assert_eq!(bootstrap("[::1]:9094"), "[::1]:9094");
    assert_eq!(bootstrap("SASL_SSL://b-1.example:9096"), "b-1.example:9096");
}

#[test]
fn an_address_that_is_none_is_reported() {
    assert!(bootstrap("b-1.example").contains("the port is missing, as in b-1.example:9094"));
    for wrong in ["b-1.example", "b-1.example:", "b-1:0", "b-1:65536", ":9092", "::1:9092", "a b:1"] {
        assert!(bootstrap(wrong).starts_with("KAFKA_BOOTSTRAP_SERVERS must be host:port"), "{wrong}");
    }
    let long = format!("{}:1", "x".repeat(70_000));
    for secret in ["u:hunter2@b:1", "hunter2@b:1", "b:1 password=hunter2", "hunter2", "b:1;hunter2", &long] {
        let error = bootstrap(secret);
        assert!(error.contains("must be host:port") && !error.contains("hunter2") && error.len() < 400, "{error}");
    }
}

#[test]
fn allowed_lag_is_a_number_or_rules_by_group() {
    let allowed = |list, group| {
        let config = parse(&[("KAFKA_BOOTSTRAP_SERVERS", "b:1"), ("MEERKAT_ALLOWED_LAG", list)]);
        config.map(|config| config.judgement.thresholds(group).allowed_lag)
    };
    assert_eq!(allowed("", "g"), Ok(0));
    assert_eq!(allowed("7", "g"), Ok(7));
    assert_eq!(allowed("batch-*=1000, 7", "batch-a"), Ok(1_000));
    assert_eq!(allowed("batch-*=1000, 7", "g"), Ok(7));
    assert_eq!(
        allowed("batch-*=many", "g").unwrap_err(),
        "MEERKAT_ALLOWED_LAG must be a whole number, or PATTERN=NUMBER, separated by commas, found 12 characters, not shown here"
    );
}

#[test]
fn an_objective_is_one_age_or_two_by_group() {
    let objective = |list, group| {
        let config = parse(&[("KAFKA_BOOTSTRAP_SERVERS", "b:1"), ("MEERKAT_OBJECTIVE", list)]);
        config.map(|config| {
            let objective = config.judgement.thresholds(group).objective;
            objective.map(|objective| (objective.warn_s, objective.err_s))
        })
    };
    assert_eq!(objective("", "g"), Ok(None));
    assert_eq!(objective("300", "g"), Ok(Some((300, None))));
    assert_eq!(objective("batch-*=3600/7200, 300/900", "batch-a"), Ok(Some((3_600, Some(7_200)))));
    assert_eq!(objective("batch-*=3600/7200, 300/900", "g"), Ok(Some((300, Some(900)))));
    for wrong in ["0", "300/", "900/300"] {
        assert_eq!(
            objective(wrong, "g").unwrap_err(),
            format!(
                "MEERKAT_OBJECTIVE must be seconds, as 300 or 300/900 (WARN and the later ERR), or PATTERN=300/900, separated by commas, found {wrong:?}"
            )
        );
    }
}

#[test]
fn one_rule_of_several_is_reported_by_its_place() {
    let variables = [("KAFKA_BOOTSTRAP_SERVERS", "b:1"), ("MEERKAT_ALLOWED_LAG", "a=1,hunter2=x,7")];
    let error = parse(&variables).unwrap_err();
    assert!(error.ends_with("found 9 characters, not shown here as item 2"), "{error}");
}

#[test]
fn a_name_that_may_be_a_slip_is_a_doubt() {
    let config =
        parse(&[("KAFKA_BOOTSTRAP_SERVERS", "b:1"), ("KAFKA_CLUSTER_ID", "x"), ("KAFKA_CLUSTER_PORT", "tcp://h:1")]);
    let expected = "KAFKA_CLUSTER_ID is not a variable of meerkat; did you mean KAFKA_CLUSTER_ARN? It is ignored";
    assert_eq!(config.unwrap().doubts, [expected]);
}

#[test]
fn a_secret_keeps_its_blanks_and_loses_line_breaks() {
    let password = |text: &str| {
        let variables = [
            ("KAFKA_BOOTSTRAP_SERVERS", "b:1"),
            ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
            ("KAFKA_SASL_MECHANISM", "PLAIN"),
            ("KAFKA_SASL_USERNAME", "u"),
            ("KAFKA_SASL_PASSWORD", text),
        ];
        match parse(&variables).unwrap().kafka.sasl {
            Some(Sasl::Plain(sasl::Account::Two { password: Source::Inline(secret), .. })) => {
                secret.expose().to_owned()
            }
            other => format!("{other:?}"),
        }
    };
    assert_eq!(password("  p "), "  p ");
    assert_eq!(password("p\r\n"), "p");
    assert!(password(" file:/run/secrets/p\n").contains("/run/secrets/p\""));
}

#[test]
fn an_expected_group_that_is_abandoned_is_an_error() {
    let variables = [("KAFKA_BOOTSTRAP_SERVERS", "b:1"), ("MEERKAT_EXPECT", "bills-*"), ("MEERKAT_ABANDONED", "ok")];
    let judgement = parse(&variables).unwrap().judgement;
    assert_eq!(judgement.thresholds("bills-eu").abandoned, Abandoned::Err);
    assert_eq!(judgement.thresholds("other").abandoned, Abandoned::Ok);
}

#[test]
fn two_answers_to_one_question_are_refused_without_the_values() {
    let login = [("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"), ("KAFKA_SASL_MECHANISM", "PLAIN")];
    let both = [
        ("KAFKA_BOOTSTRAP_SERVERS", "b-1.example:9096"),
        ("KAFKA_CLUSTER_ARN", "arn:aws:kafka:eu-west-1:123456789012:cluster/kafka/0a1b-2"),
        ("KAFKA_SASL_SECRET", "file:/run/secrets/login"),
        ("KAFKA_SASL_PASSWORD", "s3cret"),
    ];
    let problems = parse(&[&login[..], &both].concat()).unwrap_err();
    assert!(
        problems.contains("KAFKA_BOOTSTRAP_SERVERS and KAFKA_CLUSTER_ARN both set where the brokers are"),
        "{problems}"
    );
    assert!(problems.contains("KAFKA_SASL_SECRET and KAFKA_SASL_PASSWORD both set the password"), "{problems}");
    assert!(!problems.contains("s3cret"), "{problems}");
}

#[test]
fn an_oauth_client_may_be_one_secret_that_holds_its_id_and_its_secret() {
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:client-AbCdEf";
    let client = |more: &[(&str, &str)]| {
        let variables = [
            ("KAFKA_BOOTSTRAP_SERVERS", "b:1"),
            ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
            ("KAFKA_SASL_MECHANISM", "OAUTHBEARER"),
            ("KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL", "https://issuer.example/token"),
        ];
        parse(&[&variables[..], more].concat()).map(|config| match config.kafka.sasl {
            Some(Sasl::OauthBearer { from: sasl::Issuer::Endpoint { client_id, client_secret, .. }, .. }) => {
                [client_id, client_secret].map(|source| match source {
                    Source::Elsewhere(reference) => reference.to_string(),
                    Source::Inline(text) => text.expose().to_owned(),
                })
            }
            other => panic!("{other:?}"),
        })
    };
    let both = [format!("{arn}#client_id"), format!("{arn}#client_secret")];
    assert_eq!(client(&[("KAFKA_SASL_SECRET", arn)]), Ok(both));
    let own = [("KAFKA_SASL_OAUTHBEARER_CLIENT_ID", "a"), ("KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET", "b")];
    assert_eq!(client(&[&own[..], &[("KAFKA_SASL_SECRET", arn)]].concat()), Ok(["a".into(), "b".into()]));
    for (given, refusal) in [
        (&[("KAFKA_SASL_SECRET", "hunter2")][..], "KAFKA_SASL_SECRET must refer to file:PATH"),
        (
            &[("KAFKA_SASL_SECRET", "file:/run/s#k")],
            "KAFKA_SASL_SECRET must refer to a whole secret here, without #KEY",
        ),
        (&own[..1], "KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET must be set"),
        (&[], "KAFKA_SASL_OAUTHBEARER_CLIENT_ID must be set"),
    ] {
        let problems = client(given).unwrap_err();
        assert!(problems.contains(refusal) && !problems.contains("hunter2"), "{given:?}: {problems}");
    }
}

#[test]
fn a_cluster_is_in_the_region_of_its_arn() {
    let region = |more: &[(&str, &str)]| {
        let variables = [
            ("KAFKA_CLUSTER_ARN", "arn:aws:kafka:eu-west-1:123456789012:cluster/kafka/0a1b-2"),
            ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
            ("KAFKA_SASL_MECHANISM", "AWS_MSK_IAM"),
        ];
        match parse(&[&variables[..], more].concat()).unwrap().kafka.sasl {
            Some(Sasl::MskIam { region, .. }) => region,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(region(&[]).as_deref(), Some("eu-west-1"));
    assert_eq!(region(&[("KAFKA_SASL_AWS_REGION", "eu-north-1")]).as_deref(), Some("eu-north-1"));
}

#[test]
fn pem_is_text_or_a_path() {
    let pem = |text| {
        let config = parse(&[("KAFKA_BOOTSTRAP_SERVERS", "b:1"), ("KAFKA_SSL_TRUSTSTORE", text)]);
        config.unwrap().kafka.truststore.unwrap().place
    };
    assert_eq!(pem("/etc/ca.pem"), KeystorePlace::Path("/etc/ca.pem".into()));
    assert_eq!(pem("-----BEGIN A-----\\nx"), KeystorePlace::Pem(Secret::new("-----BEGIN A-----\nx".into())));
}
