//! References against moto, which speaks the wire of Secrets Manager, Parameter Store and STS.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::support::emulator::Emulator;

struct Moto(Emulator);

impl Moto {
    fn start() -> Self {
        Self(Emulator::start("moto.sh"))
    }

    async fn door(&self) -> Door {
        door(&self.0.url, WAIT).await
    }

    /// Puts something there, which the door itself never does.
    async fn put(&self, service: &str, target: &str, body: Value) -> Value {
        let body = body.to_string();
        let address = self.0.url.strip_prefix("http://").unwrap();
        let request = format!(
            "POST / HTTP/1.1\r\nhost: {address}\r\nauthorization: AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=0\r\ncontent-type: application/x-amz-json-1.1\r\nx-amz-target: {target}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(body).unwrap()
    }

    /// The new secret's ARN.
    async fn secret(&self, name: &str, mut content: Value) -> String {
        content["Name"] = name.into();
        let created = self.put("secretsmanager", "secretsmanager.CreateSecret", content).await;
        created["ARN"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
#[ignore = "needs moto: make test-moto"]
async fn secrets_are_read_by_their_arn() {
    let moto = Moto::start();
    let plain = moto.secret("plain", json!({ "SecretString": "hunter2" })).await;
    let binary = moto.secret("binary", json!({ "SecretBinary": "aHVudGVyMg==" })).await;
    let pair =
        moto.secret("AmazonMSK_a", json!({ "SecretString": r#"{"username":"alice","password":"hunter2"}"# })).await;

    let door = moto.door().await;
    assert_eq!(read(&door, &plain).await, "hunter2");
    assert_eq!(read(&door, &binary).await, "hunter2");
    assert_eq!(read(&door, &format!("{pair}#password")).await, "hunter2");
    let (username, password) = door.read_pair(VARIABLE, &Reference::parse(&pair).unwrap()).await.unwrap();
    assert_eq!((username.as_str(), password.expose()), ("alice", "hunter2"));

    let no_key = read(&door, &format!("{pair}#user")).await;
    assert!(no_key.ends_with(r#"is of no use: it has no "user""#), "{no_key}");
    let no_json = read(&door, &format!("{plain}#password")).await;
    assert!(no_json.contains("it is not a JSON object"), "{no_json}");
    let missing = read(&door, SECRET).await;
    assert!(missing.contains("does not exist"), "{missing}");
}

#[tokio::test]
#[ignore = "needs moto: make test-moto"]
async fn secure_parameters_are_read_by_their_arn() {
    let moto = Moto::start();
    for (name, value) in [("/kafka/password", "hunter2"), ("flat", r#"{"token":"hunter2"}"#)] {
        let parameter = json!({ "Name": name, "Value": value, "Type": "SecureString" });
        moto.put("ssm", "AmazonSSM.PutParameter", parameter).await;
    }
    let door = moto.door().await;
    assert_eq!(read(&door, PARAMETER).await, "hunter2");
    assert_eq!(read(&door, "arn:aws:ssm:eu-west-1:123456789012:parameter/flat#token").await, "hunter2");
    let missing = read(&door, "arn:aws:ssm:eu-west-1:123456789012:parameter/none").await;
    assert!(missing.contains("does not exist"), "{missing}");
}

#[tokio::test]
#[ignore = "needs moto: make test-moto"]
async fn the_key_is_that_of_the_run_or_of_a_role() {
    let moto = Moto::start();
    let door = moto.door().await;
    let own = door.aws_key(None).await.unwrap();
    assert_eq!((own.access_key.as_str(), own.secret_key.expose()), ("AKIAIOSFODNN7EXAMPLE", "the-secret-key"));
    let taken = door.aws_key(Some("arn:aws:iam::123456789012:role/kafka")).await.unwrap();
    assert!(taken.access_key.starts_with("ASIA") && taken.session_token.is_some());
    assert_ne!(taken.secret_key, own.secret_key);
}
