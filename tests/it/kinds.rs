//! Share groups (KIP-932) and streams groups (KIP-1071) on scripted brokers: wherever a group can be asked for or shown.

mod elsewhere;
mod share;
mod states;
mod streams;
