//! What the metrics of one cluster cost a month, as a table for README.md, and what they weigh by OTLP, as one for infra/metrics.md.
//!
//!     cargo run --example cost

use std::io::Write as _;

#[path = "../tests/support/weights.rs"]
mod weights;

fn main() -> std::io::Result<()> {
    let (cost, weight) = (meerkat::cloudwatch::cost::table::markdown(), weights::markdown());
    write!(std::io::stdout().lock(), "{cost}\n{weight}")
}
