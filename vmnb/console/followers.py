"""The processes that follow a console of which this one has the connection."""

from vmnb.console.audience import Audience
from vmnb.console.log import TAIL_MAX
from vmnb.console.view import View

__all__ = ["Followers"]


class Followers(Audience):
    """Each gets the stream as it is: no screens, but a gap where it fell too far behind."""

    def restore(self) -> None:
        """Change nothing: the size of the screen is each process's own affair."""

    def _restore(self, view: View) -> None:
        view.skip_to(max(self._ring.start, self._ring.end - TAIL_MAX))
        with self._surviving(view):
            view.tell(self._news[0], **self._news[1])
        self._forward(view)
