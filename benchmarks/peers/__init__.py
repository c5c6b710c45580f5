"""Contestants, each run by `benchmarks.peers.worker` in a process, some in an environment of their
own: they import nothing of ours but `benchmarks.peers.question`."""
