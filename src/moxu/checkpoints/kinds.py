"""The kinds of checkpoints by name, and where the format of each is; no format is imported before it is needed."""

# In the order in which they are asked whether they recognise a file. Each module is a ``checkpoint.Format``.
FORMATS = {
    "moxu": "moxu.checkpoints.folder",
    "hf": "moxu.checkpoints.hf",
    "cpm1": "moxu.checkpoints.cpm1",
    "paddle": "moxu.checkpoints.paddle",
    "aiwriter1": "moxu.checkpoints.aiwriter1",
    "rwkv7": "moxu.checkpoints.rwkv7",
    "aiwriter2": "moxu.checkpoints.aiwriter2",
    "gguf": "moxu.checkpoints.gguf",
    "misaka3": "moxu.checkpoints.misaka3",
    "chargpt": "moxu.checkpoints.chargpt",
}
