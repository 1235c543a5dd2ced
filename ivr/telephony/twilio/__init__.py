"""Twilio's dialect: signatures, webhooks, TwiML, Media Streams, REST."""
