"""From books and texts of any kind to a corpus: read, cleaned, without duplicates, split, described."""
