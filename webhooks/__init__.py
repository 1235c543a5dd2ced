"""The HTTP and socket layer: carrier webhooks, media, pages, health. No business rule lives here."""
