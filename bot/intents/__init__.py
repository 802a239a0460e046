"""The code for the YAML in /intents: reading it with positions, and what it says."""
