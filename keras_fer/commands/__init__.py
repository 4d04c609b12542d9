"""What each subcommand of `keras-fer` does, with messages passed to `say`."""
