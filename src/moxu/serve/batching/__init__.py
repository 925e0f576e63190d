"""Many texts at once: the scheduler, its slots, and how prompts are read between steps."""
