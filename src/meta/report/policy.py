"""Which scripts may a page run? Its own files, and those that stand in it as it was written."""

from __future__ import annotations

import base64
import hashlib
import re

_CHARSET = re.compile(r"<meta charset=[^>]*>", re.IGNORECASE)
_SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<code>.*?)</script>", re.DOTALL)


def with_policy(page: str) -> str:
    """Write a Content-Security-Policy into a page, behind its character set.

    Parameters
    ----------
    page : str
        The whole HTML. A page without a character set stays as it is.

    Returns
    -------
    str
        The page, which loads nothing from elsewhere, sends nothing anywhere, and runs no script
        but files of the site and those of its inline scripts that are there now, by their hash.
        Data in a script element (``type="application/json"``) need no leave.

    Examples
    --------
    >>> print(with_policy("<meta charset=utf-8><script>1</script>")[:90])
    <meta charset=utf-8>
    <meta http-equiv="Content-Security-Policy" content="default-src 'none
    """
    hashes = {
        base64.b64encode(hashlib.sha256(script["code"].encode()).digest()).decode()
        for script in _SCRIPT.finditer(page)
        if not re.search(r"\b(?:src|type)=", script["attributes"])
    }
    own = "".join(f" 'sha256-{digest}'" for digest in sorted(hashes))
    # a page that is opened from a folder has its own files under "file:"
    rules = (
        "default-src 'none'",
        f"script-src 'self' file:{own}",
        "style-src 'self' file: 'unsafe-inline'",
        "img-src 'self' file: data:",
        "font-src 'self' file: data:",
        "base-uri 'none'",
        "form-action 'self' file:",
    )
    meta = f'\n<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}">'
    return _CHARSET.sub(lambda found: found[0] + meta, page, count=1)
