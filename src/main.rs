//! The entry: the Lambda runtime if there is one, else one run from a file or standard input.
//!
//! Only this file reads the environment and the wall clock, except for the time at which a request is signed; the AWS
//! SDK reads both for itself.

use std::cell::RefCell;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use meerkat::base::files::Place;
use meerkat::base::{fault, shown};
use meerkat::cli::arguments::{Arguments, CommandLine, EVERY, MOST_SNAPSHOTS, Output, SNAPSHOTS, WatchOptions};
use meerkat::cli::progress_line::Ticker;
use meerkat::cli::table::{self, Screen, Shown};
use meerkat::cli::{logging, without_aws};
use meerkat::config::precedence::{self, Setting};
use meerkat::config::properties::{self, Lookup};
use meerkat::config::{Config, Format, LAMBDA_REPORT_LIMIT, from_burrow};
use meerkat::event::{Ask, Request};
use meerkat::judge::verdict::Verdict;
use meerkat::report::{GroupEntry, html};
use meerkat::{Answer, Clock, Draw, Outcome, Warm, Watch};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;

/// The allocator of musl returns memory to the kernel after each step of a run, and asks for it again.
#[cfg(target_env = "musl")]
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Any error that ends a run.
type Fatal = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let in_lambda = std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some();
    let coded = |result: Result<ExitCode, Fatal>| {
        result.unwrap_or_else(|error| {
            // Standard error may be closed; then nobody reads it.
            let words = shown::cut(&shown::plain(&fault::sentence(&*error)), LONGEST_ERROR);
            let _ = writeln!(io::stderr(), "meerkat: {words}");
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

/// Answers invocations until the platform ends the process. A wrong configuration fails each of them, so that its
/// error is where people read it.
async fn serve() -> Result<ExitCode, Fatal> {
    logging::start(variable("MEERKAT_LOG").as_deref(), logging::JournalForm::Json, None, false)?;
    let read = variables(&[], None, Instant::now() + LAMBDA_FILES);
    let config = read.and_then(|all| Ok(Config::parse(all)?)).map(|mut config| {
        config.doubts.iter().for_each(|doubt| tracing::warn!("{doubt}"));
        config.report_limit.get_or_insert(LAMBDA_REPORT_LIMIT);
        config.in_lambda = true;
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
                // The status is in the answer, and the platform's own error metric counts the failure.
                tracing::info!(report = json, "the run has a status");
                return Err(failure.into());
            }
            // A text that is not JSON, such as that for Prometheus, is sent as a string.
            let answer = RawValue::from_string(json.clone()).or_else(|_| serde_json::value::to_raw_value(&json));
            Ok::<Box<RawValue>, Fatal>(answer?)
        };
        // The runtime logs it.
        answer
            .await
            .map_err(|error| Diagnostic { error_type: "MeerkatError".into(), error_message: fault::sentence(&*error) })
    }))
    .await?;
    Ok(ExitCode::SUCCESS)
}

/// The environment. A value that is not UTF-8 is reported if the variable is ours; other programs' variables are
/// ignored. Blanks around a value come from consoles and files, and do not count.
fn environment() -> Result<Vec<(String, String)>, Fatal> {
    let is_ours = |name: &str| ["KAFKA_", "MEERKAT_"].iter().any(|ours| name.starts_with(ours));
    let mut found = Vec::new();
    for (name, value) in std::env::vars_os() {
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) if is_ours(&name) => found.push((name, value.trim().to_owned())),
            (Ok(name), Ok(value)) => found.push((name, value)),
            (Ok(name), Err(_)) if is_ours(&name) => {
                return Err(format!("{name} is not UTF-8").into());
            }
            _ => {}
        }
    }
    Ok(found)
}

/// What is left of an invocation's time, minus the time for the answer.
///
/// The platform gives a moment in milliseconds since 1970; the emulator of cargo-lambda gives a number of milliseconds.
fn lambda_time(deadline_ms: u64) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let deadline = Duration::from_millis(deadline_ms);
    let left = if deadline < EARLIEST_MOMENT { deadline } else { deadline.saturating_sub(now) };
    left.saturating_sub(ANSWERING.min(left / 10))
}

