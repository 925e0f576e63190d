"""The writing desk's interface: ``/desk/…``."""
