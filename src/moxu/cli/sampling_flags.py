"""The flags of ``moxu write`` that say how the next character is chosen, one for each of ``SamplingOptions``."""

import click

SAMPLING_FLAGS = (
    click.option("--greedy", is_flag=True, default=None, help="Always take the likeliest."),
    click.option("--temperature", type=float, help="Below 1 steadier, above 1 wilder; 0 is greedy."),
    click.option("--temperature-when", type=click.Choice(["before", "after"]), help="Before or after the cuts."),
    click.option("--top-k", type=int, help="Choose among so many of the likeliest."),
    click.option("--top-p", type=float, help="Choose among the likeliest that together have this probability."),
    click.option("--top-p-newline", type=float, help="The same, after a newline."),
    click.option(
        "--top-p-rule", type=click.Choice(["exceed", "reach"]), help="Whether their sum exceeds p or reaches it."
    ),
    click.option("--allow-p", type=float, help="What is at least so probable survives --top-p."),
    click.option("--min-p", type=float, help="Cut what is less probable than this part of the likeliest."),
    click.option("--repetition-penalty", type=float, help="Above 1: make what was written lately less likely."),
    click.option("--presence-penalty", type=float, help="Taken from the logit of what was written lately."),
    click.option("--frequency-penalty", type=float, help="The same, for each time that it was."),
    click.option("--penalty-window", type=int, help="How far back, in tokens, lately reaches."),
    click.option("--occurrence-penalty", type=float, help="Below 1: times this for each time it was written."),
    click.option("--no-repeat-ngram", type=int, help="Never write so many tokens in a row twice."),
)
