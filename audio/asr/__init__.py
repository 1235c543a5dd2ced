"""Recognisers: one small module an engine, all behind `ivr.ports.Recogniser`."""
