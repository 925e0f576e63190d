"""Load and faults: what a real ``moxu serve`` does under many streams, and under clients that mean it ill."""
