"""moxu 墨续: a workshop for Chinese fiction. Importing it loads neither torch nor any model."""

__version__ = "0.1.0"
