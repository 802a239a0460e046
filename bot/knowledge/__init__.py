"""The code for the files in /knowledge."""
