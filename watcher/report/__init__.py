"""What people are shown: number formats, charts, and the committee report."""
