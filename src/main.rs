//! The entry: the Lambda runtime where there is one, else one run from a file or standard input.
//!
//! Nothing but this file reads the environment, and the clock on the wall, save for the moment at which a request is signed.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use meerkat::base::fault;
use meerkat::cli::arguments::{Arguments, EVERY, LOOKS, MOST_LOOKS, Output, Shown, WatchOptions};
use meerkat::cli::progress_line::Ticker;
use meerkat::cli::table::{self, Screen};
use meerkat::cli::{help, logging, without_aws};
use meerkat::config::precedence::{self, Setting};
use meerkat::config::{Config, Format, LAMBDA_REPORT_LIMIT, from_burrow, properties};
use meerkat::event::{Ask, Request};
use meerkat::judge::verdict::Verdict;
use meerkat::report::{GroupEntry, html};
use meerkat::{Answer, Clock, Draw, Outcome, Warm, Watch};
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
    let coded = |result: Result<ExitCode, Fatal>| {
        result.unwrap_or_else(|error| {
            // Who reads only the beginning of the output, such as head, has what it wants.
            if error.downcast_ref().is_some_and(|error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe) {
                return ExitCode::SUCCESS;
            }
            // Standard error may be closed; then nobody reads it.
            let _ = writeln!(io::stderr(), "meerkat: {}", fault::told(&*error));
            ExitCode::from(FAILED)
        })
    };
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let code = coded(if in_lambda { runtime.block_on(serve()) } else { run(&runtime) });
            // A name service that hangs would keep the process running long after the run has its status.
            runtime.shutdown_background();
            code
        }
        Err(error) => coded(Err(error.into())),
    }
}

