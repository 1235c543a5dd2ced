"""Where the legs of calls end: sockets of browsers and scripts; scripted and typing callers."""
