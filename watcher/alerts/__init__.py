"""When a person should look."""
