"""One module a family group, each with its table FAMILIES."""
