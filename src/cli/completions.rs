//! Completions for shells, made from the table of options: generators (`clap_complete`) know those of their own parser
//! only.

use std::fmt::Write as _;

use crate::cli::options::{Flag, OPTIONS};

/// The script for the shell of this name, to be sourced: `source <(meerkat completions bash)`, in zsh after `compinit`,
/// in fish `meerkat completions fish | source`.
///
/// # Errors
///
/// The name, if it is none of the three.
pub fn script(shell: &str) -> Result<String, String> {
    match shell {
        "bash" => Ok(bash()),
        "zsh" => Ok(zsh()),
        "fish" => Ok(fish()),
        _ => Err(format!("completions are for bash, zsh and fish, found {shell:?}")),
    }
}

fn is_file(option: &Flag) -> bool {
    option.value == Some("FILE")
}

/// For bash 3.2 too, which macOS has: without `mapfile`.
fn bash() -> String {
    let words = |words: &[&str]| format!("compgen -W $'{}' -- \"$word\"", words.join("\\n"));
    let mut cases = String::new();
    for option in OPTIONS.iter().filter(|option| option.value.is_some()) {
        let made = match option.words {
            _ if is_file(option) => "compgen -f -- \"$word\"".to_owned(),
            [] => "true".to_owned(),
            of => words(of),
        };
        let short = option.short.map(|short| format!("|-{short}")).unwrap_or_default();
        let _ = writeln!(cases, "        --{}{short}) COMPREPLY=($({made})); return ;;", option.long);
    }
    let all: Vec<String> = OPTIONS.iter().map(|option| format!("--{}", option.long)).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    format!(
        "_meerkat() {{\n    local IFS=$'\\n' word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}\n    case $before in\n{cases}        completions) COMPREPLY=($({})); return ;;\n    esac\n    if [[ $word == -* ]]; then COMPREPLY=($({}))\n    else COMPREPLY=($(compgen -f -W completions -- \"$word\")); fi\n}}\ncomplete -o filenames -F _meerkat meerkat\n",
        words(&["bash", "zsh", "fish"]),
        words(&all)
    )
}

/// A file of `$fpath`, and a script to source.
fn zsh() -> String {
    let mut text = String::from("#compdef meerkat\n_meerkat() {\n  _arguments -s \\\n");
    for option in OPTIONS {
        let meaning = option.meaning.replace('\'', "'\\''").replace('[', "\\[").replace(']', "\\]").replace(':', "\\:");
        let value = match (option.value, option.words) {
            (None, _) => String::new(),
            (Some(_), _) if is_file(option) => ":file:_files".to_owned(),
            (Some(name), []) => format!(":{}: ", name.replace(':', "\\:")),
            (Some(name), words) => format!(":{name}:({})", words.join(" ")),
        };
        let _ = writeln!(text, "    '*--{}[{meaning}]{value}' \\", option.long);
    }
    text.push_str(
        "    '*:event:_files'\n}\nif [ \"${funcstack[1]}\" = _meerkat ]; then _meerkat \"$@\"; else compdef _meerkat meerkat; fi\n",
    );
    text
}

fn fish() -> String {
    let mut text = String::from(
        "complete -c meerkat -n __fish_use_subcommand -a completions -d 'what shells complete'\ncomplete -c meerkat -n '__fish_seen_subcommand_from completions' -xa 'bash zsh fish'\n",
    );
    for option in OPTIONS {
        let value = match (option.value, option.words) {
            (None, _) => String::new(),
            (Some(_), _) if is_file(option) => " -rF".to_owned(),
            (Some(_), []) => " -x".to_owned(),
            (Some(_), words) => format!(" -xa '{}'", words.join(" ")),
        };
        let short = option.short.map(|short| format!(" -s {short}")).unwrap_or_default();
        let meaning = option.meaning.replace('\\', "\\\\").replace('\'', "\\'");
        let _ = writeln!(text, "complete -c meerkat -l {}{short}{value} -d '{meaning}'", option.long);
    }
    text
}
