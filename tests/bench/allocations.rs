//! How often one run allocates memory, compared with the bare client: `make bench` runs it for the 100,000 pairs.
//!
//! The allocations of the codec and of TLS are in both, so the difference is what a run adds. The configuration comes
//! from the environment, as the program's does.
#![expect(clippy::print_stdout, reason = "it is a program")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dhat::{HeapStats, Profiler};
use meerkat::config::Config;
use meerkat::event::Request;
use meerkat::{Clock, Warm};
use tokio::time::Instant;

#[path = "bare/mod.rs"]
mod bare;

#[global_allocator]
static COUNTING: dhat::Alloc = dhat::Alloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), bare::Error> {
    let profiler = Profiler::builder().testing().build();
    let bare::Seen { groups, pairs, lag } = bare::check().await?;
    let floor = HeapStats::get();
    drop(profiler);

    let config = Config::parse(std::env::vars())?;
    let request = Request::parse("{}")?;
    let unix_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let started = Instant::now();
    let clock = Clock { unix_ms, started, deadline: started + Duration::from_mins(1) };
    let warm = Warm::new();
    let at = std::env::var("BENCH_HEAP").ok();
    let profiler = match &at {
        Some(path) => Profiler::builder().file_name(path).build(),
        None => Profiler::builder().testing().build(),
    };
    Box::pin(meerkat::answer(&config, &request, clock, &warm)).await?;
    let own = HeapStats::get();
    drop(profiler);

    let more = own.total_blocks.saturating_sub(floor.total_blocks);
    let share = |count: usize| more.checked_div(u64::try_from(count).unwrap_or(1)).unwrap_or(0);
    println!("| | allocations | most bytes at once |");
    println!("|---|---:|---:|");
    println!("| bare client | {} | {} |", floor.total_blocks, floor.max_bytes);
    println!("| meerkat | {} | {} |", own.total_blocks, own.max_bytes);
    println!(
        "\n{more} more for {groups} groups and {pairs} pairs that lag by {lag}: {} a group, {} a pair",
        share(groups),
        share(pairs)
    );
    Ok(())
}
