"""From pages and files to a clean corpus: crawl, read, clean, find chapters and duplicates, pair, pack, inspect."""
