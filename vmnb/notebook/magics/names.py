"""Completing the name of a VM on the line of a magic."""

import re

from IPython.core.completer import (
    CompletionContext,
    MatcherAPIv2,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)

from vmnb.core import runtime
from vmnb.core.errors import VmnbError

__all__ = ["complete_name"]

_UP_TO_NAME = re.compile(
    r"""\s*(?:\w+\s*=\s*)?(?:
        %vm_autocheckpoint\s+(?:on|off)\s+
        |%%?vm\s+(?:--(?:user|timeout|out)(?:\s+|=)\S+\s+|--[a-z-]+\s+)*
    )
    (?P<typed>"[^"]*|'[^']*|(?:[^\s"'\\-]|(?<=\S)-|\\.)*)$""",
    re.VERBOSE,
)
_PLAIN = re.compile(r"[\w.:@+-]+")


def _complete(context: CompletionContext) -> SimpleMatcherResult:
    line = _UP_TO_NAME.match(context.text_until_cursor)
    if line is None:
        return SimpleMatcherResult(completions=[])
    typed = line["typed"]
    begin = re.sub(r"\\(.)", r"\1", typed.lstrip("\"'"))
    return SimpleMatcherResult(
        completions=[SimpleCompletion(_word(name)) for name in _names() if name.startswith(begin)],
        matched_fragment=typed,
        suppress=True,
    )


complete_name: MatcherAPIv2 = context_matcher(identifier="vmnb.names", priority=100)(_complete)
"""Gives the names of the VMs that begin as what is typed, quoted where they must be."""


def _names() -> list[str]:
    try:
        return [record.name for record in runtime.run(runtime.session().records())]
    except VmnbError:  # nobody asked for this aloud
        return []


def _word(name: str) -> str:
    if _PLAIN.fullmatch(name):
        return name
    return '"{}"'.format(re.sub(r'(["\\])', r"\\\1", name))
