"""The command line: the entry point, a module per subcommand (`HELP`, `add_arguments`, `run`), the bench."""
