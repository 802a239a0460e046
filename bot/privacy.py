"""What in a text looks like somebody's personal data: found by form alone, with its place, and masked on request.

Forms that can be proved (check digits, dates, prefixes) are proved, so that an order number is no identity number
and a street is no name. What has no form of its own (a bare name, a nickname) is found only beside words that
announce it. Numbers anybody may call (110, 12345, 95588, 400-…) are nobody's.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a finding looks like."""

    EMAIL = "email"
    ID_NUMBER = "id_number"
    """Identity card, passport, travel permit: of the mainland, Hong Kong, Macau or Taiwan."""
    CARD = "card"
    """A bank card."""
    PHONE = "phone"
    ACCOUNT = "account"
    """WeChat, QQ or Telegram."""
    PLATE = "plate"
    NAME = "name"
    ADDRESS = "address"


NUMBERS_TO_MASK = frozenset({Kind.ID_NUMBER, Kind.CARD})
"""What a desk never needs in full, and a thief would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A stretch of the text, `text[start:end]`, that looks like personal data."""

    kind: Kind
    start: int
    end: int


def screen(text: str) -> tuple[Finding, ...]:
    """Return what looks like personal data, in order of place; findings never overlap.

    Where two forms fit the same place the stricter one is reported. Total: any string is read, in time linear in
    its length.
    """
    seen = _plain(text)
    taken = bytearray(len(seen))
    found: list[Finding] = []
    for kind, form in _FORMS:
        for start, end in form(seen):
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                found.append(Finding(kind=kind, start=start, end=end))
    return tuple(sorted(found, key=lambda finding: finding.start))


def mask(text: str, kinds: Collection[Kind] = NUMBERS_TO_MASK) -> str:
    """Return the text with all but the first and last figure of each finding of these kinds as `*`."""
    written = list(text)
    for finding in screen(text):
        if finding.kind in kinds:
            figures = [place for place in range(finding.start, finding.end) if text[place].isalnum()]
            for place in figures[1:-1]:
                written[place] = "*"
    return "".join(written)


# --- one reading of every way to write a figure, place by place -----------------------------------------------

_HAN_FIGURES = str.maketrans(
    "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖貳參陸", "00123456789112345678923" + "6"
)
_HAN_NUMBER = re.compile("[零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖貳參陸]{8,}")


def _plain(text: str) -> str:
    """Return the text in half-width figures and letters, each character in its place."""
    if text.isascii():
        return text
    narrow = "".join(_narrow(character) for character in text)
    return _HAN_NUMBER.sub(lambda number: number[0].translate(_HAN_FIGURES), narrow)


def _narrow(character: str) -> str:
    if character.isascii():
        return character
    if character in "\u00a0\u200b\u200c\u200d\u2060\ufeff":
        return " "
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character


# --- forms -----------------------------------------------------------------------------------------------------

Form = Callable[[str], Iterator[tuple[int, int]]]
_GAP = r"[ \t\-‐‑–—·._]{0,2}"
"""What people put between the figures of one number."""
_ALONE_BEFORE, _ALONE_AFTER = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"


def _figures(count: str, first: str = r"\d") -> str:
    return rf"{first}(?:{_GAP}\d){{{count}}}"


def _compact(text: str) -> str:
    return "".join(character for character in text if character.isalnum()).upper()


def _matching(pattern: str, proof: Callable[[str], bool] = bool, flags: int = 0) -> Form:
    """Return the form of a pattern whose figures, written together, hold the proof.

    A group named `it` narrows the finding to what personal data there is among the words that announce it.
    """
    compiled = re.compile(pattern, flags)
    group = "it" if "it" in compiled.groupindex else 0

    def form(text: str) -> Iterator[tuple[int, int]]:
        place = 0
        while match := compiled.search(text, place):
            if proof(_compact(match[group])):
                yield match.span(group)
                place = match.end()
            else:
                place = match.start() + 1

    return form


# --- numbers with a proof ---------------------------------------------------------------------------------------

_PROVINCES = frozenset(
    str(code)
    for area in (range(11, 16), range(21, 24), range(31, 38), range(41, 47), range(50, 55), range(61, 66))
    for code in area
) | {"71", "81", "82", "83", "91"}


def _is_day(figures: str) -> bool:
    try:
        dt.date(int(figures[:4]), int(figures[4:6]), int(figures[6:8]))
    except ValueError:
        return False
    return 1880 <= int(figures[:4]) <= 2099


