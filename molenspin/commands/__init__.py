"""The subcommands of `molenspin`, one module each, with `HELP`, `add_arguments` and `run`."""
