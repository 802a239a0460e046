"""Telephone numbers and web addresses inside a reply, found by their shape, so that a page can link them."""

import re
from urllib.parse import urlsplit

from markupsafe import Markup, escape

# Written so that Python and JavaScript read it alike: the page's script is given the same pattern.
TELEPHONE = (
    r"(?<![\d.,:/\-+¥￥$€A-Za-z第])"
    r"(?:1[12]\d|12\d{3}|9[56]\d{3}|[48]00-\d{3,4}-\d{3,4}|0\d{2,3}-\d{7,8})"
    r"(?![\d%％:/\-A-Za-z]|[.,]\d|\s?(?:个|個|元|块|塊|天|日|周|年|岁|歲|月|分|小时|小時|秒|米|公里|平|人|名|次|条|條|份|张|張|页|頁|号|號|"
    r"yuan|RMB|CNY|days?|weeks?|months?|years?|hours?|minutes?|seconds?|working|metres?|meters?|km|people|times|per))"
)
WEB_ADDRESS = r"https://[A-Za-z0-9.\-]+(?:/[A-Za-z0-9\-._~:/?#@!$&*+,;=%]*[A-Za-z0-9\-_~/=])?"
LINKS = f"({WEB_ADDRESS})|({TELEPHONE})"

_LINKS = re.compile(LINKS)


def linked(text: str) -> Markup:
    """Return the text as HTML with its telephone numbers and https addresses as links."""
    html = Markup()
    end = 0
    for match in _LINKS.finditer(text):
        html += escape(text[end : match.start()])
        url, telephone = match.groups()
        if url:
            html += Markup('<a href="{0}" rel="noreferrer noopener" target="_blank">{0}</a>').format(url)
        else:
            digits = telephone.replace("-", "")
            html += Markup('<a class="tel" href="tel:{0}"><bdi>{1}</bdi></a>').format(digits, telephone)
        end = match.end()
    return html + escape(text[end:])


def paragraphs(text: str) -> Markup:
    """Return the text as HTML, each of its lines a paragraph."""
    return Markup("").join(
        Markup("<p>{0}</p>").format(linked(line)) for line in text.splitlines() if line.strip()
    )


def host_of(url: str) -> str:
    """Return what a reader recognises of a web address."""
    return urlsplit(url).hostname or url
