//! The `CloudWatch` stand-in as a program of its own: prints its address as one line, and serves until standard input ends.
//!
//! The one argument is the port on 127.0.0.1; without it, any free one.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "test support: the address is the output, and a failure to start is the end"
)]

#[path = "cloudwatch/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "tests hold the stand-in by its handle, this program by its control address"
)]
mod cloudwatch;

fn main() {
    let port = std::env::args().nth(1).map_or(0, |port| port.parse().expect("the argument is a port"));
    let stand = cloudwatch::Stand::start_on(port);
    println!("{}", stand.url());
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).expect("standard input can be read");
}