/// Answers invocations until the platform ends the process. A configuration that is wrong fails each of them, so that
/// its error is where people look.
async fn serve() -> Result<ExitCode, Fatal> {
    logging::start(said("MEERKAT_LOG").as_deref(), logging::JournalForm::Json, None, false)?;
    let config = variables(&[], None).and_then(|all| Ok(Config::parse(all)?)).map(|mut config| {
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

/// One run, or several snapshots; the exit code is what Nagios-style schedulers expect, and one more for a run that failed.
fn run(runtime: &tokio::runtime::Runtime) -> Result<ExitCode, Fatal> {
    let started = Instant::now();
    let mut out = io::stdout();
    let asked = match Arguments::parse(Path::exists)? {
        Arguments::Run(asked) => asked,
        Arguments::Against(release, asked) => {
            let variables = variables(&asked.variables, asked.command_config)?;
            let login = variables.iter().any(|(name, _)| name == "KAFKA_SASL_MECHANISM");
            let answer = meerkat::preflight::against::against(&release, login);
            let as_table = asked.output.map_or_else(|| out.is_terminal(), |output| output == Output::Table);
            let text = if as_table { answer.to_table() } else { answer.to_json() };
            print(&mut out, &text)?;
            return Ok(exit_code(answer.status.verdict()));
        }
        other => {
            write!(out, "{}", text(&other)?)?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    let (on_terminal, colour) = (io::stderr().is_terminal(), has_colour(io::stderr().is_terminal()));
    let ticker = Ticker::on_terminal(said("TERM").as_deref());
    logging::start(said("MEERKAT_LOG").as_deref(), logging::JournalForm::Text, ticker.clone(), colour)?;
    let mut request = match (&asked.event, asked.request()) {
        (Some(path), _) => Request::parse(&read("the event file", path)?)?,
        (None, Some(request)) => request,
        (None, None) => Request::parse(&standard_input()?)?,
    };
    // A person who describes groups does not expect to write.
    let person = on_terminal || out.is_terminal() || io::stdin().is_terminal() || asked.selects();
    request.read_only = person && !asked.publish;
    let mut variables = variables(&asked.variables, asked.command_config.clone())?;
    if is_check(&request) && without_aws::is_away(&variables, Path::exists, on_ec2) {
        if on_terminal && asked.watch.is_none() && !asked.quiet {
            tracing::info!("{}", without_aws::NOTE);
        }
        variables.extend(["MEERKAT_HISTORY", "MEERKAT_PUBLISH"].map(|name| (name.to_owned(), "off".to_owned())));
    }
    if let Some(mistake) = without_aws::mistake(&variables, &aws_files(&variables)) {
        tracing::warn!("{mistake}");
    }
    let config = Config::parse(variables)?;
    let format = request.format.unwrap_or(config.format);
    for (option, asks) in [("--html", asked.page.is_some()), ("--output html", asked.output == Some(Output::Html))] {
        if asks && format != Format::Meerkat {
            return Err(format!(
                "{option} draws the report in its own shape: leave --format, MEERKAT_FORMAT and the event's format out"
            )
            .into());
        }
        if asks && !is_check(&request) {
            return Err(format!(
                "{option} draws the report of a check: leave --preflight, --history and the event's mode out"
            )
            .into());
        }
    }
    let page = RefCell::new(None);
    let output = asked.output.unwrap_or(match out.is_terminal() || matches!(asked.shown, Shown::Names { .. }) {
        true => Output::Table,
        false => Output::Text,
    });
    let draw = |answer: Answer<'_>| {
        let selected = match answer {
            Answer::Check(report) if asked.only_problems || !asked.states.is_empty() => {
                let problem = |group: &GroupEntry<'_>| !asked.only_problems || group.is_a_problem();
                let state = |group: &GroupEntry<'_>| asked.states.is_empty() || group.is_in(&asked.states);
                Some(report.of_groups(|group| problem(group) && state(group)))
            }
            _ => None,
        };
        let answer = selected.as_ref().map_or(answer, Answer::Check);
        if let (Answer::Check(report), Some(_)) = (answer, &asked.page) {
            page.replace(Some(html::page(report)));
        }
        match (answer, output) {
            (Answer::Check(report), Output::Html) => html::page(report),
            (answer, Output::Text | Output::Html) => answer.to_json(),
            (Answer::Check(report), Output::Table) => table::table(report, screen(&out), asked.shown),
            (Answer::History(past), Output::Table) => table::history(past, screen(&out)),
            (Answer::Preflight(preflight), Output::Table) => preflight.to_table(),
        }
    };
    let warm = Warm::new();
    let Outcome { json, status, failure } = if let Some(watch) = asked.watch {
        let redrawn = out.is_terminal() && output == Output::Table;
        runtime.block_on(watched(&config, &request, &warm, watch, redrawn, &draw))?
    } else {
        let clock = clock(started, config.timeout)?;
        let answer = meerkat::answer_as(&config, &request, clock, &warm, &draw);
        match &ticker {
            Some(ticker) => runtime.block_on(ticker.watch(answer)),
            None => runtime.block_on(answer),
        }?
    };
    // The statuses are among the numbers; whoever moves them to their place wants to know whether they are there.
    let code = if format == Format::OpenMetrics { ExitCode::SUCCESS } else { exit_code(status) };
    if !(asked.quiet && status == Verdict::Ok && failure.is_none()) {
        match print(&mut out, &json) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(code),
            printed => printed?,
        }
    }
    if let (Some(path), Some(page)) = (&asked.page, page.take()) {
        std::fs::write(path, page).map_err(|error| format!("--html: {} cannot be written: {error}", path.display()))?;
    }
    match failure {
        Some(failure) => Err(failure.into()),
        None => Ok(code),
    }
}

/// Takes snapshots until there are enough, or Ctrl-C; `redrawn`: whether each is shown, in the place of the one before.
async fn watched(
    config: &Config,
    request: &Request,
    warm: &Warm,
    options: WatchOptions,
    redrawn: bool,
    draw: &Draw<'_>,
) -> Result<Outcome, Fatal> {
    let every = options.every.unwrap_or(EVERY);
    let looks = options.looks.unwrap_or(if redrawn { MOST_LOOKS } else { LOOKS });
    let watch = Watch::every(every);
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut ended = std::pin::pin!(tokio::signal::ctrl_c());
    let mut last: Option<Result<Outcome, Fatal>> = None;
    for _ in 0..looks {
        let snapshot = async {
            ticks.tick().await;
            let clock = clock(Instant::now(), config.timeout)?;
            Ok::<Outcome, Fatal>(Box::pin(meerkat::watch_once(&watch, config, request, clock, warm, draw)).await?)
        };
        let outcome = tokio::select! {
            outcome = snapshot => outcome,
            _ = &mut ended => break,
        };
        match (&outcome, &last) {
            (Err(_), None) => return outcome,
            (Err(error), Some(_)) => tracing::warn!("{}", fault::told(&**error)),
            (Ok(outcome), _) if redrawn => {
                let height = terminal_size::terminal_size().map_or(HEIGHT, |(_, height)| usize::from(height.0));
                write!(io::stdout(), "{CLEAR}{}", table::cut(&outcome.json, height))?;
                io::stdout().flush()?;
            }
            (Ok(_), _) => {}
        }
        last = Some(outcome);
    }
    if redrawn {
        write!(io::stdout(), "{CLEAR}")?;
    }
    last.unwrap_or_else(|| Err("ended before the first snapshot".into()))
}

/// The event on standard input; nothing where that is a terminal.
fn standard_input() -> Result<String, Fatal> {
    let mut text = String::new();
    if !io::stdin().is_terminal() {
        let read = io::stdin().take(EVENT_LIMIT).read_to_string(&mut text);
        read.map_err(|error| format!("the event on standard input cannot be read: {error}"))?;
    }
    Ok(text)
}

fn print(out: &mut io::Stdout, text: &str) -> io::Result<()> {
    let end = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    write!(out, "{text}{end}")?;
    out.flush()
}

/// Whether a run checks groups for a person or a script.
fn is_check(request: &Request) -> bool {
    matches!(request.ask, Ask::Check | Ask::Partial(_))
}

/// What is printed without asking any broker.
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
        Arguments::Help | Arguments::Run(_) | Arguments::Against(..) => help::help(),
    })
}

