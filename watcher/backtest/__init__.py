"""What rules would have said of the stored history."""
