"""The command line: one file for each command group, imported when it is used."""
