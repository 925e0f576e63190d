"""See what is in a corpus: counts, lengths, characters, repeats, gaps; as facts, plots and a page."""
