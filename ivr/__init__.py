"""The voice hotline: dialogue, routing, service, storage, carriers, shop, switch and command line."""

__version__ = "0.1.0"
