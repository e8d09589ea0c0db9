//! The shell: arguments, help, completions, the table on a terminal, the line that shows progress, the log.

pub mod arguments;
pub mod completions;
pub mod help;
pub mod logging;
pub mod options;
pub mod progress_line;
pub mod table;
pub mod without_aws;