def _is_shaped_like_an_id(number: str) -> bool:
    return number[:2] in _PROVINCES and _is_day(number[6:14])


def _is_id(number: str) -> bool:
    """Tell whether 18 places are an identity number: region, birthday, check character (GB 11643)."""
    total = sum(int(figure) * pow(2, 17 - place, 11) for place, figure in enumerate(number[:17]))
    return _is_shaped_like_an_id(number) and "10X98765432"[total % 11] == number[17]


def _is_old_id(number: str) -> bool:
    return number[:2] in _PROVINCES and _is_day(f"19{number[6:12]}")


def _is_hong_kong_id(number: str) -> bool:
    """Tell whether one or two letters, six figures and a check figure (10 is written A) belong together."""
    letters, figures = number[:-7].rjust(2), number[-7:]
    values = [36 if letter == " " else ord(letter) - 55 for letter in letters]
    values += [10 if figure == "A" else int(figure) for figure in figures]
    return sum(weight * value for weight, value in zip(range(9, 0, -1), values, strict=True)) % 11 == 0


def _is_taiwan_id(number: str) -> bool:
    region = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(number[0]) + 10
    weighed = (
        int(figure) * weight for figure, weight in zip(number[1:], (8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True)
    )
    return (region // 10 + region % 10 * 9 + sum(weighed)) % 10 == 0


def _is_card(number: str) -> bool:
    """Tell whether the figures are a bank card: the first ones of an issuer, and the Luhn check figure."""
    doubled = (int(figure) * (1 + place % 2) for place, figure in enumerate(reversed(number)))
    if sum(value - 9 if value > 9 else value for value in doubled) % 10:
        return False
    if len(number) == 15:
        return number[:2] in ("34", "37")
    if number[0] == "6" or number[:2] in ("95", "94", "98"):
        return True
    return len(number) == 16 and number[0] in "2345"


_FREE_TO_CALL = ("400", "800", "833", "844", "855", "866", "877", "888", "2110")
"""Beginnings of numbers that agencies and companies give the public, after a leading 1 of the trunk (12110 too)."""


def _is_phone_of_somebody(number: str) -> bool:
    return not number.removeprefix("1").startswith(_FREE_TO_CALL)


# --- names, places, accounts: found by what announces them -----------------------------------------------------

_SURNAME = (
    "(?:欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|歐陽|司馬|諸葛|東方|(?<!任)(?<!如)(?<!为)(?<!為)何|(?<!谢)(?<!謝)(?<!感)(?<!多)[谢謝](?![谢謝])|任(?!何)"
    "|(?<!允)(?<!也)(?<!或)(?<!准)[许許]|(?<!照)(?<!回)[顾顧]|(?<![课过工编流远教日路里課過編遠裡])程|(?<![规师模規師])[范]"
    "|(?<![分])[钟鐘鍾]|(?<!大)(?<!登)[陆陸]|(?<![一每上下两几兩幾])周|(?<![园森树園樹])林|(?<!提)(?<!最)(?<!很)(?<!太)高"
    "|(?<!奖)(?<!現)(?<!现)(?<!资)金|(?<!立)(?<!骑)(?<!上)[马馬]|(?<![阶路手片段階])段|(?<!桥)(?<!橋)梁|(?<!明)白"
    "|[王李张張刘劉陈陳杨楊赵趙黄黃吴吳徐孙孫朱胡郭罗羅宋郑鄭韩韓唐冯馮董萧蕭肖曹袁邓鄧傅沈曾彭吕呂苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏汪田"
    "姜姚谭譚廖邹鄒熊孔崔邱秦江史侯邵孟龙龍万雷钱錢汤湯尹黎武乔喬贺賀赖賴龚龔庞龐樊兰蘭殷施陶洪翟颜顏倪温溫芦季俞章鲁魯葛韦韋毛苗凌霍涂焦纪紀])"
)
_GIVEN = r"[\u4e00-\u9fff]"
_ENDS = r"(?=$|[^\u4e00-\u9fff]|[想要是的，身电電手住今家来來在我男女和因户戶有这這于於])"
_NAMED_ZH = (
    r"(?:(?<!把)(?<!管)我叫|我是叫|本人(?:叫|是)|名字(?:是|叫)|名叫|叫做|叫作|姓名(?:是|为|為)?\s*[:：]?)\s*"
    rf"(?P<it>{_SURNAME}{_GIVEN}{{1,2}}?){_ENDS}"
)
_CALLED_ZH = rf"[叫为為](?P<it>{_SURNAME}{_GIVEN}{{1,2}})的(?:人|男|女|朋友|同事|客服|警|民警|老板|老闆|房东|房東|中介|邻居|鄰居|同学|同學)"
_SURNAMED_ZH = rf"(?:我|免贵|免貴|本人|您贵|他|她)姓\s*(?P<it>{_SURNAME}){_ENDS}"
_TITLED_ZH = (
    rf"(?P<it>{_SURNAME}(?:{_GIVEN}{{0,2}}(?:先生|女士|小姐|太太)|(?:警官|警员|警員|老师|老師|师傅|師傅|医生|醫生|律师|律師|经理|經理|主任|所长"
    r"|所長|队长|隊長|阿姨|叔叔|大爷|大爺|大妈|大媽|奶奶|爷爷|爺爺|老板|老闆|同学|同學)))(?!们|們)"
)
_NOT_A_NAME = (
    r"(?:not|now|no|on|in|is|at|to|too|so|the|a|an|my|as|for|wrong(?:ly)?|spelt|spelled|missing|written|printed|different|incorrect(?:ly)?"
    r"|misspel(?:t|led)|and|or|very|long(?:er)?|still|already|also|being|hard|unknown|private|irrelevant|common|rare|what|chinese|english)\b"
)
_NAMED_EN = (
    rf"\b[Mm][Yy] (?:full |real |last |first |sur)?name(?:'s|’s| is| was)[: ] *(?!(?i:{_NOT_A_NAME}))"
    r"(?P<it>[A-Z][\w'’-]*(?: [A-Z][\w'’-]*){0,3}|[a-z][a-z'’-]+(?: [a-z][a-z'’-]+)?(?= *(?:$|[.,;!?\n]| and\b| i\b)))"
)
_LABELLED_EN = (
    r"\b(?:[Ff]ull |[Ff]irst |[Ll]ast )?[Nn]ame ?[:：] ?(?P<it>[A-Z][\w'’-]+(?: [A-Z][\w'’-]*){0,3})"
)
_TITLED_EN = (
    r"\b(?P<it>(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|MR|MRS|MS|Officer|Sergeant|Sgt|Inspector|Constable)\.?"
    r" (?!(?:The|This|That|And|Or|Please|Who|Is|In|On|At|Complaint|Complaints)\b)[A-Z][\w'’-]+(?: [A-Z][\w'’-]+){0,2})"
)
_COUNT = r"[\d一二三四五六七八九十百]{1,6}"
_WAY_ZH = rf"(?:(?![在住我是到址])[\u4e00-\u9fff]){{1,8}}(?:路|街|大道|巷|弄|胡同|街道){_GAP}{_COUNT}{_GAP}(?:号|號|弄|巷|栋|棟|幢)(?!线|線|楼梯)"
_HOME_ZH = rf"{_COUNT}{_GAP}(?:号楼|號樓|号院|號院|栋|棟|幢|座|单元|單元|层|層|楼|樓|室|户|戶|号房|號房|房)"
_ADDRESS_ZH = (
    rf"{_WAY_ZH}(?:{_GAP}{_HOME_ZH})*(?:{_GAP}\d{{3,4}})?(?!\d)"
    rf"|(?:(?![在住我是到址])[\u4e00-\u9fff]){{2,8}}(?:小区|小區|花园|花園|公寓|家园|家園|新村|苑|社区|社區)(?:{_GAP}(?:{_HOME_ZH}|{_COUNT}(?:号|號)))+(?:{_GAP}\d{{3,4}})?(?!\d)"
    rf"|{_COUNT}{_GAP}(?:号楼|號樓|栋|棟|幢){_GAP}(?:{_COUNT}{_GAP}(?:单元|單元){_GAP})?\d{{3,4}}(?:室|户|戶|号|號)?(?!\d)"
    rf"|{_COUNT}{_GAP}(?:单元|單元){_GAP}\d{{3,4}}(?:室|户|戶|号|號)?(?!\d)"
    rf"|\d{{2,4}}-\d{{1,2}}-\d{{3,4}}(?:室|户|戶)"
)
_WAY = (
    r"(?:Road|Rd|Street|St|Avenue|Ave|Lane|Ln|Drive|Boulevard|Blvd|Close|Court|Terrace|Crescent|Alley|Lu|Jie)"
)
_ROOM = r"(?:[Ff]lat|[Aa]partment|[Aa]pt\.?|[Uu]nit|[Rr]oom|[Rr]m\.?|[Bb]uilding|[Bb]ldg\.?|[Bb]lock|[Ff]loor|[Ss]uite)"
_ROOMS = rf"(?:,? *\b{_ROOM} *(?:[Nn]o\.? *)?#?\d+[A-Za-z]?\b)"
_ADDRESS_EN = (
    rf"(?:\b{_ROOM} #?\d+[A-Za-z]?, *){{0,4}}\b(?:[Nn]o\.? ?)?\d{{1,5}}[A-Za-z]? (?:[A-Z][\w'’.-]{{0,30}}\s){{1,4}}{_WAY}\b\.?{_ROOMS}*"
    r"|\b(?:[Nn]o\.? ?)?\d{1,5}[A-Za-z]? (?!(?:way|side|main|lane|busy|other|different|minutes?|metres?|meters?|hours?|days?|people|cars?|of|the|km|more)\b)"
    rf"[a-z]{{3,}} (?:[a-z]{{3,}} )?(?:road|street|avenue)\b{_ROOMS}*"
    rf"|\b(?:[A-Z][\w'’-]{{0,30}} ){{1,3}}{_WAY},? (?:[Nn]o\.? ?)?\d{{1,5}}\b(?! ?(?:am|pm|a\.m|p\.m|o['’]clock|:))(?!:){_ROOMS}*"
    rf"|\b(?:[Ff]lat|[Aa]partment|[Aa]pt\.?) ?(?:[Nn]o\.? ?)?#?\d+[A-Za-z]?\b{_ROOMS}*"
    rf"|\b{_ROOM} ?(?:[Nn]o\.? ?)?#?\d+[A-Za-z]?{_ROOMS}+"
)
_REGION = "[京津沪滬渝冀豫云雲辽遼黑湘皖鲁魯新苏蘇浙赣贛鄂桂甘晋晉蒙陕陝吉闽閩贵貴粤粵青藏川宁寧琼瓊]"
_ON_PLATE = "[A-HJ-NP-Za-hj-np-z0-9]"
_PLATE = (
    rf"{_REGION}[A-HJ-NP-Za-hj-np-z]{_GAP}"
    rf"(?:[DFdf]{_ON_PLATE}\d{{4}}|\d{{5}}[DFdf]|(?=[A-Za-z]{{0,3}}\d){_ON_PLATE}{{4}}[学學警港澳挂掛使领領]|(?=[A-Za-z]{{0,4}}\d){_ON_PLATE}{{5}})"
    rf"{_ALONE_AFTER}"
)
_ACCOUNT_NAMES = r"(?:微信|薇信|威信|vx|v信|wechat|weixin|telegram|电报|電報|qq)"
_ACCOUNT = (
    rf"{_ACCOUNT_NAMES}(?:号|號|账号|帳號| ?id)?(?: is|是|为|為)? ?[:：]? ?"
    r"(?P<it>@[a-z]\w{4,31}|(?=[a-z_-]*\d|[a-z\d-]*_)[a-z][a-z\d_-]{4,19})(?![a-z\d_])"
)
_ACCOUNT_LABELLED = (
    r"(?:微信号|微信號|wechat id)(?: is|是|为|為)?[:：]? ?(?P<it>[a-z][a-z\d_-]{5,19})(?![a-z\d_])"
)
_QQ = r"\bqq(?:号|號|群|账号|帳號| number)?(?: is|是|为|為)? ?[:：]? ?(?P<it>[1-9]\d{4,10})(?!\d)"

_FORMS: tuple[tuple[Kind, Form], ...] = (
    (
        Kind.EMAIL,
        _matching(r"[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}", flags=re.ASCII),
    ),
    (
        Kind.ID_NUMBER,
        _matching(rf"{_ALONE_BEFORE}{_figures('16', '[1-9]')}{_GAP}[\dXx]{_ALONE_AFTER}", _is_id),
    ),
    (
        Kind.ID_NUMBER,
        _matching(
            rf"(?:身份证|身份證|证件|證件|\bID\b|\bid (?:card|number)|identity)[^\d\n]{{0,12}}(?P<it>{_figures('16', '[1-9]')}{_GAP}[\dXx]){_ALONE_AFTER}",
            _is_shaped_like_an_id,
        ),
    ),
    (Kind.ID_NUMBER, _matching(rf"{_ALONE_BEFORE}{_figures('14', '[1-9]')}{_ALONE_AFTER}", _is_old_id)),
    (Kind.ID_NUMBER, _matching(rf"{_ALONE_BEFORE}[A-Z]{{1,2}} ?\d{{6}} ?\([0-9A]\)", _is_hong_kong_id)),
    (Kind.ID_NUMBER, _matching(rf"{_ALONE_BEFORE}[157]\d{{6}} ?\(\d\)")),
    (Kind.ID_NUMBER, _matching(rf"{_ALONE_BEFORE}[A-Z][12]\d{{8}}{_ALONE_AFTER}", _is_taiwan_id)),
    (
        Kind.ID_NUMBER,
        _matching(
            rf"{_ALONE_BEFORE}(?:(?:[EGDSPHMCWL]|E[A-HJ-NP-Z])\d{{7}}|[EGDSPHMCWL]\d{{8}}|[HM]\d{{10}}){_ALONE_AFTER}"
        ),
    ),
    (
        Kind.ID_NUMBER,
        _matching(
            rf"(?:护照|護照|通行证|通行證|台胞证|台胞證|回乡证|回鄉證|居留证|永居|passport|permit)[^\dA-Za-z\n]{{0,6}}(?:号码|號碼|号|號|number|no\.?|is|[:：]|是| )*"
            rf"(?P<it>[A-Za-z]{{0,3}}\d{{7,12}}){_ALONE_AFTER}",
            flags=re.IGNORECASE,
        ),
    ),
    (Kind.CARD, _matching(rf"{_ALONE_BEFORE}{_figures('14,18', '[2-9]')}{_ALONE_AFTER}", _is_card)),
    (
        Kind.PHONE,
        _matching(
            rf"(?<!\d)(?<!\d\.)(?:(?:\+|00)?86{_GAP})?1(?:[3-9]|[ -][3-9](?=[ -]))(?:{_GAP}\d){{9}}(?!\d)"
        ),
    ),
    (Kind.PHONE, _matching(r"(?<!\d)(?:\(0\d{2,3}\)|0\d{2,3}) ?[-–—]? ?[2-9]\d{3}[ -]?\d{3,4}(?!\d)")),
    (
        Kind.PHONE,
        _matching(
            r"(?<![\d+])\+\d{1,3}(?:[ -]?\(?\d{1,4}\)?){2,5}(?!\d)", lambda figures: 9 <= len(figures) <= 15
        ),
    ),
    (
        Kind.PHONE,
        _matching(r"(?<![\d-])\(?[2-9]\d{2}\)?[-. ]\d{3}[-. ]\d{4}(?![\d-])", _is_phone_of_somebody),
    ),
    (
        Kind.PHONE,
        _matching(
            r"(?:电话|電話|手机|手機|联系方式|聯繫方式|\btel\b|\bphone(?: number)?|\bmobile|\bcall me (?:at|on)|\bmy number)(?:号码|號碼|号|號)?"
            r"(?: is|是|为|為)?[.:：]? ?(?P<it>\+?\d(?:[ -]?\d){6,13})(?!\d)",
            _is_phone_of_somebody,
            re.IGNORECASE,
        ),
    ),
    (Kind.ACCOUNT, _matching(_ACCOUNT, flags=re.IGNORECASE)),
    (Kind.ACCOUNT, _matching(_ACCOUNT_LABELLED, flags=re.IGNORECASE)),
    (Kind.ACCOUNT, _matching(_QQ, flags=re.IGNORECASE)),
    (Kind.PLATE, _matching(_PLATE)),
    (Kind.NAME, _matching(_NAMED_ZH)),
    (Kind.NAME, _matching(_CALLED_ZH)),
    (Kind.NAME, _matching(_SURNAMED_ZH)),
    (Kind.NAME, _matching(_TITLED_ZH)),
    (Kind.NAME, _matching(_NAMED_EN)),
    (Kind.NAME, _matching(_LABELLED_EN)),
    (Kind.NAME, _matching(_TITLED_EN)),
    (Kind.ADDRESS, _matching(_ADDRESS_ZH)),
    (Kind.ADDRESS, _matching(_ADDRESS_EN)),
)
"""Stricter forms first: what they take is not read again as something else."""
