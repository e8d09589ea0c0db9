//! What is outside of the program while it is tested.

#![allow(dead_code, reason = "what one test binary leaves out, another one or a person uses")]

pub(crate) mod broker;
pub(crate) mod check;
pub(crate) mod cloudwatch;
pub(crate) mod contract;
pub(crate) mod emulator;
pub(crate) mod http;
pub(crate) mod kafka;
pub(crate) mod lambda;
pub(crate) mod tape;

/// Checks each case in a thread of its own: nearly all of their time they wait, as the program does, for a pace or a pause.
pub(crate) fn side_by_side<T: Send>(cases: impl IntoIterator<Item = T>, check: impl Fn(T) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            let check = &check;
            scope.spawn(move || check(case));
        }
    });
}
