//! Burrow's answers: a check in Burrow's shape, and requests by HTTP.

use ring::hmac;

use super::gather::UNNAMED;
use super::{Error, Outcome, Run, Taken};
use crate::base::budget::KAFKA_SHARE;
use crate::base::fault;
use crate::config::BURROW_LOGIN;
use crate::event::Ask;
use crate::event::http::{Call, Question};
use crate::event::origin::{Origin, View};
use crate::judge::verdict::Verdict;
use crate::kafka::{Directory, Selection};
use crate::model::memory::Sample;
use crate::model::secret::Secret;
use crate::model::snapshot::Logs;
use crate::model::unknown::Cause;
use crate::report::burrow::http::Response;
use crate::report::burrow::lists::{ClusterModule, Content, ListAnswer};
use crate::report::burrow::{BurrowAnswer, BurrowResults, metrics};

impl Run<'_> {
    /// One object if the event names one group, else a list with one for each; a whole response if it was requested by
    /// HTTP.
    pub(super) fn burrow(&self, taken: &Taken<'_>, status: Verdict) -> (String, Verdict) {
        let Taken { cluster, sight, judged, memories, past, .. } = taken;
        let results = BurrowResults { cluster, sight: *sight, judged, memories };
        let earlier = |row| -> Vec<Sample> {
            let window = past.earlier(row);
            window.unwrap_or_else(|_| sight.before.of(row).ok().flatten().copied().into_iter().collect())
        };
        if let Ask::Http(Call { origin, question: Ok(question), .. }) = &self.request.ask {
            let (response, status) = respond(question, origin, results, earlier, status);
            return (response.to_json(origin), status);
        }
        let mut answers = results.answers(self.request.view, earlier);
        match (self.request.ask.groups(), answers.pop()) {
            ([_], Some(answer)) => (json(&answer), status),
            (_, last) => {
                answers.extend(last);
                (json(&answers), status)
            }
        }
    }

    /// An answer with a status code; it may read the history, and writes nothing.
    pub(super) async fn serve(self, call: &Call) -> Outcome {
        let (json, status) = match self.refusal(call).await {
            Some(refusal) => (refusal.to_json(&call.origin), Verdict::Unknown),
            None => Box::pin(self.found(call)).await,
        };
        Outcome { json, status, failure: None }
    }

    /// Why this caller gets no answer, if callers have to log in.
    async fn refusal(&self, call: &Call) -> Option<Response> {
        let source = self.config.burrow_login.as_ref()?;
        if !call.encrypted {
            return Some(Response::failure(FORBIDDEN, NO_TLS, &call.origin));
        }
        match self.in_time(KAFKA_SHARE, BURROW_LOGIN, self.warm.burrow_login(source)).await {
            Ok(login) if call.basic().is_some_and(|given| is_same(&login, &given)) => None,
            Ok(_) => Some(Response::unauthorized(&call.origin)),
            Err(error) => {
                // A stranger must not learn where the login is stored.
                tracing::warn!("{}", fault::sentence(&error));
                Some(Response::failure(UNAVAILABLE, NO_LOGIN, &call.origin))
            }
        }
    }

    async fn found(self, call: &Call) -> (String, Verdict) {
        let Call { origin, question, .. } = call;
        let question = match question {
            Ok(question) => question,
            Err((code, why)) => return (Response::failure(*code, why, origin).to_json(origin), Verdict::Unknown),
        };
        let answer = match (question, &self.config.cluster) {
            (Question::Alive, _) => Ok((Response::text(GOOD.to_owned()), Verdict::Ok)),
            (Question::Clusters, Some(own)) => Ok(listed(Content::Clusters([own]), &[], origin)),
            (_, Some(own)) if question.cluster().is_some_and(|asked| asked != own) => Ok(not_found(question, origin)),
            _ if question.is_about_lag() => match Box::pin(self.check(&|answer| answer.to_json())).await {
                Ok(outcome) => return (outcome.json, outcome.status),
                Err(error) => Err(error),
            },
            _ => Box::pin(self.list(question, origin)).await,
        };
        let (response, status) = answer.unwrap_or_else(|error| unavailable(&fault::sentence(&error), origin));
        (response.to_json(origin), status)
    }

    /// The brokers' answers to one request each; no group is read.
    async fn list(&self, question: &Question, origin: &Origin) -> Result<(Response, Verdict), Error> {
        let until = self.until(KAFKA_SHARE);
        let open = async || Ok(Directory::open(self.access().await?, self.login_s, until).await?);
        let directory = self.renewing(open).await?;
        let cluster = self.config.cluster.as_deref().or(directory.id()).unwrap_or(UNNAMED);
        if question.cluster().is_some_and(|asked| asked != cluster) {
            return Ok(not_found(question, origin));
        }
        let answer = match question {
            Question::Cluster(_) => {
                let module = ClusterModule::new(directory.addresses(), self.config.judgement.period);
                listed(Content::Module(module), &[], origin)
            }
            Question::Consumers(_) => {
                let selection = Selection { expected: Vec::new(), ..self.selection() };
                let (names, problems) = directory.groups(&selection, until).await;
                let problems: Vec<String> =
                    problems.iter().map(|problem| format!("{}: {}", problem.place, problem.what)).collect();
                match problems.first().filter(|_| names.is_empty()) {
                    Some(why) => unavailable(why, origin),
                    None => listed(Content::Consumers(names), &problems, origin),
                }
            }
            Question::Topics(_) => match directory.topics(&self.config.topics, until).await {
                Ok(names) => listed(Content::Topics(names), &[], origin),
                Err(why) => unavailable(&why.to_string(), origin),
            },
            Question::Topic { topic, .. } if self.config.topics.select(topic) => {
                match directory.topic(topic, until).await.partitions {
                    Ok(logs) => offsets(&logs, origin),
                    Err(why) if why.cause() == Cause::NoTopic => not_found(question, origin),
                    Err(why) => unavailable(&why.to_string(), origin),
                }
            }
            Question::Topic { .. } => not_found(question, origin),
            _ => listed(Content::Clusters([cluster]), &[], origin),
        };
        directory.keep_connections();
        Ok(answer)
    }
}

