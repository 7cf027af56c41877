"""How kernel and page prove that they know the token; see ``frontend/src/kernel/proof.ts``.

The token itself reaches the page by the comm, and is never sent over the socket. At a port that a
page tries there may be a stranger, and so may be whoever connects to the kernel's. So the page says
a number used once (a nonce), the kernel one of its own with a proof for both, and then the page its
proof, which is another: nothing that was overheard opens anything, and neither end can be made to
speak for the other.

What is said afterwards is not encrypted. One who listens at that port of the reader's machine and
has an account on the kernel's as well could pass all of it on, and read it.
"""

import hmac
import secrets

__all__ = ["NONCE_BYTES", "Challenge"]

NONCE_BYTES = 32


class Challenge:
    """What the kernel answers to a page that wants to enter, and asks of it; for one connection.

    Parameters
    ----------
    token
        What both must know.
    page_nonce
        The page's.

    Attributes
    ----------
    nonce
        The kernel's.
    proof
        That the kernel knows the token.

    Raises
    ------
    ValueError
        The page's nonce has another length than ours have.
    """

    def __init__(self, token: str, page_nonce: bytes) -> None:
        if len(page_nonce) != NONCE_BYTES:
            raise ValueError(f"a nonce has {NONCE_BYTES} bytes, not {len(page_nonce)}")
        self.nonce = secrets.token_bytes(NONCE_BYTES)
        both = page_nonce + self.nonce
        self.proof = _proof(token, b"kernel" + both)
        self._expected = _proof(token, b"page" + both)

    def is_met_by(self, proof: bytes) -> bool:
        """Whether the page knows the token, too; takes as long for any proof."""
        return hmac.compare_digest(proof, self._expected)


def _proof(token: str, said: bytes) -> bytes:
    return hmac.digest(token.encode(), said, "sha256")
