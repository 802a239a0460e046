"""How the detector reads a message: disguises undone, then cut into pieces that are judged one by one."""

import re
import unicodedata
from collections.abc import Container, Sequence
from functools import cache, lru_cache
from itertools import pairwise

from pypinyin.pinyin_dict import pinyin_dict

from bot.text import fold

HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_LONGEST = 6_000
"""Characters that are read of one message; a longer one is read at both ends (Telegram allows 4,096)."""
_MOST_PIECES = 48
_SHORTEST_PIECE = 3
"""Tokens a clause needs to be judged alone; "的死了" by itself means nothing."""

_NEWLINES = re.compile(r"[\r\n\v\f\x85\u2028\u2029]+")
_MASKED = re.compile(
    rf"(?<=[{HAN}])[*＊x×·.\-_~/|+、\"'“”‘’#^=]+(?=[{HAN}](?:[*＊x×·.\-_~/|+、\"'“”‘’#^=]|$))"
)
_HAN_GAP = re.compile(rf"(?<=[{HAN}]) (?=[{HAN}])")
_SPELLED = re.compile(r"(?<![a-z0-9])(?:[a-z0'][ .\-_*]{1,3}){4,}[a-z0](?![a-z])")
_SPELLED_WORD = re.compile(r"(?<![a-z])(?:[a-z][.\-_*]){2,}[a-z](?![a-z])")
_LEET_WORD = re.compile(
    r"(?<![a-z0-9@$!*])(?=[a-z0-9@$!*]{0,20}[a-z])(?=[a-z]{0,20}[0-9@$!*])[a-z0-9@$!*]{3,}"
)
_LEET = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"}
)
_LONG_RUN = re.compile(r"([^\W\d_])\1{2,}")
_SENTENCE_END = re.compile(r"[。！？!?；;…]+|\.(?=\s|$)")
_CLAUSE_END = re.compile(r"[。！？!?；;…，,、:：—]+|\.(?=\s|$)| - ")
_PINYIN_RUN = re.compile(r"(?<![a-z'])[a-z]{1,6}(?: [a-z]{1,6})+(?![a-z'])")
_PINYIN_IN_HAN = re.compile(rf"(?<=[{HAN}])([a-z]{{2,6}})(?![a-z])|(?<![a-z])([a-z]{{2,6}})(?=[{HAN}])")

_RUN_TOGETHER = re.compile(r"[a-z]{8,}")
_LONGEST_RUN = 200
_LONGEST_WORD = 14
_LIKELY = "我想自杀死不活了要去跳楼轻生救命人他她你的是在有好再见结束妈爸家打刀火快来帮害怕今晚最后遗书割腕药没办法意思着累"
_CHARGED_WORDS = (
    "kill",
    "die",
    "dead",
    "death",
    "suicide",
    "suicidal",
    "murder",
    "stab",
    "rape",
    "overdose",
    "shoot",
)

