"""Texts that try to be more than text wherever they are shown, logged or handed on."""

HOSTILE = (
    "<script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 1'>",
    '"><svg onload="window.pwned = 1">',
    "</textarea></title></style><script>window.pwned = 1</script>",
    "javascript:window.pwned=1",
    "' onmouseover='window.pwned=1",
    "{{ 7*7 }} {% raw %} ${7*7} #{7*7} <%= 7*7 %>",
    "{staff} {0} {n.__class__} %s %(x)s",
    "=cmd|'/c calc'!A1",
    "+1+1 @SUM(1) -2",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "txt\u202eexe.gpj\u202c",
    "\u2066isolated\u2069 \u200eleft\u200fright",
    "zero\u200bwidth\u200cjoin\u2060er\ufeff",
    "nul\x00byte\x08back\x7f",
    "<b>bold</b> *bold* _under_ [x](tg://user?id=1) `code` <a href='tg://user?id=1'>x</a> &lt;",
    "line\u2028separator\u2029paragraph\x85next",
    '{"level": "critical", "says": "forged"}\n{"level": "critical"}',
    "'; DROP TABLE inquiries; --",
    "مرحبا שלום",
    "\U000e0041\U000e0042 tags",
)
LONG = "very" * 500 + " long" * 200
UNSEEN = "\u202e\u202c\u2066\u2069\u200e\u200f\u200b\u200c\u2060\ufeff\u2028\u2029\x00\x1b\x07\x08\x7f\x85\U000e0041\U000e0042"
"""Characters that nobody sees or that turn the line round: staff are shown their codes instead."""
