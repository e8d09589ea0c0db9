//! The floor of `make bench`: the cost of a run that sends requests and decodes answers, and does nothing else.
#![expect(clippy::print_stdout, reason = "it is a program")]

#[path = "bare/mod.rs"]
mod bare;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), bare::Error> {
    let bare::Seen { groups, pairs, lag } = bare::check().await?;
    println!("{groups} groups, {pairs} pairs, lag {lag}");
    Ok(())
}
