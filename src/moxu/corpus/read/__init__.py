"""Read books from files of any common format."""
