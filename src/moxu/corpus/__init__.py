"""From raw text to packed training data."""
