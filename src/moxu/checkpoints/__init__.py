"""Reading and writing checkpoints, moxu's own and foreign ones."""
