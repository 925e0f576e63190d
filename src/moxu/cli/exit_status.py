"""The exit statuses of the program beside 0, which says that all was done."""

INCOMPLETE = 1  # done but for a part, which was named
MISTAKE = 2  # the user's
INTERRUPTED = 130  # Ctrl-C
