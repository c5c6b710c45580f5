"""The watch: scheduled ticks that read, compute and commit, one block at a time."""
