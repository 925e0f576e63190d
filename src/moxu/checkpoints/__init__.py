"""Reading and writing checkpoints, moxu's own and foreign ones. Where to find what:

- The doors are ``formats`` (detect, read, write, load), ``convert`` and ``reshard``. ``kinds`` lists the formats, and
  ``checkpoint`` says what every format is read into and written from.
- A format is a file: ``folder`` (moxu's own), ``aiwriter1``, ``aiwriter2``, ``paddle``, ``rwkv7``, ``gguf``,
  ``misaka3``, ``chargpt``; ``cpm1``, with ``megatron`` for its folders and ``partition`` for what a part holds; ``hf``,
  with ``hf_weights`` for its folders and a file for each family: ``hf_gpt2``, ``hf_bert``, ``hf_causal``.
- What formats share: ``rules`` (names and layouts as data), ``foreign`` (in by the rules, out if it can be held),
  ``facts`` (what the tensors do not say), ``vocabulary``, ``storage`` (types of numbers), ``assemble`` (every tensor
  accounted for, and the model that runs).
- Files on the disk, whatever is in them: ``atomic`` (whole or not there), ``json_files``, ``safetensors_files``,
  ``torch_files``, ``torch_archive``, ``gguf_file``, ``keras_h5``; and pickles from strangers, read and never run:
  ``unpickle``, ``pickle_machine``, ``pickle_names``.
"""
