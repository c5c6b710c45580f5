"""What is told to people, wherever it is told: names, sentences, verdicts."""
