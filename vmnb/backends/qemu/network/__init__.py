"""How a guest is reached: its cards, its addresses, the ports that lead into it."""
