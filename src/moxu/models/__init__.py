"""Architectures in torch: one file each, read from top to bottom."""
