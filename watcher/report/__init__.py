"""What people are told: names, sentences, verdicts, number formats, charts, the committee report."""
