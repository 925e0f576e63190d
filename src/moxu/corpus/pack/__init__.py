"""Texts as ids in memory-mapped files."""
