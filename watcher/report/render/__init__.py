"""A report as HTML, PDF, Markdown, JSON and the table of its figures."""
