"""Fuzzing the decoders with atheris: `scripts/fuzz`."""
