//! The floor of `make bench`: what a run costs that asks and decodes, and nothing else.
#![expect(clippy::print_stdout, reason = "it is a program")]

#[path = "bare/mod.rs"]
mod bare;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), bare::Error> {
    let bare::Seen { groups, pairs, lag } = bare::check().await?;
    println!("{groups} groups, {pairs} pairs, lag {lag}");
    Ok(())
}
