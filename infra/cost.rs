//! What the metrics of one cluster cost a month, as a table for README.md.
//!
//!     cargo run --example cost

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    write!(std::io::stdout().lock(), "{}", meerkat::cloudwatch::cost::table::markdown())
}
