"""The writing desk in a browser: how fast it appears, draws and types, and what it looks like."""
