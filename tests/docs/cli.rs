//! `docs/cli/`: one page per command, from the program's own `--help`.

use btt_tests::bttd;

use crate::Pages;

/// The pages of `bttd` and of every command below it.
pub fn pages() -> Pages {
    let mut pages = Pages::new();
    add(&mut pages, &[]);
    pages
}

fn add(pages: &mut Pages, command: &[String]) {
    let help = help(command);
    let commands = commands(&help);
    pages.insert(path(command), page(command, &help, &commands));
    for name in commands {
        add(pages, &[command, &[name]].concat());
    }
}

fn help(command: &[String]) -> String {
    let output = bttd().args(command).arg("--help").output().unwrap();
    let text = String::from_utf8(output.stdout).expect("help is UTF-8");
    assert!(
        output.status.success() && !text.is_empty(),
        "bttd {} --help: {}",
        command.join(" "),
        output.status
    );
    text
}

/// Names in the help's list of commands.
fn commands(help: &str) -> Vec<String> {
    let after = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = after.take_while(|line| line.starts_with("  "));
    // Where a description wraps, its next line is indented further.
    let names =
        listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

fn path(command: &[String]) -> String {
    format!("cli/{}.md", title(command).replace(' ', "-"))
}

fn title(command: &[String]) -> String {
    [&["bttd".to_owned()], command].concat().join(" ")
}

fn page(command: &[String], help: &str, commands: &[String]) -> String {
    let lines: Vec<_> = help.trim_end().lines().map(str::trim_end).collect();
    let mut page = format!("# `{}`\n\n```text\n{}\n```\n", title(command), lines.join("\n"));
    for name in commands {
        let below = [command, std::slice::from_ref(name)].concat();
        let file = path(&below).replace("cli/", "");
        page += &format!("\n- [`{}`]({file})", title(&below));
    }
    if !commands.is_empty() {
        page.push('\n');
    }
    page
}

#[test]
fn commands_are_read_from_help() {
    let help = "What it is\n\nUsage: bttd\n\nCommands:\n  init    Make a\n          folder\n  import  Run\n  help    Print\n\nOptions:\n  -h\n";
    assert_eq!(commands(help), ["init", "import"]);
    assert_eq!(commands("Usage: bttd init\n\nOptions:\n  -h\n"), [""; 0]);
}
