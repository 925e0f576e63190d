"""How the tables came to be what they are, step by step; ``moxu.store.schema`` runs what a database has not had."""