# What people write to slip past filters, to save letters, or by ear. Whole words on the Latin side.
_ENGLISH = {
    "kms": "kill myself", "kys": "kill yourself", "unalive": "kill", "unaliving": "killing", "unalived": "killed",
    "sewerslide": "suicide", "sewercide": "suicide", "suiside": "suicide", "sucide": "suicide", "suicde": "suicide",
    "suicidial": "suicidal", "sucidal": "suicidal", "suicdal": "suicidal", "suicidle": "suicidal", "kil": "kill", "sui": "suicide", "selfharm": "self harm", "sh": "self harm",
    "suiciadl": "suicidal", "suicdial": "suicidal", "kmsing": "killing myself", "killin": "killing", "myslef": "myself", "mysefl": "myself", "meself": "myself", "mysen": "myself",
    "dieing": "dying", "goin": "going", "tonihgt": "tonight", "iwana": "i want to", "iwanna": "i want to",
    "wanna": "want to", "wana": "want to", "gona": "going to", "gonna": "going to", "gotta": "have to", "tryna": "trying to", "outta": "out of",
    "im": "i am", "ive": "i have", "ill": "i will", "hes": "he is", "shes": "she is",
    "theyre": "they are", "theres": "there is", "thats": "that is", "whats": "what is", "youre": "you are",
    "dont": "do not", "doesnt": "does not", "didnt": "did not", "cant": "can not", "cannot": "can not",
    "wont": "will not", "isnt": "is not", "aint": "am not", "wasnt": "was not", "couldnt": "could not",
    "wouldnt": "would not", "shouldnt": "should not", "havent": "have not", "hasnt": "has not",
    "u": "you", "ur": "your", "r": "are", "pls": "please", "plz": "please", "rn": "right now", "bc": "because",
    "cuz": "because", "cos": "because", "ppl": "people", "abt": "about", "tmrw": "tomorrow", "2nite": "tonight",
    "tonite": "tonight", "bf": "boyfriend", "gf": "girlfriend", "mum": "mother", "mom": "mother", "dad": "father",
    "mam": "mother", "someones": "someone is", "somebodys": "somebody is", "neighbour": "neighbor",
    "neighbours": "neighbors", "anymore": "any more", "alot": "a lot", "everyones": "everyone is",
}  # fmt: skip
_ENGLISH_WORD = re.compile(
    r"(?<![a-z0-9])(?:" + "|".join(sorted(_ENGLISH, key=len, reverse=True)) + r")(?![a-z0-9'])"
)
_CONTRACTIONS = (
    (re.compile(r"(?<=[a-z])-(?=[a-z])"), " "),
    (re.compile(r"\bcan't\b|\bca n't\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"\bi'm\b"), "i am"),
    (re.compile(r"\b(it|he|she|that|there|what|who|where|someone|somebody|everyone)'s\b"), r"\1 is"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'d\b"), " would"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"(?<=[a-z])'(?=[a-z])"), ""),
    (re.compile(r"\bid(?= (?:rather|be|like|love|just|kill|never|have|do|go|die)\b)"), "i would"),
    (re.compile(r"(?<=want |need |have |like )2(?= [a-z])|(?<=going )2(?= [a-z])"), "to"),
)
_LETTERS_ONLY = tuple(pair for pair in _CONTRACTIONS if "'" not in pair[0].pattern)
_LETTER_OR_DIGIT = re.compile(r"[a-z0-9]")
_CHINESE = (
    (re.compile(r"紫砂(?![壶茶杯泥器锅盆])|自s(?![a-z])|[自zi]+ ?(?:sha|鲨|刹|沙|砂|鯊)(?![拉发漠滩])"), "自杀"),
    (re.compile(r"(?<=[想要去先就])(?:4|似|鼠|亖|s|思|si|sǐ)(?=了|$|[。，！,!? 啊呀吧])|(?<=想)4(?=[你我他她])"), "死"),
    (re.compile(r"(?<=不想)(?:火|货|或)(?=了|$|下)"), "活"),
    (re.compile(r"(?<=不)(?:祥|像|香)(?=活)"), "想"),
    (re.compile(r"轻(?:声|sheng)(?=的?念头|了|$)"), "轻生"),
    (re.compile(r"玉玉"), "抑郁"),
    (re.compile(r"救(?:名|ming)"), "救命"),
    (re.compile(r"[惹辣勒叻噜](?=$|[。，！,!? ])"), "了"),
)  # fmt: skip
# Cantonese as it is typed, after traditional characters were folded: words first, then what single characters say.
_CANTONESE = {
    "而家": "现在", "听日": "明天", "寻日": "昨天", "琴日": "昨天", "寻晚": "昨晚", "琴晚": "昨晚", "老豆": "爸爸",
    "火烛": "着火", "啱啱": "刚刚", "点解": "为什么", "点算": "怎么办", "边度": "哪里", "行先": "先走", "唔使": "不用", "唔系我": "不然我",
    "落去": "下去", "落嚟": "下来", "跌低": "跌倒", "食咗": "吃了", "食晒": "吃完", "谢晒": "谢", "唔该": "麻烦",
    "咁样": "这样", "心口痛": "胸口疼", "冇晒": "没了",
}  # fmt: skip
_CANTONESE_WORD = re.compile("|".join(_CANTONESE))
_CANTONESE_SIGN = re.compile(
    "[唔咗嘅佢冇啲哋嚟攰嗰俾畀喺瞓嗌揾搵咁嘢啱睇晒喇]|而家|听日|老豆|火烛|[寻琴][日晚]|落去|跌低"
)
_CANTONESE_CHARACTER = str.maketrans(
    "唔咗嘅佢冇啲哋嚟攰嗰俾畀喺瞓嗌揾搵咁啱睇喇系", "不了的他没些们来累那给给在睡喊找找这刚看了是"
)


def clean(text: str) -> str:
    """Return `text` as the detector reads it: folded, without disguises; "。" stands for a line break."""
    if len(text) > _LONGEST:
        text = text[: _LONGEST * 2 // 3] + "\n" + text[-_LONGEST // 3 :]
    text = fold(_NEWLINES.sub("。", text))
    if not text.isascii():
        text = "".join([character if _is_kept(character) else " " for character in text])
        text = " ".join(text.split())
    text = _LONG_RUN.sub(r"\1", text)
    text = text.replace("’", "'").replace("‘", "'").replace("`", "'")
    if not text.isascii():
        text = _MASKED.sub("", text)
    if _LETTER_OR_DIGIT.search(text):
        text = _plain_latin(text)
    if _CANTONESE_SIGN.search(text):
        text = _CANTONESE_WORD.sub(lambda found: _CANTONESE[found[0]], text).translate(_CANTONESE_CHARACTER)
    for pattern, plain in _CHINESE[:1] if text.isascii() else _CHINESE:
        text = pattern.sub(plain, text)
    return text


def _plain_latin(text: str) -> str:
    """Return `text` with what is written in Latin letters and digits spelled out."""
    text = _SPELLED.sub(lambda run: re.sub(r"[ .\-_*']", "", run[0]), text)
    text = _SPELLED_WORD.sub(lambda run: re.sub(r"[.\-_*]", "", run[0]), text)
    text = _LEET_WORD.sub(_plain_word, text)
    if not text.isascii() and _PINYIN_IN_HAN.search(text):
        text = _CHINESE[0][0].sub("自杀", text)
        text = _PINYIN_IN_HAN.sub(lambda found: _syllable_character(found[1] or found[2]) or found[0], text)
    text = _PINYIN_RUN.sub(_han_from_pinyin, text)
    for pattern, plain in _CONTRACTIONS if "'" in text else _LETTERS_ONLY:
        text = pattern.sub(plain, text)
    return _ENGLISH_WORD.sub(lambda found: _ENGLISH[found[0]], text)


def pieces(text: str) -> list[str]:
    """Return what is judged of a cleaned `text`: the whole first, then its sentences and clauses."""
    found: dict[str, None] = {_HAN_GAP.sub("", text): None}
    for sentence in _SENTENCE_END.split(text):
        _add(sentence, found)
        clauses = _CLAUSE_END.split(sentence)
        if len(clauses) > 1:
            for clause in clauses:
                _add(clause, found)
            for before, after in pairwise(clauses):
                _add(before + "," + after, found)
        spaced = [part for clause in clauses for part in _HAN_GAP.split(clause)]
        if len(spaced) > len(clauses):
            for part in spaced:
                _add(part, found)
        if len(found) > 4 * _MOST_PIECES:
            break
    ordered = list(found)
    if len(ordered) > _MOST_PIECES:
        ordered = ordered[: _MOST_PIECES * 2 // 3] + ordered[-_MOST_PIECES // 3 :]
    return ordered


def sentences(read: Sequence[str]) -> list[int]:
    """Return, for each of the `pieces` of a message, the place of the sentence it stands in; its own if in none."""
    whole = [at for at, piece in enumerate(read) if not _SENTENCE_END.search(piece)]
    return [
        max(
            (other for other in whole if piece in read[other]), key=lambda other: len(read[other]), default=at
        )
        for at, piece in enumerate(read)
    ]


def divide(text: str, words: Container[str]) -> str:
    """Return cleaned `text` with letters run together ("iwanttodie") cut into `words`, where they all fit."""
    return _RUN_TOGETHER.sub(lambda run: _divided(run[0], words), text)


def same_sound(text: str) -> str:
    """Return `text` with each Chinese character replaced by one that stands for its sound, tones aside."""
    return text if text.isascii() else text.translate(_sounds()[0])


def tokens(text: str) -> list[str]:
    """Return the words, Chinese characters, numbers and question marks of `text`."""
    return _TOKEN.findall(text)


_TOKEN = re.compile(rf"[{HAN}]|[a-z]+|[0-9]+|[?？]")


def _divided(run: str, words: Container[str]) -> str:
    """Return `run` as the fewest words that make it up, or as it stands; "is on" rather than "i son"."""
    if run in words or len(run) > _LONGEST_RUN:
        return run
    best: list[tuple[int, list[str]] | None] = [(0, [])]
    for end in range(1, len(run) + 1):
        choice: tuple[int, list[str]] | None = None
        for start in range(max(0, end - _LONGEST_WORD), end):
            before = best[start]
            cost = 3 if end - start == 1 else 2
            if before is None or (choice is not None and before[0] + cost >= choice[0]):
                continue
            word = run[start:end]
            if word in words or (len(word) > 3 and word in _ENGLISH):
                choice = (before[0] + cost, [*before[1], word])
        best.append(choice)
    found = best[-1]
    return run if found is None else _ENGLISH_WORD.sub(lambda word: _ENGLISH[word[0]], " ".join(found[1]))


def _add(piece: str, found: dict[str, None]) -> None:
    piece = _HAN_GAP.sub("", piece).strip(" ,，")
    if len(tokens(piece)) >= _SHORTEST_PIECE:
        found[piece] = None


@lru_cache(maxsize=65_536)
def _is_kept(character: str) -> bool:
    """Return whether `character` says something; emoji, ornaments and stray marks do not."""
    category = unicodedata.category(character)
    return (
        category[0] in "LNPZ"
        or (category[0] == "M" and category not in {"Mn", "Me"})
        or character in "+|~^$="
    )


def _plain_word(found: re.Match[str]) -> str:
    word = found[0]
    if "*" in word:
        pattern = re.compile(
            word.replace("*", "[a-z]{0,3}").replace("$", "s").replace("@", "a").replace("!", "i") + "$"
        )
        for charged in _CHARGED_WORDS:
            if len(word) >= len(charged) - 2 and pattern.match(charged):
                return charged
        return word.replace("*", "")
    plain = word.translate(_LEET)
    # "b12", "g20", "2nd" are not disguises: a digit must stand inside letters.
    return plain if re.search(r"[a-z][0-9@$!]+[a-z]", word) else word


def _han_from_pinyin(run: re.Match[str]) -> str:
    """Return the characters of a message typed as pinyin syllables; leave English alone."""
    syllables = run[0].split()
    known = _sounds()[1]
    if len(syllables) < 3 or not all(syllable in known for syllable in syllables):
        return run[0]
    english = sum(syllable in _ENGLISH_SYLLABLES for syllable in syllables)
    return run[0] if english * 2 > len(syllables) else "".join(known[syllable] for syllable in syllables)


_ENGLISH_SYLLABLES = frozenset(
    [
        "a",
        "an",
        "ban",
        "bang",
        "can",
        "die",
        "dang",
        "fan",
        "fang",
        "gang",
        "hang",
        "he",
        "hen",
        "long",
        "lie",
        "me",
        "men",
        "man",
        "mane",
        "mango",
        "nine",
        "pan",
        "pang",
        "pie",
        "pin",
        "ping",
        "ran",
        "rang",
        "run",
        "sang",
        "she",
        "song",
        "sun",
        "tan",
        "tang",
        "ten",
        "tie",
        "wan",
        "wen",
        "you",
        "to",
        "do",
        "so",
        "no",
        "we",
        "be",
        "i",
        "is",
        "us",
        "am",
        "o",
        "e",
        "ha",
        "hi",
        "lai",
        "la",
        "long",
        "lang",
        "lone",
        "pen",
        "pets",
        "pea",
        "tea",
        "teen",
        "fen",
        "den",
        "then",
        "kin",
        "bin",
        "chin",
        "gun",
        "fun",
        "tun",
        "bun",
        "nun",
        "pun",
        "sha",
        "shed",
        "shun",
        "sang",
        "sing",
    ]
)


def _syllable_character(word: str) -> str | None:
    return _sounds()[1].get(word) if word not in {"he", "me", "a", "o", "e", "app", "an", "die"} else None


@cache
def _sounds() -> tuple[dict[int, str], dict[str, str]]:
    """Return the sound table: character → the one that stands for its syllable; syllable → that character."""
    standing: dict[str, str] = {}
    table: dict[int, str] = {}
    for code, readings in sorted(pinyin_dict.items()):
        if not 0x4E00 <= code < 0xA000:
            continue
        table[code] = standing.setdefault(_syllable(readings), chr(code))
    # A syllable typed in letters is read as the character that matters here, where there is one.
    likely = {_syllable(pinyin_dict[ord(character)]): character for character in reversed(_LIKELY)}
    return table, standing | likely


def _syllable(readings: str) -> str:
    plain = unicodedata.normalize("NFD", readings.split(",", maxsplit=1)[0])
    return "".join(letter for letter in plain if letter.isascii() and letter.isalpha())
