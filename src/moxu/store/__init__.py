"""Stories, chapters and everything written beside them, kept in a database: start at ``store``, then ``tables``."""
