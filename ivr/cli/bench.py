"""`ivr bench`."""

COMMANDS = ()
