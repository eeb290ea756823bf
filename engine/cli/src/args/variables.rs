//! `-var` and `-var-file`: the later one wins, whichever of the two it is.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use kprov_lang::tfvars::VariableArgument;

/// All of them, in the order of the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct VariableFlags(pub(crate) Vec<VariableArgument>);

impl FromArgMatches for VariableFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<VariableFlags, clap::Error> {
        let mut all: Vec<(usize, VariableArgument)> = Vec::new();
        for name in ["var", "var-file"] {
            let places = matches.indices_of(name).into_iter().flatten();
            let values = matches.get_many::<String>(name).into_iter().flatten();
            all.extend(places.zip(values.map(|value| match name {
                "var" => VariableArgument::Var(value.clone()),
                _ => VariableArgument::File(value.clone()),
            })));
        }
        all.sort_by_key(|(place, _)| *place);
        Ok(VariableFlags(all.into_iter().map(|(_, argument)| argument).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = VariableFlags::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for VariableFlags {
    fn augment_args(command: Command) -> Command {
        let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::Append);
        command
            .arg(flag("var").value_name("NAME=VALUE").help("Sets a root variable"))
            .arg(flag("var-file").value_name("FILE").help("Reads root variables from a file"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        VariableFlags::augment_args(command)
    }
}
