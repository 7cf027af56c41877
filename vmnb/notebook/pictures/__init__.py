"""Pictures: SVG, charts, and what they are drawn from."""
