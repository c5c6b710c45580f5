"""One module a group of commands. Heavy imports wait until a command runs."""
