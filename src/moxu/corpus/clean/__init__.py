"""Cleaning by named rules: each says what it does, can be switched off, and reports what it did, with samples."""
