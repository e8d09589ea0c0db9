//! A check that is told in Burrow's shape, and one that was asked for by HTTP.

use super::{Outcome, Run, Taken};
use crate::base::fault;
use crate::event::Ask;
use crate::event::http::Call;
use crate::judge::verdict::Verdict;
use crate::report::burrow::http::Response;
use crate::report::burrow::{BurrowAnswer, BurrowResults};

impl Run<'_> {
    /// One object where the event names one group, else a list with one for each.
    pub(super) fn burrow(&self, taken: &Taken<'_>, status: Verdict) -> (String, Verdict) {
        let Taken { cluster, sight, judged, memories, past, .. } = taken;
        if let Ask::Http(Call { origin, question: Ok(asked) }) = &self.request.ask
            && asked.cluster != *cluster
        {
            let answer = BurrowAnswer::not_found(&asked.cluster, &asked.group, origin.clone());
            return (json(&answer), Verdict::NotFound);
        }
        let results = BurrowResults { cluster, sight: *sight, judged, memories };
        let mut answers = results.answers(self.request.view, |row| {
            let window = past.earlier(row);
            window.unwrap_or_else(|_| sight.before.of(row).ok().flatten().copied().into_iter().collect())
        });
        match (self.request.ask.groups(), answers.pop()) {
            ([_], Some(answer)) => match &self.request.ask {
                Ask::Http(call) => (json(&answer.asked_by(call.origin.clone())), status),
                _ => (json(&answer), status),
            },
            (_, last) => {
                answers.extend(last);
                (json(&answers), status)
            }
        }
    }

    /// A check whose answer carries a status code; it reads the history, and leaves writing to the schedule.
    pub(super) async fn serve(self, call: &Call) -> Outcome {
        let response = match &call.question {
            Err((code, why)) => Err(Response::failure(*code, why, &call.origin)),
            Ok(_) => match Box::pin(self.check(&|answer| answer.to_json())).await {
                Ok(outcome) => Ok(outcome),
                Err(error) => Err(Response::failure(UNAVAILABLE, &fault::told(&error), &call.origin)),
            },
        };
        match response {
            Ok(Outcome { json, status, .. }) => {
                let code = if status == Verdict::NotFound { NOT_FOUND } else { FOUND };
                Outcome { json: Response::new(code, json).to_json(), status, failure: None }
            }
            Err(failure) => Outcome { json: failure.to_json(), status: Verdict::Unknown, failure: None },
        }
    }
}

fn json(answer: &impl serde::Serialize) -> String {
    // Names are UTF-8 and there are no maps, so nothing here can fail.
    serde_json::to_string(answer).unwrap_or_default()
}

const FOUND: u16 = 200;
const NOT_FOUND: u16 = 404;
const UNAVAILABLE: u16 = 503;
