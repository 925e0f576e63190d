"""From logits to text: samplers, the decoding loop, streams."""
