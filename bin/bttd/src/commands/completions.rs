//! `bttd completions`

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use crate::{
    args::Cli,
    output::{Failure, print},
};

/// Print completions for a shell, or the manual page
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  bttd completions bash > /etc/bash_completion.d/bttd
  bttd completions zsh > \"${fpath[1]}/_bttd\"
  bttd completions man > /usr/local/share/man/man1/bttd.1")]
pub(crate) struct Completions {
    /// The shell, or man
    kind: Kind,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Man,
}

impl Completions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let mut text = Vec::new();
        match self.kind {
            Kind::Bash => generate(Shell::Bash, &mut Cli::command(), "bttd", &mut text),
            Kind::Zsh => generate(Shell::Zsh, &mut Cli::command(), "bttd", &mut text),
            Kind::Fish => generate(Shell::Fish, &mut Cli::command(), "bttd", &mut text),
            Kind::Powershell => generate(Shell::PowerShell, &mut Cli::command(), "bttd", &mut text),
            Kind::Man => Man::new(Cli::command()).render(&mut text).map_err(Failure::Output)?,
        }
        print(&String::from_utf8_lossy(&text))
    }
}
