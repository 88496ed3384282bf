"""What of a claim can be passed on: a card, a table, and facts that machines read."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meta import html
from meta.claims.assessment import Assessment
from meta.evidence.tables import Evidence
from meta.report.reader_words import WORDS, verdict_label
from meta.wording import upper_first

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

# the size that social sites ask for, and the colours of verdicts on a white card
SIZE = (1200, 630)
_MARGIN = 64
_INK, _QUIET = "#16191d", "#57606a"
_COLOURS = {"supported": "#0b66a8", "overstated": "#8f5500", "contradicted": "#9a2515"}
_OPEN = "#5d6775"


def card_lines(one: Assessment, asked: str) -> list[tuple[float, float, str, int, bool, str]]:
    """Lay out a share card.

    Returns
    -------
    list of tuple
        Each line of text: x and y of its baseline, text, size, bold, colour.
    """
    y = 96.0
    lines: list[tuple[float, float, str, int, bool, str]] = [
        (_MARGIN, y, f"The claim ({one.article_label}):", 26, False, _QUIET)
    ]
    y += 10
    for text in _wrapped(one.claim, 40, True)[:4]:
        y += 50
        lines.append((_MARGIN, y, text, 40, True, _INK))
    y += 76
    label = verdict_label(one)
    lines.append((_MARGIN, y, upper_first(label), 40, True, _colour(one.verdict)))
    y += 8
    for text in _wrapped(one.answer, 32, False)[:4]:
        y += 44
        lines.append((_MARGIN, y, text, 32, False, _INK))
    if one.certainty:
        lines.append((_MARGIN, y + 48, f"How sure: {one.certainty}", 26, False, _QUIET))
    lines.append((_MARGIN, SIZE[1] - 40.0, asked, 24, False, _QUIET))
    return lines


def _colour(verdict: str) -> str:
    return _COLOURS.get(verdict, _OPEN)


@cache
def _font(size: int, bold: bool) -> FreeTypeFont:
    from matplotlib import get_data_path
    from PIL import ImageFont

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / name), size)


def _wrapped(text: str, size: int, bold: bool) -> list[str]:
    font, room, lines = _font(size, bold), SIZE[0] - 2 * _MARGIN, [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def card_png(one: Assessment, asked: str) -> bytes:
    """Draw the share card as PNG, 1200 x 630."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 18, SIZE[1]), fill=_colour(one.verdict))
    for x, y, text, size, bold, colour in card_lines(one, asked):
        draw.text((x, y), text, font=_font(size, bold), fill=colour, anchor="ls")
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def card_svg(one: Assessment, asked: str) -> str:
    """Write the share card as SVG, with its text as text."""
    return str(
        html.render(
            "card.svg",
            size=SIZE,
            title=f"{one.claim}: {verdict_label(one)}",
            colour=_colour(one.verdict),
            lines=card_lines(one, asked),
        )
    )


def claim_review(
    one: Assessment, evidence: Evidence, about: Mapping[str, Any], address: str
) -> str:
    """Describe the check in the words of schema.org, as JSON-LD.

    Parameters
    ----------
    one : Assessment
        The claim beside the evidence.
    evidence : Evidence
        The tables.
    about : mapping
        What is known of the article: ``title``, ``publisher``, ``author``, ``date``, ``url``.
    address : str
        Absolute address of the claim's page; "" leaves out what needs one.
    """
    headline = about.get("title", one.article_label)
    article: dict[str, Any] = {"@type": "Article", "headline": headline}
    if "publisher" in about:
        article["publisher"] = {"@type": "Organization", "name": about["publisher"]}
    if "author" in about:
        article["author"] = {"@type": "Person", "name": about["author"]}
    if "date" in about:
        article["datePublished"] = str(about["date"])[:10]
    if "url" in about:
        article["url"] = about["url"]
    review: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ClaimReview",
        "claimReviewed": one.claim,
        "reviewBody": one.answer,
        "itemReviewed": {"@type": "Claim", "appearance": article},
        "reviewRating": {
            "@type": "Rating",
            "alternateName": verdict_label(one),
            "ratingExplanation": WORDS[one.verdict].meaning,
        },
        "author": {"@type": "Organization", "name": evidence.question.title or "Evidence desk"},
    }
    if address:
        review |= {"url": address}
    # no text can end the script element it stands in
    return json.dumps(review, ensure_ascii=False).replace("<", "\\u003c")
