"""What a corpus is made of: files, archives, tables and crawls, read as works by whoever needs them."""
