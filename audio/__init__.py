"""Speech on a telephone line: codecs, voice activity, turn-taking, recognisers, voices, prompts."""
