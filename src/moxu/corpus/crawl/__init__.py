"""A novel from the web: its catalogue, its chapters, what is missing."""
