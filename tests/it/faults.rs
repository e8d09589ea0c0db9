//! Brokers that load, move, die, hang or talk nonsense: what can be known is told, and the rest with its cause.

mod away;
mod held;
mod hostile;
mod late;
mod losses;
mod moves;
mod throttled;
mod unseen;
