"""Find the chapters and the paragraphs of a text."""
