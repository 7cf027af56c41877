"""A guest's screen and keyboard: keys, text as keys, text in pictures, and live views."""
