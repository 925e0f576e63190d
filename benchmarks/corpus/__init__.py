"""From the web and the shelf to a corpus: moxu beside the programs that people use for parts of it."""
