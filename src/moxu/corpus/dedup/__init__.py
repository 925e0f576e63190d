"""Texts that say the same: chapters that repeat one another, and works that share much of their text."""
