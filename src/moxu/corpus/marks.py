"""The files by which folders are known, which Python may look for without the libraries that read them."""

INDEX_FILE, DATA = "corpus.json", "data"  # of a corpus that was built
CHAPTERS_FILE, CRAWL_FILE = "chapters.jsonl", "manifest.json"  # of a crawl
JOURNAL_FILE = "pages.jsonl"  # beside them: what the crawl goes on from