/// The answer to a request that needs a whole check.
fn respond<'a>(
    question: &'a Question,
    origin: &'a Origin,
    results: BurrowResults<'a>,
    earlier: impl Fn(usize) -> Vec<Sample>,
    status: Verdict,
) -> (Response, Verdict) {
    let Question::Consumer { cluster, view, .. } = question else {
        let answers = results.answers(View::Lag, earlier);
        let text = metrics::text(results.cluster, &answers, &results.sight.snapshot.topics);
        return (Response::text(text), status);
    };
    if cluster != results.cluster || (status == Verdict::NotFound && view.is_none()) {
        return not_found(question, origin);
    }
    match view {
        Some(view) => {
            let code = if status == Verdict::NotFound { NOT_FOUND } else { FOUND };
            let answer = results.answers(*view, earlier).pop().map(|answer| json(&answer.asked_by(origin.clone())));
            (Response::new(code, answer.unwrap_or_default()), status)
        }
        None => match results.detail(earlier) {
            Ok((topics, problems)) => (listed(Content::Detail(topics), &problems, origin).0, status),
            Err(why) => unavailable(&why.to_string(), origin),
        },
    }
}

/// The log end offsets of a topic, as far as they could be read.
fn offsets(logs: &Logs, origin: &Origin) -> (Response, Verdict) {
    let ends: Vec<_> = (0..).take(logs.len()).map(|partition| logs.of(partition)).collect();
    let problem = |(partition, end): (usize, _)| Some(format!("partition {partition}: {}", Result::err(end)?));
    let problems: Vec<String> = ends.iter().map(Result::as_ref).enumerate().filter_map(problem).collect();
    if let Some(why) = problems.first().filter(|_| problems.len() == ends.len()) {
        return unavailable(why, origin);
    }
    let ends = ends.into_iter().map(|log| log.ok().map(|log| log.end));
    listed(Content::Offsets(ends.collect()), &problems, origin)
}

fn listed(content: Content<'_>, problems: &[String], origin: &Origin) -> (Response, Verdict) {
    let status = if problems.is_empty() { Verdict::Ok } else { Verdict::Unknown };
    (Response::new(FOUND, json(&ListAnswer::new(content, problems, origin))), status)
}

fn unavailable(why: &str, origin: &Origin) -> (Response, Verdict) {
    (Response::failure(UNAVAILABLE, why, origin), Verdict::Unknown)
}

/// Burrow's answer for a resource that does not exist.
fn not_found(question: &Question, origin: &Origin) -> (Response, Verdict) {
    let message = match question {
        Question::Consumer { cluster, group, view: Some(_) } => {
            let answer = BurrowAnswer::not_found(cluster, group, origin.clone());
            return (Response::new(NOT_FOUND, json(&answer)), Verdict::NotFound);
        }
        Question::Consumer { .. } => "cluster or consumer not found",
        Question::Topic { .. } => "cluster or topic not found",
        Question::Cluster(_) => "cluster module not found",
        _ => "cluster not found",
    };
    (Response::failure(NOT_FOUND, message, origin), Verdict::NotFound)
}

/// Whether two secrets are equal, in a time that depends on neither.
fn is_same(one: &Secret, other: &Secret) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, BURROW_LOGIN.as_bytes());
    let tag = hmac::sign(&key, one.expose().as_bytes());
    hmac::verify(&key, other.expose().as_bytes(), tag.as_ref()).is_ok()
}

fn json(answer: &impl serde::Serialize) -> String {
    // Names are UTF-8 and the keys of maps are texts, so nothing here can fail.
    serde_json::to_string(answer).unwrap_or_default()
}

/// Burrow's answer from `/burrow/admin`.
const GOOD: &str = "GOOD";
const FOUND: u16 = 200;
const FORBIDDEN: u16 = 403;
const NOT_FOUND: u16 = 404;
const UNAVAILABLE: u16 = 503;
const NO_TLS: &str = "a login is accepted only over HTTPS: use https://";
const NO_LOGIN: &str = "the login cannot be checked: see the function's log";
