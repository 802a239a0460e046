"""The store: `base` says what the desk needs of it, each other module is one engine."""
