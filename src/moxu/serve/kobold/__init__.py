"""KoboldAI's interface: ``/api/…``."""