/// One run, or several snapshots; the exit code is what Nagios-style schedulers expect, and one more for a run that
/// failed.
fn run(runtime: &tokio::runtime::Runtime) -> Result<ExitCode, Fatal> {
    let started = Instant::now();
    // The configuration is not known before the event and the files are read.
    let time = variable("MEERKAT_TIMEOUT").and_then(|seconds| seconds.trim().parse().ok());
    let until = started + Duration::from_secs(time.filter(|seconds| (1..=900).contains(seconds)).unwrap_or(30));
    let out = io::stdout();
    let asked = match Arguments::parse(Path::exists)? {
        Arguments::Run(asked) => asked,
        Arguments::Against(release, asked) => {
            let variables = variables(&asked.variables, asked.command_config, until)?;
            let login = variables.iter().any(|(name, _)| name == "KAFKA_SASL_MECHANISM");
            let answer = meerkat::preflight::against::against(&release, login);
            let as_table = asked.output.map_or_else(|| out.is_terminal(), |output| output == Output::Table);
            print(&if as_table { answer.to_table() } else { answer.to_json() })?;
            return Ok(exit_code(answer.status.verdict()));
        }
        Arguments::FromBurrow(path) => {
            let file = read("the file", &path, FILE_LIMIT, until)?;
            let from_burrow::Translation { text, is_exact } = from_burrow::translate(&file)?;
            return print_plain(text, if is_exact { Verdict::Ok } else { Verdict::Warn });
        }
        Arguments::Text(text) => return print_plain(text, Verdict::Ok),
    };
    let (on_terminal, colour) = (io::stderr().is_terminal(), has_colour(io::stderr().is_terminal()));
    let ticker = Ticker::on_terminal(variable("TERM").as_deref());
    logging::start(variable("MEERKAT_LOG").as_deref(), logging::JournalForm::Text, ticker.clone(), colour)?;
    let mut request = match (&asked.event, asked.request()) {
        (Some(path), _) => Request::parse(&read("the event file", path, EVENT_LIMIT, until)?)?,
        (None, Some(request)) => request,
        (None, None) if io::stdin().is_terminal() => Request::default(),
        (None, None) => Request::parse(&text_of("the event on standard input", &Place::Input, EVENT_LIMIT, until)?)?,
    };
    // A person who describes groups does not expect to write.
    let person = on_terminal || out.is_terminal() || io::stdin().is_terminal() || asked.selects();
    request.read_only = person && !asked.publish;
    let mut variables = variables(&asked.variables, asked.command_config.clone(), until)?;
    if is_check(&request) && without_aws::is_away(&variables, Path::exists, on_ec2) {
        if on_terminal && asked.watch.is_none() && !asked.quiet {
            tracing::info!("{}", without_aws::NOTE);
        }
        variables.extend(["MEERKAT_HISTORY", "MEERKAT_PUBLISH"].map(|name| (name.to_owned(), "off".to_owned())));
    }
    if let Some(mistake) = without_aws::mistake(&variables, || aws_files(&variables)) {
        tracing::warn!("{mistake}");
    }
    let config = Config::parse(variables)?;
    config.doubts.iter().for_each(|doubt| tracing::warn!("{doubt}"));
    let format = request.format.unwrap_or(config.format);
    can_be_drawn(&asked, format, is_check(&request))?;
    let page = RefCell::new(None);
    let as_table = out.is_terminal() || matches!(asked.shown, Shown::Names { .. });
    let output = asked.output.unwrap_or(if as_table { Output::Table } else { Output::Text });
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
    // The statuses are among the numbers; a script that moves the file needs to know whether they were printed.
    let code = if format == Format::OpenMetrics { ExitCode::SUCCESS } else { exit_code(status) };
    if !(asked.quiet && status == Verdict::Ok && failure.is_none()) {
        let is_drawn = output != Output::Text && (format == Format::Meerkat || !is_check(&request));
        print(&match format {
            _ if is_drawn || !out.is_terminal() => json,
            Format::OpenMetrics => shown::plain_lines(&json),
            _ => shown::plain_json(&json),
        })?;
    }
    if let (Some(path), Some(page)) = (&asked.page, page.take()) {
        std::fs::write(path, page).map_err(|error| format!("--html: {} cannot be written: {error}", path.display()))?;
    }
    match failure {
        Some(failure) => Err(failure.into()),
        None => Ok(code),
    }
}

