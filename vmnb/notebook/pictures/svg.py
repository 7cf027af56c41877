"""Pictures as SVG, built as a tree: whatever a name or a text holds, it stays a text.

Lines and words have the colour of the page's own text, whatever its theme.
"""

from xml.etree import ElementTree as ET

__all__ = ["element", "line", "picture", "title", "words"]

_FONT = "system-ui,sans-serif"
_NAMESPACE = "http://www.w3.org/2000/svg"


def element(tag: str, *children: ET.Element | str, **attributes: object) -> ET.Element:
    """Return an element; ``stroke_width`` stands for the attribute ``stroke-width``."""
    made = ET.Element(tag, {k.replace("_", "-"): _plain(v) for k, v in attributes.items()})
    for child in children:
        if isinstance(child, str):
            made.text = (made.text or "") + child
        else:
            made.append(child)
    return made


def picture(width: int, height: int, said: str, *children: ET.Element) -> str:
    """Return the whole of an SVG; `said` is what it says to who does not see it."""
    root = element(
        "svg",
        title(said),
        *children,
        xmlns=_NAMESPACE,
        role="img",
        viewBox=f"0 0 {width} {height}",
        width="100%",
        font_family=_FONT,
        font_size=12,
        fill="currentColor",
    )
    return ET.tostring(root, encoding="unicode")


def title(text: str) -> ET.Element:
    """Return what is shown when the pointer rests on the element that it stands in."""
    return element("title", text)


def words(x: float, y: float, text: str, **attributes: object) -> ET.Element:
    """Return a text that begins at `x`, `y`."""
    return element("text", text, x=x, y=y, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, **attributes: object) -> ET.Element:
    """Return a line of the page's own colour, unless another is given."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, **{"stroke": "currentColor"} | attributes)


def _plain(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
