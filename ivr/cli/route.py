"""`ivr route`: the router, without telephones."""

COMMANDS = ()