/// Refuses to draw what is not the report of a check, or one in another shape.
fn can_be_drawn(asked: &CommandLine, format: Format, is_check: bool) -> Result<(), String> {
    for (option, asks) in [("--html", asked.page.is_some()), ("--output html", asked.output == Some(Output::Html))] {
        if asks && format != Format::Meerkat {
            return Err(format!(
                "{option} draws the report in its own shape: leave --format, MEERKAT_FORMAT and the event's format out"
            ));
        }
        if asks && !is_check {
            return Err(format!(
                "{option} draws the report of a check: leave --preflight, --history and the event's mode out"
            ));
        }
    }
    Ok(())
}

/// Takes snapshots until there are enough, or Ctrl-C; `redrawn`: whether each one replaces the previous one on the
/// screen.
async fn watched(
    config: &Config,
    request: &Request,
    warm: &Warm,
    options: WatchOptions,
    redrawn: bool,
    draw: &Draw<'_>,
) -> Result<Outcome, Fatal> {
    let every = options.every.unwrap_or(EVERY);
    let snapshots = options.snapshots.unwrap_or(if redrawn { MOST_SNAPSHOTS } else { SNAPSHOTS });
    let watch = Watch::every(every);
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut ended = std::pin::pin!(tokio::signal::ctrl_c());
    let mut last: Option<Result<Outcome, Fatal>> = None;
    for _ in 0..snapshots {
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
            (Err(error), Some(_)) => tracing::warn!("{}", fault::sentence(&**error)),
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

/// Whether a run checks groups for a person or a script.
fn is_check(request: &Request) -> bool {
    matches!(request.ask, Ask::Check | Ask::Partial(_))
}

/// Writes to standard output. A reader that closed the pipe has read what it needs.
fn print(text: &str) -> io::Result<()> {
    let end = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    match write!(io::stdout(), "{text}{end}").and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Writes a text that no run made; a terminal gets nothing of it that moves the cursor.
fn print_plain(text: String, status: Verdict) -> Result<ExitCode, Fatal> {
    print(&if io::stdout().is_terminal() { shown::plain_lines(&text) } else { text })?;
    Ok(exit_code(status))
}

fn read(what: &str, path: &Path, most: usize, until: Instant) -> Result<String, Fatal> {
    text_of(&format!("{what} {}", path.display()), &Place::file(path), most, until)
}

fn text_of(what: &str, place: &Place, most: usize, until: Instant) -> Result<String, Fatal> {
    let bytes = place.read(most, until.saturating_duration_since(Instant::now()));
    let bytes = bytes.map_err(|error| format!("{what} cannot be read: {error}"))?;
    Ok(String::from_utf8(bytes).map_err(|_| format!("{what} cannot be read: it is not UTF-8"))?)
}

/// The variables of a run: those that options set, then the environment's, then those of a file of Kafka's properties.
fn variables(
    options: &[(&'static str, &'static str, String)],
    command_config: Option<PathBuf>,
    until: Instant,
) -> Result<Vec<(String, String)>, Fatal> {
    let environment = environment()?;
    let named = environment.iter().find(|(name, value)| name == "KAFKA_COMMAND_CONFIG" && !value.trim().is_empty());
    let file = command_config.or_else(|| named.map(|(_, path)| PathBuf::from(path.trim())));
    let setting =
        |name: &str, value: &str, origin: String| Setting { name: name.to_owned(), value: value.to_owned(), origin };
    let mut settings: Vec<Setting> =
        options.iter().map(|(option, name, value)| setting(name, value, (*option).to_owned())).collect();
    settings.extend(environment.iter().map(|(name, value)| setting(name, value, name.clone())));
    let mut plaintext = None;
    if let Some(path) = file {
        let name = shown::path(&path.display().to_string());
        let (text, encoding) = properties_of(&path, until)?;
        if let Some(encoding) = encoding {
            tracing::warn!("{name} {encoding}");
        }
        let look_up = |lookup: &Lookup| looked_up(lookup, &environment, until);
        let properties =
            properties::parse(&text, &look_up).map_err(|error| format!("{name} is not understood: {error}"))?;
        if !properties.ignored.is_empty() {
            tracing::warn!("ignored in {name}: {}", properties.ignored.join(", "));
        }
        let of_file = |(variable, value): &(String, String)| setting(variable, value, format!("{variable} of {name}"));
        settings.extend(properties.variables.iter().map(of_file));
        plaintext = Some(name);
    }
    let (values, overridden) = precedence::merged(&settings);
    for sentence in overridden {
        tracing::warn!("{sentence}");
    }
    if let Some(name) = plaintext.filter(|_| values.iter().all(|(name, _)| name != "KAFKA_SECURITY_PROTOCOL")) {
        tracing::warn!("{name} has no security.protocol: Kafka's tools then speak PLAINTEXT, meerkat speaks SSL");
    }
    Ok(values)
}

/// The text of a file of properties, and a note on its encoding.
fn properties_of(path: &Path, until: Instant) -> Result<(String, Option<&'static str>), Fatal> {
    let bytes = Place::file(path).read(FILE_LIMIT, until.saturating_duration_since(Instant::now()));
    let name = shown::path(&path.display().to_string());
    Ok(properties::decoded(bytes.map_err(|error| format!("the file of properties {name} cannot be read: {error}"))?))
}

/// The value behind a reference in a file of properties; a reason must fit after the name of the property.
fn looked_up(lookup: &Lookup, environment: &[(String, String)], until: Instant) -> Result<String, String> {
    match lookup {
        Lookup::Variable(name) => {
            let found = environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
            found.ok_or_else(|| String::from("refers to a variable of the environment that is not set"))
        }
        Lookup::Key { path, key } => {
            let refers = |what: &str| format!("refers to the file {}, {what}", shown::path(path));
            let (text, _) = properties_of(Path::new(path), until).map_err(|error| refers(&error.to_string()))?;
            let found = properties::value(&text, key).map_err(|error| refers(&error.to_string()))?;
            found.ok_or_else(|| refers("which has no such key"))
        }
        Lookup::Text(path) => {
            read("the file", Path::new(path), FILE_LIMIT, until).map_err(|error| format!("refers to a file: {error}"))
        }
    }
}

/// A variable that is not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether what goes to a terminal may have colours (<https://no-color.org>).
fn has_colour(is_terminal: bool) -> bool {
    is_terminal && variable("NO_COLOR").is_none() && variable("TERM").is_none_or(|term| term != "dumb")
}

/// The screen of the output; a pipe has no edge.
fn screen(out: &io::Stdout) -> Screen {
    let columns = || variable("COLUMNS").and_then(|columns| columns.parse().ok());
    let shown = terminal_size::terminal_size_of(out).map(|(width, _)| usize::from(width.0));
    Screen { width: shown.or_else(columns).unwrap_or(NO_EDGE), colour: has_colour(out.is_terminal()) }
}

/// The shared files of AWS SDKs and tools, if they exist.
fn aws_files(variables: &[(String, String)]) -> Vec<String> {
    let value = |name: &str| variables.iter().find(|(of, _)| of == name).map(|(_, value)| PathBuf::from(value));
    let usual = |file: &str| value("HOME").map(|home| home.join(".aws").join(file));
    let paths = [
        value("AWS_CONFIG_FILE").or_else(|| usual("config")),
        value("AWS_SHARED_CREDENTIALS_FILE").or_else(|| usual("credentials")),
    ];
    let text = |path: PathBuf| String::from_utf8(Place::file(&path).read(FILE_LIMIT, AWS_FILES).ok()?).ok();
    paths.into_iter().flatten().filter_map(text).collect()
}

/// Whether this is an Amazon EC2 machine, whose role needs no variable.
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

/// Columns of a table that is not for a screen: nothing is cut in a pipe.
const NO_EDGE: usize = 1 << 20;

/// Lines of a terminal of unknown size.
const HEIGHT: usize = 24;

/// The cursor to the top left, and nothing below it (ECMA-48, CUP and ED).
const CLEAR: &str = "\x1b[H\x1b[J";

/// The exit code of an unknown status, or of a group that does not exist.
const NOT_KNOWN: u8 = 3;

/// The exit code of a run that failed.
const FAILED: u8 = 4;

/// The largest event on standard input in bytes: as in Lambda.
const EVENT_LIMIT: usize = 6 * 1024 * 1024;

/// The largest file of properties or burrow.toml in bytes.
const FILE_LIMIT: usize = 4 * 1024 * 1024;

/// How long to wait for the shared files of AWS.
const AWS_FILES: Duration = Duration::from_secs(1);

/// How long to wait for files in Lambda, before there is an event.
const LAMBDA_FILES: Duration = Duration::from_secs(5);

/// Characters of an error that are shown.
const LONGEST_ERROR: usize = 8_000;

/// Reserved from an invocation's time for its answer, or a tenth if that is less.
const ANSWERING: Duration = Duration::from_secs(1);

/// No deadline is before this moment (2001), so a smaller number is a duration.
const EARLIEST_MOMENT: Duration = Duration::from_secs(1_000_000_000);
