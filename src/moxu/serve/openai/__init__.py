"""OpenAI's interface: ``/v1/…``."""
