"""What little English a matcher must know: stop words, common words, and stems."""

import re

STOP = frozenset(
    """a an the and or but if then so of in on at to for from by with about into onto over under up down out off as than
    is are was were be been being am do does did doing done has have had having will would shall should can could may
    might must i me my mine myself you your yours we us our ours he him his she her hers it its they them their theirs
    this that these those there here what which who whom whose when where why how all any some no not nor only own same
    such too very just also again ever yet please thanks thank hi hello hey ok okay um well im ive id ill dont doesnt
    didnt cant wont isnt arent wasnt s t d ll m re ve want need wants needs like get got gets getting know one way""".split()  # noqa: SIM905 - a list this long reads better as text
)

COMMON = frozenset(
    """able above accept across act add afraid after against age ago agree air allow almost alone along already although
    always among amount angry animal another answer anyone anything anyway apart appear area arm around arrive ask asleep
    away awful baby back bad bag ball base bath beach beat beautiful because become bed before begin behind believe below
    beside best better between beyond bill bird birth bit black blood blue board boat body book born borrow both bottle
    bottom bought bowl box boy branch bread break breakfast bring broken brother brought brown brush build building burn
    bus business busy buy cake call came camera camp capital captain car card care carry case cash cat catch caught cause
    cell center central century certain chain chair chance change charge cheap check child children choice choose church
    circle city claim class clean clear climb clock close clothes cloud club coach coast coat code coffee cold collect
    color colour come common company compare complete computer condition consider contact contain continue control cook
    cool copy corner correct cost count country couple course court cover create cross crowd cry cup current customer cut
    daily damage dance danger dark data date daughter day dead deal dear death decide deep degree deliver depend describe
    design desk detail develop die different difficult dinner direct dirty discover discuss distance doctor dog dollar
    door double doubt draw dream dress drink drive drop drove dry during dust each early earn earth easily east easy eat
    edge education effect eight either electric else email empty end energy enjoy enough enter entire equal especially
    even evening event every everyone everything exact example except excited exercise expect explain eye face fact fail
    fair fall false family famous far farm fast father favorite fear feed feel feet fell felt female few field fight
    figure fill film final find fine finger finish fire first fish fit five fix flat flight floor flow flower fly folk
    follow food foot force foreign forest forget form forward found four free fresh friend front fruit full fun funny
    game garden gas gave general girl give given glad glass goes going gone good government grand grass gray great green
    grey ground group grow guard guess guest guide half hall hand happen happy hard hat head health hear heard heart heat
    heavy height held help high hill history hit hold hole holiday home hope horse hospital hot hotel hour house however
    huge human hundred hurry hurt husband ice idea image important inch include indeed information inside instead
    interest island issue item job join joke jump keep kept key kid kill kind king kitchen knee knew knife knock known
    lady lake land language large last late later laugh law lawyer lay lead leaf learn least leave left leg legal length
    less lesson let letter level library lie life lift light likely line list listen little live load local lock long
    look lose loss lost lot loud love low luck lunch machine made mail main make male man manage many map mark market
    married matter maybe meal mean meant measure meat medical meet meeting member memory mention message met metal middle
    mile milk million mind minute miss mistake mix modern moment money month moon more morning most mother mountain mouth
    move movie much mum mom music name nation nature near nearly necessary neck neighbor neighbour neither never new news
    next nice night nine noise none noon normal north nose note nothing notice number object offer office officer often
    oil old once open opposite orange order other outside oven owner page paid pain paint pair paper parent park part
    party pass past path pay peace people perhaps period person pet phone photo pick picture piece place plan plane plant
    plate play player pocket point police pool poor popular position possible post pound power present press pretty price
    print private probably problem process produce promise proper protect proud public pull purpose push put quality
    queen question quick quiet quite race radio rain raise ran rather reach read ready real really reason receive record
    red regular relate remember rent repair repeat reply report rest result return rice rich ride right ring rise river
    road rock roll roof room round rule run sad safe said sail sale salt sand save saw say school science score sea seat
    second secret see seem seen self sell send sense sent separate serious serve service set seven several shape share
    sharp sheet ship shirt shoe shop short shot should shoulder shout show shut sick side sight sign silver simple since
    sing single sister sit six size skin sky sleep slow small smell smile smoke snow social soft sold solve someone
    something sometimes son song soon sorry sort sound south space speak special speed spend spoke sport spot spread
    spring square stage stairs stamp stand star start state stay steal step stick still stone stood stop store storm
    story straight strange street strong student study stuff style subject sudden sugar suit summer sun sunday sure
    surface swim system table take taken talk tall taste taught tax tea teach teacher team tell ten test text thick thin
    thing think third thirty those though thought thousand three threw through throw ticket tie till time tiny tired
    today together told tomorrow tonight took tool top total touch toward town toy trade train travel tree trip trouble
    truck true trust try turn twelve twenty twice two type uncle understand unit until upon use used useful usual valley
    value various view village visit voice wait walk wall war warm wash watch water wave weak wear weather week weekend
    weight went west wet wheel while white whole wide wife wild wind window wine winter wish within without woman women
    wonder wood word work world worry worse worst worth write written wrong wrote yard yeah year yellow yes yesterday
    young weren anybody nobody everybody somebody cannot gonna wanna gotta kinda cause using working looking going making
    taking coming having trying saying asking calling supposed basically actually probably currently recently""".split()  # noqa: SIM905 - as above
)

