"""What people are told: names, sentences, verdicts, numbers, charts, the committee report."""
