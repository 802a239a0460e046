"""The console's handlers, one module for each part of it."""
