"""The images of this user, as a notebook has them."""