fn read(what: &str, path: &Path) -> Result<String, Fatal> {
    std::fs::read_to_string(path).map_err(|error| format!("{what} {} cannot be read: {error}", path.display()).into())
}

/// The variables of a run: those that options set, then the environment's, then those of a file of Kafka's properties.
fn variables(
    options: &[(&'static str, &'static str, String)],
    command_config: Option<PathBuf>,
) -> Result<Vec<(String, String)>, Fatal> {
    let environment = environment()?;
    let named = environment.iter().find(|(name, value)| name == "KAFKA_COMMAND_CONFIG" && !value.trim().is_empty());
    let file = command_config.or_else(|| named.map(|(_, path)| PathBuf::from(path.trim())));
    let setting =
        |name: &str, value: &str, origin: String| Setting { name: name.to_owned(), value: value.to_owned(), origin };
    let mut settings: Vec<Setting> =
        options.iter().map(|(option, name, value)| setting(name, value, (*option).to_owned())).collect();
    settings.extend(environment.iter().map(|(name, value)| setting(name, value, name.clone())));
    if let Some(path) = file {
        let shown = path.display();
        let properties = properties::parse(&read("the file of properties", &path)?)
            .map_err(|error| format!("{shown} is not understood: {error}"))?;
        if !properties.ignored.is_empty() {
            tracing::warn!("ignored in {shown}: {}", properties.ignored.join(", "));
        }
        let of_file = |(name, value): &(String, String)| setting(name, value, format!("{name} of {shown}"));
        settings.extend(properties.variables.iter().map(of_file));
    }
    let (values, overridden) = precedence::merged(&settings);
    for sentence in overridden {
        tracing::warn!("{sentence}");
    }
    Ok(values)
}

/// A variable that is not empty.
fn said(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether what goes to a terminal may have colours (<https://no-color.org>).
fn has_colour(is_terminal: bool) -> bool {
    is_terminal && said("NO_COLOR").is_none() && said("TERM").is_none_or(|term| term != "dumb")
}

/// The screen that the output goes to; a pipe has no edge.
fn screen(out: &io::Stdout) -> Screen {
    let columns = || said("COLUMNS").and_then(|columns| columns.parse().ok());
    let shown = terminal_size::terminal_size_of(out).map(|(width, _)| usize::from(width.0));
    Screen { width: shown.or_else(columns).unwrap_or(NO_EDGE), colour: has_colour(out.is_terminal()) }
}

/// The shared files of AWS SDKs and tools, as far as they are there.
fn aws_files(variables: &[(String, String)]) -> Vec<String> {
    let value = |name: &str| variables.iter().find(|(of, _)| of == name).map(|(_, value)| PathBuf::from(value));
    let usual = |file: &str| value("HOME").map(|home| home.join(".aws").join(file));
    let paths = [
        value("AWS_CONFIG_FILE").or_else(|| usual("config")),
        value("AWS_SHARED_CREDENTIALS_FILE").or_else(|| usual("credentials")),
    ];
    paths.into_iter().flatten().filter_map(|path| std::fs::read_to_string(path).ok()).collect()
}

/// Whether this is a machine at Amazon EC2, whose role needs no variable.
fn on_ec2() -> bool {
    std::fs::read_to_string("/sys/devices/virtual/dmi/id/board_vendor")
        .is_ok_and(|vendor| vendor.contains("Amazon EC2"))
}

fn exit_code(status: Verdict) -> ExitCode {
    match status {
        Verdict::Ok => ExitCode::SUCCESS,
        Verdict::Warn => ExitCode::from(1),
        Verdict::Err | Verdict::Stop | Verdict::Stall | Verdict::Rewind => ExitCode::from(2),
        Verdict::Unknown | Verdict::NotFound => ExitCode::from(NOT_KNOWN),
    }
}

fn clock(started: Instant, time: Duration) -> Result<Clock, Fatal> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Clock { unix_ms: i64::try_from(since_1970.as_millis())?, started, deadline: started + time })
}

/// Columns of a table that goes to no screen: nothing is cut in a pipe.
const NO_EDGE: usize = 1 << 20;

/// Lines of a terminal whose size is not known.
const HEIGHT: usize = 24;

/// The cursor home, and nothing below it (ECMA-48, CUP and ED).
const CLEAR: &str = "\x1b[H\x1b[J";

/// The exit code of a status that is not known, or of a group that is not there.
const NOT_KNOWN: u8 = 3;

/// The exit code of a run that failed.
const FAILED: u8 = 4;

/// Bytes that an event on standard input may have: as many as Lambda takes.
const EVENT_LIMIT: u64 = 6 * 1024 * 1024;

/// Kept back from an invocation's time for its answer, or a tenth where that is less.
const ANSWERING: Duration = Duration::from_secs(1);

/// No deadline lies before this moment (2001), so what is less is a span.
const EARLIEST_MOMENT: Duration = Duration::from_secs(1_000_000_000);