_CHAT = dict(
    pair.split("=")
    for pair in """u=you ur=your urs=yours r=are y=why n=and wat=what wht=what wats=what's whats=what's wen=when whn=when
    wer=where whr=where wher=where hw=how hows=how's k=ok pls=please plz=please plss=please plzz=please plese=please
    thx=thanks thnx=thanks tnx=thanks thanx=thanks thnks=thanks ty=thanks hv=have hav=have hve=have dnt=don't
    dont=don't cnt=can't cant=can't didnt=didn't doesnt=doesn't wont=won't isnt=isn't im=i'm ive=i've nd=and abt=about
    bcoz=because bcz=because coz=because cuz=because becoz=because msg=message msgs=messages acc=account acct=account
    amt=amount num=number nos=numbers addr=address adrs=address info=information docs=documents doc=document
    appt=appointment pic=picture pics=pictures wnt=want knw=know tel=tell gud=good hlp=help hii=hi hiii=hi helo=hello
    hlo=hello gm=morning tmrw=tomorrow tmr=tomorrow tomo=tomorrow yday=yesterday yest=yesterday mins=minutes
    hrs=hours hr=hour wk=week wks=weeks yr=year yrs=years b4=before l8r=later 2day=today 2moro=tomorrow gr8=great
    recvd=received rcvd=received rcv=receive recd=received delvry=delivery dlvry=delivery delv=delivery ordr=order
    cust=customer custmr=customer srvc=service prob=problem probs=problems prblm=problem prblem=problem qty=quantity
    discnt=discount availble=available avl=available ph=phone fone=phone mob=mobile lic=licence mtg=meeting
    shud=should cud=could wud=would ppl=people smth=something sth=something nthng=nothing evrything=everything
    wrk=work wrkng=working txn=transaction trxn=transaction trf=transfer bal=balance pmt=payment pymt=payment""".split()  # noqa: SIM905 - as above
)
"""How words are written in chats."""

_SUFFIXES = (
    ("ations", ""),
    ("ation", ""),
    ("ments", ""),
    ("ment", ""),
    ("ness", ""),
    ("ings", ""),
    ("ing", ""),
    ("ies", "y"),
    ("ied", "y"),
    ("ers", "er"),
    ("ely", "e"),
    ("ly", ""),
    ("als", ""),
    ("al", ""),
    ("ions", ""),
    ("ion", ""),
    ("ed", ""),
    ("es", ""),
    ("s", ""),
)
_VOWEL = re.compile("[aeiouy]")


def written_out(word: str) -> str:
    """Return the word that a chat spelling stands for, or `word` itself."""
    return _CHAT.get(word, word)


def stem(word: str) -> str:
    """Return `word` without its ending: not always a word, but the same for its inflections."""
    if len(word) <= 3 or not word.isalpha() or not word.isascii():
        return word
    for suffix, put in _SUFFIXES:
        if word.endswith(suffix) and not word.endswith(("ss", "us")):
            root = word[: len(word) - len(suffix)] + put
            if len(root) >= (4 if suffix in {"ly", "al", "als", "ely"} else 3) and _VOWEL.search(root):
                word = root
                break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    if len(word) > 4 and word.endswith("e"):
        word = word[:-1]
    if len(word) > 3 and word.endswith("y") and word[-2] not in "aeiou":
        word = word[:-1] + "i"
    return word
