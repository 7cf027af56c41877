"""A notebook as one HTML file that needs no network, with the consoles as replays."""
