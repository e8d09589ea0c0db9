//! The entry: the Lambda runtime where there is one, else one run from a file or standard input.
//!
//! Nothing but this file reads the environment, and the clock on the wall, save for the moment at which a request is signed.

use std::cell::RefCell;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use meerkat::base::fault;
use meerkat::cli::arguments::Arguments;
use meerkat::cli::progress_line::Ticker;
use meerkat::cli::table::{self, Screen};
use meerkat::cli::{help, logging, without_aws};
use meerkat::config::precedence::{self, Layer};
use meerkat::config::{Config, Format, LAMBDA_REPORT_LIMIT, from_burrow, properties};
use meerkat::event::{Ask, Request};
use meerkat::judge::verdict::Verdict;
use meerkat::report::html;
use meerkat::{Answer, Clock, Outcome, Warm};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;

/// That of musl gives memory back to the kernel after each step of a look, and asks for it again.
#[cfg(target_env = "musl")]
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Any error that ends a run.
type Fatal = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let in_lambda = std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some();
    let told = |result: Result<ExitCode, Fatal>| {
        result.unwrap_or_else(|error| {
            // Standard error may be closed; there is nobody else to tell.
            let _ = writeln!(std::io::stderr(), "meerkat: {}", fault::told(&*error));
            ExitCode::from(FAILED)
        })
    };
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let code = told(if in_lambda { runtime.block_on(serve()) } else { run(&runtime) });
            // A name service that hangs would keep the process for as long as it likes, long after the run told its status.
            runtime.shutdown_background();
            code
        }
        Err(error) => told(Err(error.into())),
    }
}

/// Answers invocations until the platform ends the process. A configuration that is wrong fails each of them, so that
/// its error is where people look.
async fn serve() -> Result<ExitCode, Fatal> {
    logging::start(std::env::var("MEERKAT_LOG").ok().as_deref(), logging::JournalForm::Json, None)?;
    let config = variables(Vec::new(), None).and_then(|all| Ok(Config::parse(all)?)).map(|mut config| {
        config.report_limit.get_or_insert(LAMBDA_REPORT_LIMIT);
        config
    });
    let (config, warm) = (&config, &Warm::new());
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
        let started = Instant::now();
        let answer = async {
            let config = config.as_ref().map_err(|error| Fatal::from(error.to_string()))?;
            let mut request = Request::from_event(event.payload)?;
            if let Ask::Widget(widget) = &mut request.ask {
                widget.context.endpoint = event.context.invoked_function_arn;
            }
            let clock = clock(started, lambda_time(event.context.deadline))?;
            let Outcome { json, failure, .. } = Box::pin(meerkat::answer(config, &request, clock, warm)).await?;
            if let Some(failure) = failure {
                // The status is not lost, and the platform's own error metric sees the failure.
                tracing::info!(report = json, "the run has a status");
                return Err(failure.into());
            }
            // What is no JSON of its own, such as a text for Prometheus, goes as a string.
            let answer = RawValue::from_string(json.clone()).or_else(|_| serde_json::value::to_raw_value(&json));
            Ok::<Box<RawValue>, Fatal>(answer?)
        };
        // The runtime logs it.
        answer
            .await
            .map_err(|error| Diagnostic { error_type: "MeerkatError".into(), error_message: fault::told(&*error) })
    }))
    .await?;
    Ok(ExitCode::SUCCESS)
}

/// The environment. What is not UTF-8 is told where it is ours; what belongs to others is none of our business.
fn environment() -> Result<Vec<(String, String)>, Fatal> {
    let mut found = Vec::new();
    for (name, value) in std::env::vars_os() {
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => found.push((name, value)),
            (Ok(name), Err(_)) if ["KAFKA_", "MEERKAT_"].iter().any(|ours| name.starts_with(ours)) => {
                return Err(format!("{name} is not UTF-8").into());
            }
            _ => {}
        }
    }
    Ok(found)
}

