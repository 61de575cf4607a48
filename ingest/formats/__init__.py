"""One reader for each format: bytes in, Markdown out."""
