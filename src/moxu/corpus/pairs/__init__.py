"""What the objectives beside plain text learn from: sentence pairs, outlines and passages, lyrics, dialogues."""
