"""The demo hotline as data: menus, intents, policies and call scripts. No logic lives here."""
