"""Carriers: codecs (pure) and their REST clients."""