/// What is left of an invocation's time, less what answering it takes.
///
/// The platform gives a moment in milliseconds since 1970; the emulator of cargo-lambda gives a number of milliseconds.
fn lambda_time(deadline_ms: u64) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let deadline = Duration::from_millis(deadline_ms);
    let left = if deadline < EARLIEST_MOMENT { deadline } else { deadline.saturating_sub(now) };
    left.saturating_sub(ANSWERING.min(left / 10))
}

/// One run, whose exit code is what Nagios-style schedulers expect.
fn run(runtime: &tokio::runtime::Runtime) -> Result<ExitCode, Fatal> {
    let started = Instant::now();
    let mut out = std::io::stdout();
    let asked = match Arguments::parse()? {
        Arguments::Run(asked) => asked,
        Arguments::Against(release) => {
            let login = std::env::var_os("KAFKA_SASL_MECHANISM").is_some();
            let told = meerkat::preflight::against::against(&release, login);
            if out.is_terminal() {
                write!(out, "{}", told.to_table())?;
            } else {
                writeln!(out, "{}", told.to_json())?;
            }
            return Ok(exit_code(told.status.verdict()));
        }
        other => {
            write!(out, "{}", text(&other)?)?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    let event = match (&asked.event, asked.event()) {
        (Some(path), _) => read("the event file", path)?,
        (None, Some(event)) => event,
        (None, None) => {
            let mut text = String::new();
            if !std::io::stdin().is_terminal() {
                let read = std::io::stdin().take(EVENT_LIMIT).read_to_string(&mut text);
                read.map_err(|error| format!("the event on standard input cannot be read: {error}"))?;
            }
            text
        }
    };
    let ticker = Ticker::on_terminal(std::env::var("TERM").ok().as_deref());
    logging::start(std::env::var("MEERKAT_LOG").ok().as_deref(), logging::JournalForm::Text, ticker.clone())?;
    let request = Request::parse(&event)?;
    let mut variables = variables(asked.variables, asked.command_config)?;
    if out.is_terminal() && is_check(&request) && without_aws::is_away(&variables, Path::exists) {
        tracing::info!("{}", without_aws::TOLD);
        variables.extend(["MEERKAT_HISTORY", "MEERKAT_PUBLISH"].map(|name| (name.to_owned(), "off".to_owned())));
    }
    let config = Config::parse(variables)?;
    let format = request.format.unwrap_or(config.format);
    if asked.page.is_some() && format != Format::Meerkat {
        return Err(
            "--html draws the report in its own shape: leave --format, MEERKAT_FORMAT and the event's format out"
                .into(),
        );
    }
    if asked.page.is_some() && !is_check(&request) {
        return Err("--html draws the report of a check: leave --preflight, --history and the event's mode out".into());
    }
    let clock = clock(started, config.timeout)?;
    let warm = Warm::new();
    let page = RefCell::new(None);
    let as_table = asked.table.unwrap_or_else(|| out.is_terminal());
    let draw = |answer: Answer<'_>| {
        if let (Answer::Check(report), Some(_)) = (answer, &asked.page) {
            page.replace(Some(html::page(report)));
        }
        match answer {
            _ if !as_table => answer.to_json(),
            Answer::Check(report) => table::table(report, screen(&out), asked.partitions),
            Answer::History(past) => table::history(past, screen(&out)),
            Answer::Preflight(preflight) => preflight.to_table(),
        }
    };
    let answer = meerkat::answer_as(&config, &request, clock, &warm, &draw);
    let answer = match &ticker {
        Some(ticker) => runtime.block_on(ticker.watch(answer)),
        None => runtime.block_on(answer),
    };
    let Outcome { json, status, failure } = answer?;
    let end = if json.ends_with('\n') { "" } else { "\n" };
    write!(out, "{json}{end}")?;
    if let (Some(path), Some(page)) = (&asked.page, page.take()) {
        std::fs::write(path, page).map_err(|error| format!("--html: {} cannot be written: {error}", path.display()))?;
    }
    if let Some(failure) = failure {
        return Err(failure.into());
    }
    // The statuses are among the numbers; whoever moves them to their place wants to know whether they are there.
    Ok(if format == Format::OpenMetrics { ExitCode::SUCCESS } else { exit_code(status) })
}

/// Whether a run checks groups for a person or a script.
fn is_check(request: &Request) -> bool {
    matches!(request.ask, Ask::Check | Ask::Partial(_))
}

/// What is printed without looking at anything.
fn text(asked: &Arguments) -> Result<String, Fatal> {
    Ok(match asked {
        Arguments::Man => help::man(),
        Arguments::Completions(shell) => shell.script(),
        Arguments::SupportTable => meerkat::preflight::against::markdown(),
        Arguments::FromBurrow(path) => from_burrow::translate(&read("the file", path)?)?,
        Arguments::Version => {
            let newest = meerkat::kafka::protocol::releases::newest();
            format!("meerkat {}, tested with Kafka up to {newest}\n", env!("CARGO_PKG_VERSION"))
        }
        Arguments::Help | Arguments::Run(_) | Arguments::Against(_) => help::help(),
    })
}

fn read(what: &str, path: &Path) -> Result<String, Fatal> {
    std::fs::read_to_string(path).map_err(|error| format!("{what} {} cannot be read: {error}", path.display()).into())
}

/// The variables of a run: those that arguments stand for, then the environment's, then those of a file of Kafka's properties.
fn variables(
    arguments: Vec<(String, String)>,
    command_config: Option<PathBuf>,
) -> Result<Vec<(String, String)>, Fatal> {
    let environment = environment()?;
    let named = environment.iter().find(|(name, value)| name == "KAFKA_COMMAND_CONFIG" && !value.trim().is_empty());
    let file = command_config.or_else(|| named.map(|(_, path)| PathBuf::from(path.trim())));
    let mut layers = vec![
        Layer { place: "the arguments".to_owned(), values: arguments },
        Layer { place: "the variables".to_owned(), values: environment },
    ];
    if let Some(path) = file {
        let place = format!("the lines of {}", path.display());
        let properties = properties::parse(&read("the file of properties", &path)?)
            .map_err(|error| format!("{place} are not understood: {error}"))?;
        if !properties.ignored.is_empty() {
            tracing::warn!("{place} that mean nothing here: {}", properties.ignored.join(", "));
        }
        layers.push(Layer { place, values: properties.variables });
    }
    let (values, told) = precedence::merged(&layers);
    for sentence in told {
        tracing::warn!("{sentence}");
    }
    Ok(values)
}

/// The screen that the output goes to.
fn screen(out: &std::io::Stdout) -> Screen {
    let said = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let columns = || said("COLUMNS").and_then(|columns| columns.parse().ok());
    let shown = terminal_size::terminal_size_of(out).map(|(width, _)| usize::from(width.0));
    Screen {
        width: shown.or_else(columns).unwrap_or(WIDTH),
        // https://no-color.org
        colour: out.is_terminal() && said("NO_COLOR").is_none() && said("TERM").is_none_or(|term| term != "dumb"),
    }
}

fn exit_code(status: Verdict) -> ExitCode {
    match status {
        Verdict::Ok => ExitCode::SUCCESS,
        Verdict::Warn => ExitCode::from(1),
        Verdict::Err | Verdict::Stop | Verdict::Stall | Verdict::Rewind => ExitCode::from(2),
        Verdict::Unknown | Verdict::NotFound => ExitCode::from(FAILED),
    }
}

fn clock(started: Instant, time: Duration) -> Result<Clock, Fatal> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Clock { unix_ms: i64::try_from(since_1970.as_millis())?, started, deadline: started + time })
}

/// Columns of a table that goes to no screen.
const WIDTH: usize = 120;

/// The exit code of a run that could not tell.
const FAILED: u8 = 3;

/// Bytes that an event on standard input may have: as many as Lambda takes.
const EVENT_LIMIT: u64 = 6 * 1024 * 1024;

/// Kept back from an invocation's time for its answer, or a tenth where that is less.
const ANSWERING: Duration = Duration::from_secs(1);

/// No deadline lies before this moment (2001), so what is less is a span.
const EARLIEST_MOMENT: Duration = Duration::from_secs(1_000_000_000);
