"""A small telephone network: it drives voice webhooks and Media Streams exactly as Twilio does.

It imports nothing of the hotline; it knows HTTP and sockets only, which makes its verdict worth
something. Its legs end at endpoints: a browser, a script, a terminal.
"""
