//! One batch: sent, and each of its questions settled or put back.

use std::time::Duration;

use tokio::time::Instant;

use super::super::app::App;
use super::super::exchange::{ExchangeError, Method, header};
use super::super::fault::{Fault, is_of_tenant, limit_used, retry_after};
use super::super::line::{Answer, Call, CallError};
use super::batch::{self, Item};
use super::queue::{Job, Queue};
use super::{Common, Lost, Reply};

/// Tries, by what went wrong.
const REFUSED_MAX: u32 = 30;
const COLLIDED_MAX: u32 = 12;
const UNANSWERED_MAX: u32 = 8;
const UNSENT_MAX: u32 = 6;
const UNAUTHORISED_MAX: u32 = 3;
/// Before another try; doubled at each one.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// What became of one question.
enum Fate {
    Settled(Result<Reply, Lost>),
    /// It goes again, not before this pause is over; why, where the service said no.
    Again(Duration, Option<Lost>),
}

pub(super) async fn send(
    app: &App,
    queue: &Queue,
    common: &Common,
    jobs: Vec<Job>,
    in_series: bool,
) {
    if app.cause_of_rest().is_some() {
        queue.hand_over(jobs);
        return;
    }
    let body = batch::body(jobs.iter().map(|job| &job.ask), in_series);
    let call = Call { method: Method::Post, to: "/$batch", headers: &[], body: Some(&body) };
    let error = match app.line.call(call).await {
        Ok(answer) => return answered(app, queue, common, jobs, in_series, answer),
        Err(CallError::Refused(error)) => match common.crew.rest(app, error) {
            Ok(()) => return queue.hand_over(jobs),
            Err(error) => CallError::Refused(error),
        },
        Err(error) => error,
    };
    for mut job in jobs {
        let fate = unanswered(&mut job, &error);
        settle(queue, common, job, fate);
    }
}

fn answered(
    app: &App,
    queue: &Queue,
    common: &Common,
    jobs: Vec<Job>,
    in_series: bool,
    answer: Answer,
) {
    let Answer { status, headers, body, sent_at } = answer;
    common.crew.heard(app, status, sent_at);
    let shared = |status| Item { status, headers: headers.clone(), body: body.clone() };
    if let Some(used) = limit_used(&headers)
        && let Some(job) = jobs.first()
    {
        app.paces.near(job.ask.cost, used);
    }
    // A batch with a part that failed is answered 424 by some: it holds the answers all the same.
    let mut items = match status {
        200 | 424 => batch::items(&body),
        _ => None,
    };
    for (rank, mut job) in jobs.into_iter().enumerate() {
        let item = match &mut items {
            // One that the answer does not speak of: nobody knows.
            Some(items) => items.remove(&rank).unwrap_or_else(|| shared(504)),
            None if status == 200 => shared(504),
            None => shared(status),
        };
        if in_series && rank > 0 && item.status == 424 {
            // The service has not looked at it: it goes at once, behind the one that failed.
            job.tries.broken_off += 1;
            settle(queue, common, job, Fate::Again(Duration::ZERO, None));
            continue;
        }
        let fate = fate(app, common, &mut job, item, sent_at);
        settle(queue, common, job, fate);
    }
}

/// What follows from the answer to one question.
fn fate(app: &App, common: &Common, job: &mut Job, item: Item, sent_at: Instant) -> Fate {
    let Item { status, headers, body } = item;
    let told = retry_after(&headers, (common.now)());
    if let Some(used) = limit_used(&headers) {
        app.paces.near(job.ask.cost, used);
    }
    let tries = &mut job.tries;
    if status == 429 {
        // It counts against us all the same: everybody waits.
        app.paces.refused(job.ask.cost, sent_at, told, chance(common));
        if is_of_tenant(&headers) {
            app.paces.tenant_refused(sent_at, told, chance(common));
        }
        tries.refused += 1;
        let text = "too many requests, again and again".to_owned();
        return again_or(tries.refused, REFUSED_MAX, told, Lost::PutOff { status, text });
    }
    app.paces.accepted(job.ask.cost, sent_at);
    let fault = Fault::read(status, &body);
    if status == 424 || fault.is_concurrency() {
        tries.collided += 1;
        let lost = Lost::PutOff { status, text: fault.text() };
        return again_or(tries.collided, COLLIDED_MAX, told, lost);
    }
    if common.crew.passes_on(app, &fault, &mut job.denied) {
        return Fate::Again(Duration::ZERO, None);
    }
    if status == 401 {
        tries.unauthorised += 1;
        let lost = Lost::NotSent(format!("the token is not taken ({})", fault.code));
        return again_or(tries.unauthorised, UNAUTHORISED_MAX, told, lost);
    }
    if Fault::is_passing(status) {
        tries.unanswered += 1;
        let lost = Lost::Unknown(format!("HTTP status {status}, again and again"));
        return again_or(tries.unanswered, UNANSWERED_MAX, told, lost);
    }
    let is_repeated = tries.unanswered > 0;
    let location = header(&headers, "location").map(str::to_owned);
    Fate::Settled(Ok(Reply { status, body, location, is_repeated }))
}

fn unanswered(job: &mut Job, error: &CallError) -> Fate {
    let tries = &mut job.tries;
    match error {
        // Without a token nothing goes: whoever drives us asks for one anew.
        CallError::Target(error) | CallError::Refused(error) if tries.unanswered > 0 => {
            Fate::Settled(Err(Lost::Unknown(error.to_string())))
        }
        CallError::Target(error) | CallError::Refused(error) => {
            Fate::Settled(Err(Lost::NotSent(error.to_string())))
        }
        CallError::Exchange(ExchangeError::NotSent(text)) => {
            tries.unsent += 1;
            let lost = match tries.unanswered {
                0 => Lost::NotSent(text.clone()),
                _ => Lost::Unknown(text.clone()),
            };
            again_or(tries.unsent, UNSENT_MAX, None, lost)
        }
        CallError::Exchange(ExchangeError::NoAnswer(text)) => {
            tries.unanswered += 1;
            again_or(tries.unanswered, UNANSWERED_MAX, None, Lost::Unknown(text.clone()))
        }
    }
}

/// Another try, after what the service asks for or a pause that grows; or none.
fn again_or(tries: u32, tries_max: u32, told: Option<Duration>, lost: Lost) -> Fate {
    if tries >= tries_max {
        return Fate::Settled(Err(lost));
    }
    let pause = (PAUSE_MIN * 2u32.pow(tries.saturating_sub(1).min(6))).min(PAUSE_MAX);
    Fate::Again(told.unwrap_or(pause), Some(lost))
}

fn settle(queue: &Queue, common: &Common, job: Job, fate: Fate) {
    if job.ask.is_write() {
        match &fate {
            // One that is refused for good is told with its own operation.
            Fate::Settled(Ok(_)) => queue.heard(None),
            Fate::Settled(Err(lost)) | Fate::Again(_, Some(lost)) => {
                queue.heard(Some(lost.text().to_owned()));
            }
            Fate::Again(_, None) => {}
        }
    }
    match fate {
        Fate::Settled(answer) => queue.settle(job, answer),
        Fate::Again(pause, _) => {
            // Two that met would meet again.
            let pause = pause.mul_f64(1.0 + chance(common) / 4.0);
            queue.put_back(job, Instant::now() + common.tempo.here(pause));
        }
    }
}

/// From 0 to 1.
fn chance(common: &Common) -> f64 {
    let mut byte = [0];
    (common.entropy)(&mut byte);
    f64::from(byte[0]) / 255.0
}
