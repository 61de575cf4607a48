"""Shapes that saved texts come in, each recognised by itself and written as Markdown headings."""
