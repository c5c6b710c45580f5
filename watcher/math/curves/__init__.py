"""Float curves of pools side by side, each row one pool seen from one coin to another."""
