"""What a piece of text speaks of, in broad strokes: word families that let the detector learn from few phrases.

A family is evidence, never a verdict: "dead" alone says nothing, "dead" beside "my phone" says less. The model
weighs families, and pairs of them, like any other feature.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from bot.urgent.events import EVENTS
from bot.urgent.reading import HAN

_BOUNDARY = r"\b"
_FAMILIES: dict[str, tuple[str, str]] = {
    # name: (Chinese, English); matched on cleaned text, English ones from the start of a word
    "self": (r"我|本人|俺|咱", r"\b(?:i|me|my|myself|mine|we|us|our)\b"),
    "other": (
        r"有人|[他她]|朋友|同学|室友|闺蜜|同事|女儿|儿子|孩子|妈|爸|老公|老婆|丈夫|媳妇|妻|男友|女友|男朋友|女朋友|弟|妹|哥|姐|邻居|网友|女孩|姑娘|小伙|主播|学生|侄|叔|姨|爷爷|奶奶|外婆|老人|大爷|阿姨|女的|男的|女子|男子|隔壁|对门|楼上的|博主|群里|对象|爱人|同桌|租客|舅|表[弟妹哥姐]|前夫|前妻|前任|老乡|群友|粉丝|乘客|老伴|婆婆|岳",
        r"\b(?:he|she|they|him|her|them|friend|roommate|flatmate|classmate|colleague|coworker|daughter|son|mother|father|parents|husband|wife|girlfriend|boyfriend|brother|sister|neighbor|neighbors|girl|boy|guy|man|woman|lady|kid|child|student|cousin|nephew|niece|ex|someone|somebody|streamer|teammate|uncle|aunt|grandma|grandmother|grandpa|grandfather|grandad|granddad|gran|nan|granny|stepdad|partner|mate|buddy|pal|bro|bestie|teen|teenager|tenant|landlady|bloke|lad|employee|passenger|pupil|person|fiance)\b",
    ),
    "vulnerable": (
        r"孩子|小孩|宝宝|婴儿|娃|孕妇|老人|大爷|大妈|奶奶|爷爷|外婆|外公|老太|岁的|幼儿|残疾",
        r"\b(?:baby|babies|child|children|kid|kids|toddler|infant|grandma|grandmother|grandpa|grandfather|elderly|pregnant|year old|old (?:man|woman|lady)|newborn|boy|girl)\b",
    ),
    "suicide": (
        r"自杀|轻生|自尽|寻短见|短见|寻死|求死|自我了断|自缢|一死了之|死给|死意|死法|收尸|速死|上吊|吊死|烧炭|绝命|死得(?:体面|快|痛快|没有痛苦)|怎么死|捅了?自己|点(?:了)?自己|自焚|死(?:在|给)你们",
        r"suicid|\bkill(?:ing|ed|s)? (?:my|him|her|them|your)sel|\b(?:end|ending|take|taking|took|ended) (?:my|his|her|their) (?:own )?(?:life|lives)|\bend(?:ing)? it(?: all)?\b|\bmy own (?:life|death)\b|\b(?:hang(?:ed|ing)? (?:myself|himself|herself|themselves)|ways? to die|how to die|noose|slit(?:ting)? my|shoot(?:ing)? (?:myself|himself|herself)|collect my body|stab(?:bed|bing)? (?:himself|herself|myself)|light(?:ing)? myself|set myself on fire|trigger|self immolat\w*|unalive|overdos\w+)\b",
    ),
    "deathwish": (
        r"不想(?:再|要)?活|不活了|活不下去|活够|想死(?!你|我|他|她|人)|想去死|要死(?:在|给)|去死|死了算|死掉|死了就|不如死|死的念头|怎么死|不想要这条命|想离开(?:这个|这)?(?:世界|人世)|活着(?:没|太|真|是|好)|没有勇气活|不配活|不愿(?:意)?活|不想过了|在人世|满脑子.{0,5}死|(?:打算|准备|决定)(?:去)?死|没?不打算(?:再)?活|活不到|撑不到",
        r"\b(?:want|wanted|wants|wish|wishing|ready|like|rather|would) (?:to )?(?:be )?(?:die|dead|dying)\b|\bwas dead\b|\bi(?: had| would)? died\b|\bnot (?:want to |wanna )?(?:live|be alive|exist|be here|wake up|living)\b|\blet me die\b|\bnot be alive\b|\bstop (?:living|existing)\b|\b(?:will|reason|reasons) to (?:live|stay)\b|\bbetter off dead\b|\bhow i would die\b|\b(?:want|wanting|wish|wishing|hoping|begging|waiting|praying|asking) (?:\w+ ){0,3}to (?:die|be dead)\b|\bways to die\b|\benough of (?:living|life|being alive)\b|\bhate being alive\b|\bdie together\b|\bwill die tonight\b",
    ),
    "dieword": (
        r"死|亡|尸|遗体|命案|丧",
        r"\b(?:die|died|dies|dying|dead|death|deaths|kill|killed|killing|kills|murder|deceased|fatal)\b",
    ),
    "selfharm": (
        r"自残|自伤|割腕|割脉|割自己|划自己|伤害自己|割了|划了|往自己|手腕|(?:做|干)出?(?:傻事|糊涂事)|划(?:伤|破)|割(?:伤|破)|烫自己|勒自己|刀片|美工刀|撞(?:墙|死)|掐自己|扎自己|血(?:都|全)是我自己",
        r"\bself harm|\b(?:hurt|harm|cut)(?:ting|ing)? (?:my|him|her|them)sel|\bcut (?:too )?deep|\bher cuts\b|\b(?:my|her|his) (?:wrist|wrists|arms)\b|\brazor|\bblade|\b(?:slash\w*|slit|slic\w+) (?:my|his|her|their)\b|\boff myself\b|\bdo to myself\b|\bdo something (?:stupid|bad|silly|terrible)\b|\btrust myself\b|\bdark thoughts\b|\b(?:burn(?:ing|ed)? myself|chok(?:e|ing) myself|bash my head|razor|used the blade|scratch(?:ing)? myself|starv(?:e|ing) myself)\b",
    ),
    "note": (
        r"遗书|遗言|遗嘱|告别信|一封信|字条|纸条|临终|遗物",
        r"\bnote\b|\bletters?\b|\bgoodbye (?:post|message|video)|\bmy will\b",
    ),
    "farewell": (
        r"再见|永别|告别|道别|保重|下辈子|来生|来世|别找我|不用找我|不要找我|勿念|先走|最后一次|最后一天|最后一晚|最后一条|别难过|别哭|对不起|原谅|谢谢(?:大家|你们|所有|陪伴)|不孝|[告道]个?了?别|忌日|清明来看|束花|后会无期|珍重|再也不见|就到这(?:里|儿)?(?:吧|了)|没法陪|不能陪",
        r"\b(?:goodbye|farewell|so long|forgive me|sorry for everything|last (?:message|post|night|day|time|text|words)|by the time you read|look for me|tell (?:my|them|mother|her|him|everyone)|love you all|miss me|thanks? (?:you )?for (?:everything|being)|remember me|am sorry for|so sorry for leaving|he is sorry|she is sorry)\b",
    ),
    "beyond": (
        r"下辈子|来生|来世|另一个世界|天堂|黄泉|九泉|投胎|转世|忌日|遗照|身后|人间|黄泉|黑白|骨灰|灵堂|寿衣|遗像|坟|去找(?:我)?(?:妈|爸|奶奶|爷爷|她|他)|见(?:我)?(?:妈|奶奶|爷爷)去",
        r"\b(?:next life|other side|heaven|afterlife|in another life|funeral|my grave|after i die|still around|be around|not around|around (?:next|for|by))\b|\b(?:obituary|ashes|headstone|burial suit|other life|home to god|join(?:ing)? (?:him|her|them)|see (?:my|her|him) (?:late|dead)|with (?:my|her|his) (?:dead|late))\b",
    ),
    "burden": (
        r"累赘|拖累|连累|包袱|负担|多余|麻烦(?:你们|大家|别人|各位|任何人)|没(?:有)?我|不需要我|不值得|没用的人|添.{0,4}麻烦|少了我|麻烦(?:家里|爸妈)|(?:替|为)我.{0,3}(?:花钱|操心|难过)|没我也|我这样的人",
        r"\bburden|\bbetter (?:off )?without me|\bwithout me\b|\bworthless|\buseless\b|\bwaste of space|\bdeserve|\bmistake\b|\bproblem any more\b|\bweight on (?:you|them)\b|\bpoison to\b|\bmess to deal\b|\bget over me\b",
    ),
    "exhausted": (
        r"[撑熬扛坚持挺走挨]不(?:住|下去|了|到|动)|好累|太累|累了|力气|受够|够了|尽力|走不动|崩溃|绝望|痛苦|折磨|失去|煎熬|尽头",
        r"\bcan not (?:do this|go on|take|keep|carry on|hold on|see|face|live|survive)\b|\btired of\b|\bexhausted\b|\b(?:am|so|i am) (?:so )?done\b|\bgive up\b|\bgiven up\b|\bnothing left\b|\bno strength\b|\bhopeless\b|\bthe pain\b|\bin pain\b|\bend of my rope\b|\bpretending\b|\bready to (?:stop|go|let go)\b|\bso loud\b|\bsleep can not fix\b|\bone way (?:out|to)\b|\bhave it in me\b|\brun out of\b|\bat the end\b",
    ),
    "nohope": (
        r"没(?:有)?(?:什么)?(?:希望|意思|意义|未来|盼头|明天|退路|出路|路可走|奔头|留恋|牵挂|价值|活路|理由)|看不(?:到|见)|走投无路|没人(?:在乎|会在乎|记得)|无所谓了|没什么好|救不了我|谁也|盼头|半点希望|还能(?:坚持|撑)多久|为什么要活|(?:可能|怕自己|怕我|有点|要|我)会?想不开|看不到.{0,3}(?:希望|光)|还?有(?:什么|啥)(?:意思|意义)|没(?:有)?(?:一个)?(?:人|谁).{0,2}(?:需要|在乎|要我|拉得住|会想我)|没(?:有)?.{0,2}一?点光|什么都没(?:有)?感觉|行尸走肉|空壳|深渊|怎么还不收我|不来接我|不(?:配|该)(?:存在|出生|活|来|当人)|没(?:有)?出生|生下来|没来过|没人(?:会)?(?:发现|注意|想起|记得)|少我一个|生无可恋|不想要了|不想努力|没什么可等|撑(?:不)?到",
        r"\bnot see (?:a |any |my |another )?(?:future|tomorrow|way out|way through|point|reason to (?:live|stay|go)|light|myself|morning)\b|\bno (?:hope|point|future|way out|reason to|one cares|one would|one is coming)\b|\bnobody (?:cares|would|is coming)\b|\bpointless\b|\bwhat is the point\b|\bnothing (?:matters|is keeping|to live)\b|\bworth (?:it|living)\b|\breasons? (?:to (?:live|stay|keep|go on)|left)\b|\bout of reasons\b|\bnever (?:get|gets) better\b|\bwhat is the point of (?:going on|carrying on|even|tomorrow|any|this|living|me)\b|\bno way forward\b|\bno (?:place|room|space) for me\b|\b(?:holding|keeping) me here\b|\b(?:nobody|no one) can (?:help|save|reach) me\b|\bnot matter\b|\btoo late for me\b|\bfeel (?:empty|nothing)\b|\bhopeless\b|\b(?:no one|nobody) needs me\b|\bnot need me\b|\b(?:never (?:been|was) born|should not (?:be here|exist|have been born)|taking up space|not belong|not fit|nobody would (?:notice|miss|file|care)|no tomorrow|no (?:reason|use) (?:for|of|in) me|can not be fixed|point of me|use of me|already dead|dead inside|not worth)\b",
    ),
    "finish": (
        r"结束|了结|了断|解脱|一了百了|消失|离开|走了|到此为止|休息|退场|放手|离去|(?<!人)没了|不在了|不存在|安静地|安安静静|悄悄|终点|到头了|没人打扰|停下(?:来|一切)|让一切停|踏实上路|上路了|不想回去了?$|没几天了|没(?:有)?多(?:久|少日子)|不怕了",
        r"\b(?:disappear|vanish|i am gone|be gone|was gone|be over|is over|at peace|peaceful|let go|letting go|leave this world|forever|for good|fade|checking out|not exist|i am out|end this|leaving this world|one way (?:this|it) ends|ends (?:only )?one|only ends one|make it stop|end the pain|it to stop|all to stop|not be here|going to be here|coming back|another sunrise|see the morning|fading|go on this long|be finished)\b",
    ),
    "neverwake": (
        r"不(?:再|会|要|用|想)?醒|别醒|醒不|永远睡|一直睡|睡过去|睡下去|长睡|睡着.{0,6}不|闭(?:上)?眼|能一直睡|睡不起来|一觉不起|(?:看|等)到?明[天早]的?(?:太阳|到来|来)|明天的太阳",
        r"\b(?:never|not) (?:have to )?wake\b|\bnot waking\b|\bsleep forever\b|\bgo to sleep and\b|\bwent to sleep\b|\bcome up for air\b",
    ),
    "afterme": (
        r"我走(?:了|以后|之后|后)|我不在|没了我|我死|照顾(?:好)?(?:我|自己|孩子|爸|妈)|托付|交代|后事|密码|存折|存款|遗产留|银行卡|送人|安排好|清空|以后(?:你|谁|就)|我的任务|停机|这个号|账号今后|保险单|攒.{0,4}药|药.{0,4}攒|别吓|不要吓|惊动|写好了|写下来了|交接|放不下|自己要好好|发现我|找到我|收尸|器官|遗体|喂一下|收养|领养走|麻烦谁|转给(?:我)?(?:妹|弟|妈)|打包好|写了谁|清空|注销了|盖块布",
        r"\b(?:when|after|once|if) i am (?:gone|not)\b|\b(?:look after|take care of|feed|give) (?:my|her|his)\b|\bpasswords?\b|\benvelope\b|\bgave away\b|\bgiving away\b|\baffairs\b|\b(?:i|he|she) will not (?:be|need)\b|\bwill not need (?:it|her|him|them)\b|\bwhoever finds\b|\bfinished (?:the|my) letters\b|\bnot around\b|\bbank details\b|\bjoin (?:my|her|him)\b|\bin order\b|\b(?:given|handed|signed|gave) (?:\w+ ){1,3}(?:away|over)\b|\bletters are\b|\b(?:insurance|money) (?:would|will|still)\b|\bon purpose\b|\bsaving (?:up )?(?:my )?(?:pills|medication|tablets)\b|\bclean up after me\b|\bfinished (?:before|by then)\b|\bcancelled everything\b|\bcoming to see you\b|\b(?:finds|find) me and not\b|\bdonate my body\b|\bwith (?:my mother|my father|her|him) (?:again|soon)\b|\b(?:find(?:s)? me|found me|my body|donate my|organs|obituary|boxed up|labelled|whoever (?:clears|cleans|finds)|take him after|take my (?:dog|cat)|for the arrangements|cover me)\b",
    ),
    "edge": (
        r"楼顶|天台|顶楼|桥|江边|河边|江里|河里|栏杆|护栏|窗台|窗边|阳台|悬崖|铁轨|屋顶|轨道|楼上",
        r"\b(?:roof|bridge|ledge|edge|railing|rail|balcony|cliff|cliffs|tracks|platform|looks? (?:peaceful|calm|soft|quiet)|from up here|window ?sill|guard rail|railway|river|rooftop)\b",
    ),
    "posture": (
        r"站在|坐在|翻过|翻出|爬上|爬到|徘徊|走来走去|跨出|外面坐|外面站",
        r"\b(?:standing|sitting|climbed|climbing|hanging|leaning|legs out|going over|looking down)\b",
    ),
    "jump": (
        r"跳(?:楼|河|江|桥|下|海|湖|轨|进|了)|往下跳|要跳|想跳|从.{1,6}(?:跳$|下去)|冲下(?:桥|悬崖|去)|跳下",
        r"\bjump(?:ed|ing|s)?\b|\b(?:step in front|stepping in front|drive (?:off|into)|driving (?:off|into)|off the (?:roof|bridge|cliff|building))\b",
    ),
    "pills": (
        r"安眠药|药片|整瓶|一瓶药|吞(?:了|下|药)|吃(?:了)?(?:很多|好多|大量|过量|一(?:大)?把|一瓶|一板)|农药|攒药|喝药|吃药|服药|药走|百草枯|敌敌畏|洁厕灵|药.{0,4}下肚|过量|一板|胰岛素.{0,4}不|停(?:了)?药|药停",
        r"\b(?:pills?|tablets?|overdos\w*|sleeping pills)\b|\b(?:weedkiller|pesticide|insecticide|paracetamol|stopped (?:my|his|her|taking) (?:meds|medication|insulin|dialysis)|packets|bottle of vodka)\b",
    ),
    "body": (
        r"血|受伤|动不了|(?<![卷跑学写吃爬搬改走拖拉抢打推转爱])不动|骨折|昏|晕|倒地|倒在|躺(?:在)?地|没(?:有)?(?:呼吸|心跳|反应|意识)|叫不醒|抽搐|胸口|心脏|喘|呛|噎|烫伤|中毒|触电|不行了|发紫|口吐|烧伤|摔(?:倒|下|伤)|歪(?:倒|嘴)|肿|剧痛|要生了|羊水|骨头|抽过去|打滚|起泡|全是泡|割到|扎(?:穿|进|到)|压(?:了|断|到)手|雷劈|脉(?:搏|很弱)|冒沫|不认人|叫不太醒|冻僵|吐血|误(?:食|喝)|没哭|没知觉|说话含糊|中风|心梗|大出血|鼻血|咳血|呼噜声很怪|难产|捅了?|直挺挺",
        r"\b(?:blood|bleed\w*|injur\w+|hurt|unconscious|collapsed?|not (?:moving|breathing|responding|waking)|passed out|faint\w*|breathe?|breathing|chest pains?|heart attack|stroke|seizure|chok\w+|swallowed|poison\w*|burned|broken (?:leg|arm|bone|bones|rib|ribs|neck|back|nose|ankle|wrist|hip)|numb|swelling|swollen|floppy|unresponsive|labor|bitten|electrocuted|on the (?:ground|floor)|grey|blue)\b|\b(?:scald\w*|blister\w*|bone|stabbed|wound\w*|pulse|stung|foam\w*|artery|spurt\w*|slump\w*|keel\w*|convuls\w*|purple|lightning|threw up|throwing up|slur\w*|gasping|limp|crush(?:ed|ing)|gushing|burns|heartbeat|fit in the|electric shock|wheez\w*|having a (?:stroke|fit))\b",
    ),
    "fire": (
        r"着火|起火|失火|火(?!车|锅|爆|腿|龙果|炬|化)|浓烟|冒烟|黑烟|烧|煤气|燃气|液化气|爆炸|泄漏|一氧化碳|冒火|炸(?:了|开|药)|氨(?:味|气)|嘶嘶|火(?:花|苗)|(?:引|点)着|刺鼻|毒气|臭鸡蛋",
        r"\b(?:fire|fires|flames?|smoke|smoking|burning|burn|gas|explosion|exploded|leak|leaking|carbon monoxide)\b|\b(?:blew up|blown up|hissing|sparks|sparking|ammonia|chlorine|toxic|fumes|wildfire|explod\w+|monoxide|ablaze|rotten eggs)\b",
    ),
    "violence": (
        r"打我|打人|打(?:孩子|老婆|妈|他|她)|殴|砍|捅|持刀|拿刀|菜刀|刀|枪|抢(?:劫|我|走|包)|家暴|掐|威胁|杀(?:了|我|人)|强奸|猥亵|侵犯|斗殴|打起来|打群架|动手|惨叫|喊救命|绑架|劫持|霸凌|揍|斧|砸(?:门|店|东西|我|了)|剁|钢管|铁棍|砖头|针扎|灌(?:药|酒)|扒光|脱.{0,6}(?:衣|裤|女孩)|非礼|泼.{0,3}(?:油|酸|汽油)|汽油|扬言|打死|按在地上|绑(?:了|在|着|起)|赎金|人质|欺负|拽|拖(?:进|走|上)|掏出|抢",
        r"\b(?:hit|hits|hitting|beat\w*|attack\w*|stab\w*|knife|knives|gun|shots?|shooting|robbed|robber\w*|mugged|threat\w*|assault\w*|rap(?:e|ed|ing)|chok\w+|strangl\w+|punch\w*|machete|weapon|scream\w*|abus\w+|violent|fight|smashing|jumped my|hammer|grop\w+)\b|\b(?:axe|blade|hacking|hack|trashing|shooter|rifle|pointed a|undress\w*|stripped|jabbing|tied (?:up|me)|chained|bats|sticks|ransom|kidnap\w*|abduct\w*|molest\w*|petrol|acid|pushed me|being robbed|killing (?:me|her|him|us)|going to kill (?:me|her|him|us|his)|drugged|drugs? in|on top of (?:me|her)|forc(?:ed|ing))\b",
    ),
    "intrusion": (
        r"撬|砸门|踹门|闯(?:进|入)|入室|小偷|进贼|屋里有人|撞门|敲门|门外|硬进|猫眼|院子里.{0,6}(?:光|人|动静)|顶着门|(?:开|进).{0,3}我(?:家|房间)|溜进|有脚步|玻璃碎",
        r"\b(?:break\w* in\w*|broke in\w*|intruder|burglar\w*|get(?:ting)? in|kick\w* (?:down|in)|at (?:the|my) door|banging|smashing the door|outside my)\b|\b(?:peephole|torchlight|back door|in my (?:room|yard|garden|kitchen)|footsteps|glass break\w*|breaks? in|against the door|came into my)\b",
    ),
    "follow": (
        r"跟着我|尾随|跟踪|跟了|追(?:我|着|赶)|堵(?:住|在)(?:我|门)|围住|贴着我|跟了我|(?:车|人).{0,6}(?:停|守|等)在我家|定位.{0,6}(?:我|楼下)|盯(?:上|着)我|知道我(?:住|搬)",
        r"\b(?:follow(?:ing|ed|s)? (?:me|us|her)|stalk\w*|chas(?:ing|ed)|walking behind|surround\w*|blocking my)\b|\b(?:tail(?:ed|ing)|tracker|outside my (?:house|building|door|window|flat)|waiting for (?:me|her) outside|knows where i)\b",
    ),
    "missing": (
        r"走丢|走失|走散|不见|失踪|找不(?:到|着)|没回(?:来|家)|被抱走|带走|丢了|没影|没到家|出去.{0,8}小时|抱走|抢走|拐|失联|没了$|留了张|人没了|光着脚",
        r"\b(?:missing|disappeared|can not find|wandered|lost|not come (?:back|home)|taken|took my|grabbed my|walked out|wandering)\b|\b(?:vanish\w*|walked off|left in|never (?:came|got) home|not home|nowhere to be|lost my (?:son|daughter|grandson|child|kid|mother|father)|slipped away|by force)\b",
    ),
    "water": (
        r"落水|溺水|淹|水里|河里|湖里|塘里|沉(?:下去|了)|洪水|涨水|进水|积水|掉(?:进|到|入).{0,3}(?:水|河|江|湖|井|塘)|漂(?:着|走|到)|沙洲|山洪|冰窟|冰面|深水|河中间|扑腾|水涨|往.{0,3}海漂",
        r"\b(?:drown\w*|flood\w*|sinking|under ?water|went under|fell (?:in|into|through)|swimmer|the (?:river|lake|water|sea|canal|pier))\b|\b(?:floating|current|swept|drifting|deep end|flash flood|under the ice|ice hole|capsiz\w*|taking on water|bottom of the pool|water is (?:up|rising))\b",
    ),
    "trapped": (
        r"困|卡(?:在|住)|锁(?:在|了|死|我)|关(?:在|我|起)|出不(?:来|去)|不让(?:我|走|下)|下不(?:来|去)|控制|扣(?:了|住)|囚禁|传销|压(?:着|住)|埋|反锁|冷库|吊篮|挂(?:着|在)|悬(?:在|空)|陷(?:在|进)|拔不出|绞(?:住|进|到)|夹(?:住|在)|埋|看着不让|锁着大门",
        r"\b(?:trapped|stuck|locked|can not get out|not let|held|hostage|pinned|crushed|buried|under it|rubble|out of the (?:apartment|flat|house))\b|\b(?:wedged|dangling|hanging|snapped|stranded|locked in|locked up|got stuck|cannot get down|get down|shut in|cornered|caught in|won t let)\b",
    ),
    "crash": (
        r"车祸|撞|翻车|追尾|碾|侧翻|肇事|事故|失控|逆行|刹(?:车失灵|不住)|轮(?:下|子里)|车底|冲(?:进|出护栏)|(?:砸|撞)(?:穿|进)|道口|翻(?:了|沟)|摔沟|辆车",
        r"\b(?:crash\w*|accident|collision|hit by|ran (?:over|into)|run over|knocked down|overturned|flipped|rolled|hit and run|pile up|ditch)\b|\b(?:brakes|plough\w*|plow\w*|windscreen|dragged|pinned|came off my|level crossing|motorway|pavement|reversed over|into the (?:river|ditch|crowd)|jack ?knif\w*)\b",
    ),
    "collapse": (
        r"塌|倒塌|垮|滑坡|泥石流|坠(?:落|下)|掉下来|电梯",
        r"\b(?:collapsed|came down|landslide|scaffolding|elevator|lift|fell off|fell from|falling)\b",
    ),
    "help": (
        r"救命|救救|快来|求救|来人|求助|帮帮|救护车|帮我报警|快(?:点|派|帮)|紧急|怎么办|派人|派个人|救我|救人|出人命|撑不(?:了|住)多久|来不及",
        r"\b(?:help|hurry|send|ambulance|emergency|please come|quick|urgent|urgently|need someone|save|sos|what do i do|check on)\b|\b(?:come quick|rescue|can not hold on|going to die|sos|mayday)\b",
    ),
    "now": (
        r"正在|刚才|刚刚|现在|马上|刚|还在|今晚|今天|此刻|在(?:打|砸|喊|哭|烧|冒|撬|追)|突然|一直在",
        r"\b(?:right now|now|just|tonight|still|minutes ago|currently|is \w+ing|are \w+ing|suddenly|this minute|today)\b",
    ),
    "silent": (
        r"联系不上|关机|失联|不接|打不通|没(?:有)?(?:消息|回信)|不回(?:消息)?|删了|退群|拦不住|不肯",
        r"\b(?:not answer\w*|not pick\w* up|picking up|turned off|went silent|stopped answering|hung up|not come out|hard to reach|not (?:been )?seen|blocked everyone|ran off)\b",
    ),
    "say": (
        r"说|发(?:了|消息|来|语音|给)|写(?:了|着)|留(?:言|下|了)|念叨|扬言|告诉",
        r"\b(?:says?|said|saying|told|texted|texts|posted|posts?|wrote|writes|sent|messaged|talking about|voicemail|keeps)\b",
    ),
    "illness": (
        r"抑郁|双相|焦虑|精神|产后",
        r"\b(?:depress\w+|bipolar|anxiety|drinking|self esteem|mental)\b",
    ),
    "fear": (
        r"害怕|好怕|很怕|担心|我怕|不敢|心慌|发慌|怀疑",
        r"\b(?:scared|afraid|terrified|worried|fear|panicking|frightened)\b",
    ),
    # Frames: the same words said for another reason.
    "asking": (
        r"怎么(?:办理|申请|补|查|走|领|换|报|开|处理|投诉|收费|预约|缴|考|算|赔|判)|哪(?:里|儿|个|些)|多少|多久|几(?:点|天|号|次)|吗|要不要|能不能|可以.{0,8}吗|怎么(?:防|避免|教|评|定|写|取消|认)|找谁|什么(?:材料|手续|时候|条件|意思|规定)|请问|如何|会罚",
        r"\b(?:how (?:do|can|much|many|long|often|to|far|old)|where (?:can|do|is|are)|can (?:i|we|you)|do (?:i|we) (?:need|have)|what (?:time|documents|is|are|should)|which|when (?:does|is|will|do|was|did)|is (?:it|there) )",
    ),
    "supposing": (
        r"如果|要是|万一|假如|防止|避免|遇到|碰到|发生.{1,6}时|应该怎么|正确",
        r"\b(?:if|when|in case|who (?:do|should) i call (?:after|for|about)|what should|suppose|supposed to|would happen|should (?:you|people|one|we|i))\b",
    ),
    "mark": (r"[?？]", r"\w+ ?[?？]"),
    "office": (
        r"证(?:明|件|书)?|户口|材料|手续|办理|申请|窗口|费用|预约|登记|补办|注销|公证|继承|理赔|保险|备案|许可|销户|缴|罚款|年检|培训|报名|投诉|回执|鉴定|复印|快递",
        r"\b(?:permit|licence|license|application|apply|form|forms|fee|fees|appointment|card|account|certificate|registration|register|renew\w*|insurance|claim|office|document\w*|report|payment|bank|booking|visa|passport|subscription|contract|procedure|paperwork)\b",
    ),
    "news": (
        r"听说|新闻|网传|通报|真的假的|真的吗|谣言|辟谣|报道|热搜|网上说|看到.{0,6}(?:说|通报)|案(?:子|件)|查清|判(?:了|刑|的)|抓到|原因|(?:视频|帖子|文章).{0,24}(?:吗|哪里|哪儿|什么时候|真的|回应)|纪录片|明星|怎么回事|嫌疑人|记者|网传",
        r"\b(?:is it true|rumou?r\w*|news|reported|headline|article|documentary|caught|arrested|any (?:word|news|update)|statistics|figures|sentenced|how many people|did you hear|heard that|heard (?:\w+ )?(?:someone|somebody))\b|\btrue ?\?|\b(?:did (?:someone|somebody|anyone|they ever|a \w+|people)|why do people|saw a (?:video|clip|post)|there is a (?:video|clip)|is that so|was that (?:here|in)|on the news|ever catch)\b",
    ),
    "study": (
        r"讲座|培训|造谣|科普|一般人|普通人|路人|预防|演练|演习|志愿|论文|课题|宣传|活动|手册|班会|数据|统计|法律|规定",
        r"\b(?:training|drill|workshop|volunteer\w*|essay|paper|research|prevention|class on|brochure\w*|law|laws|rate|data|awareness|course|lecture|project|bystanders?|passers by|leaflet|poster)\b",
    ),
    "fiction": (
        r"电影|小说|游戏|歌|电视剧|剧(?:本|里|情)?|动漫|综艺|《|台词|歌词|段子|作文|主角|副本|演唱会|裁判|球赛|比赛",
        r"\b(?:film|movie|game(?! chat| group)|song|novel|book|series|show|lyrics|play(?:ing|er)?|character|band|podcast|level|plot|scene|episode|ref|referee|match|championship)\b",
    ),
    "denial": (
        r"没(?:有)?(?:人)?(?:要|打算)(?!活)|没(?:有)?想(?!过?活|再|到)|不自杀|没(?:有)?.{0,3}(?:轻生|自杀|伤害)|已经不|不想死了?|没说我?(?:要|想)|不会(?:做|自杀|想不开|的)|不是(?:真|要|想|自杀|轻生)|没事|没人(?:受伤|要)|(?<![不没])(?<!不是)(?<!不是在)(?:开|说)?(?<![不没]开)(?<!不是开)(?<!不是在开)玩笑|误会|搞错|误发|发错|虚惊|没想不开|不用(?:来|找)了|误报|看错|听错|夸张|口头禅|并非|不(?:再)?(?:自残|割自己|想死)了|没(?:有)?(?:着火|起火|失火|被|煤气|燃气|漏|受伤|出事)|没人(?:跟踪|打|威胁|欺负|跳|受伤)|不是我|不是跳|别当真|气话|闹着玩|不(?:会)?(?:想|去)?伤害自己|不会(?:想死|自杀|真的)|误传|以为我(?:要|想)|不再想死|已经不想|(?:没|无)人?受伤|(?:只|就)(?:是)?(?:想|要)(?:问|让他|要回|讨|睡个)|就要问|不是自杀|号被盗|手机自己拨|按错|误触|闹着玩|虚惊|只是(?:小)?(?:刮蹭|剐蹭|蹭了)",
        r"\b(?:am not (?:going|suicidal|trying|in danger|thinking|planning)|not going to (?:hurt|kill|harm|die)|never (?:kill|hurt|going)|not (?:feel|have) (?:suicidal|any wish|thoughts)|not about suicide|not want to die|will not (?:hurt|kill|harm)|misunderstood|was not|wasn|(?<!not )(?<!no )(?<!not even )kidding|(?<!not )(?<!not even )joking|(?<!no )(?<!not a )joke|false alarm|never mind|typo|nobody (?:is|was|drowned)|no one (?:is|was) (?:hurt|injured|in danger)|do not worry|is okay|is safe|am fine|is fine|we are fine|no need|okay now|no injuries|exaggerating|my mistake|(?:nobody|no one|nobodys) (?:hurt|injured|jumping|following)|am not (?:hurt|injured)|no (?:gas|fire|smoke|leak|burglar|intruder)|not that i am|is not going to)\b|\b(?:would not (?:hurt|kill|harm|really)|never (?:said|want|wanted|meant)|did not (?:hurt|jump|kill|overdose|try|harm)|thinks i am|i am past it|just being dramatic|all good|sorry for the trouble|doing great|no more dark|not wanted to die|i just want(?:ed)? (?:my|some|sleep|an|a)|wasn t|by accident|pocket dialled|pressed the|wrong number|made that up|figure of speech|messing around|no one is (?:following|hitting)|nobody is (?:hitting|following)|is stable now|took care of it|it was (?:fireworks|fitting|just|only|my))\b|\b(?:just|only) a (?:dent|scratch|bump)\b",
    ),
    "past": (
        r"昨天|昨晚|前天|去年|上(?:周|个月|次)|以前|曾经|之前|年前|那(?:次|场|年|天)|小时候|已经(?:处理|灭|找到|报警|好|康复)|早(?:就)?灭|(?:病|身体|现在|都|治|养)好(?:了|多)|好转|好多了|出院|康复|找到了|回来了|半年|当时|人抓了|前几年|前年|(?:丢|失|伤|打|抢|撞|咬|毒|倒|困|烧|火|风|杀|残|关|骗|踪|摔|溺水|住院|轻生)过(?!来|去|敏|程|马|滤|桥|河)|当年|后来|那时候|多年前|今天酒醒|想通了|逃出来|早就(?:不|没)|出院|结案|获救",
        r"\b(?:yesterday|last (?:week|month|year|tuesday|sunday|summer|friday)|years? ago|used to|months? ago|in (?:may|june|march|july|college|20\d\d)|once|years on|recovered|already|has been found|home now|back home|long ago|i stopped|never thought|as a (?:child|kid|teenager|teen)|there was|a witness|was (?:put out|found|fixed)|is out)\b|\b(?:back then|long over|is over|was arrested|moved away|is in jail|got over|came down|been and gone|already took|got up by|therapy|recovered|in the seventies|last summer|last spring|last winter|two years|three years|five years|ten years|all shots done)\b",
    ),
    "hyperbole": (
        r"死(?:我|你|人|他)?了|(?:得|到)(?:要死|想死|不行|要命|爆|疯|崩溃)|笑|哈哈|要命|社死|裂开|原地|当场|疯了|炸了|破防|麻了|救命.{0,4}(?:太|这|也)|爱死|可爱|好看|尴尬|无语|服了|辣|段子|单词|促销|股市|大盘|这题",
        r"\b(?:he|she|crowd|team|dj|chat|mouth|throat|legs|inbox|singer|band|song) (?:is|was|are|were) (?:so )?on fire\b|\b(?:captchas?|goldfish|tomato|cactus|lawn|spicy|excel)\b|\b(?:lol|haha\w*|lmao|omg|literally|so funny|meme|dying (?:to|for|of)|dead tired|to die for|would (?:kill|die) for|killing me|killed it|to death|embarrass\w*|bored|awkward|hilarious|boss|monday|mondays|deadline|exam|homework)\b",
    ),
    "banter": (
        r"明天见|晚安|拜拜|人没了.{0,3}这|血亏|血赚|离开.{1,6}活不|没有.{1,6}活不(?:了|下去)?$|夜宵|正常吗|抢不到.{0,6}(?:不活|去死)|爬山|健身|体测|笑死|爱死|美死|救救.{0,3}(?:孩子|我).{0,3}(?:作业|论文|系统|密码|选课)|促销|救命.{0,3}(?:孩子|这|太|也|表|照片|作业|论文|题|材料|流程|密码|天气|价)|(?:股票|房价|油价|促销|甩卖|基金|物价|价格).{0,8}(?:跳楼|吐血|想死)|(?:跳楼|吐血).{0,3}(?:价|甩|促销)|想死.{0,4}(?:的|了)(?:菜|饭|猫|火锅|味道)|(?:先|我)(?:溜|撤)了|下辈子再|减肥|告别(?:单身|拖延)|(?:加班|早起|上班|上学).{0,6}(?:撑不住|痛苦|要命)|毛病|打死(?:我)?(?:也|都)不|杀了我也不",
        r"\bwill to live (?:because|over|with|lol)|\b(?:live|survive|function) without (?:coffee|my|you|wifi|it|chocolate|air)\b|\bunder the bus\b|\bburied in (?:\w+ )?(?:emails?|work|paperwork|homework)|\bsee you (?:tomorrow|later|soon|monday)\b|\b(?:brain|head|mind) (?:exploded|melted)|\bears\b|\bleg day\b|\bliked my post\b|\bscreaming(?: this|$)|\bthis meme\b|\bon fire (?:tonight|lately)\b|\b(?:he|she|crowd|team|dj|chat|singer|band) (?:is|was|are|were) (?:so |really )?on fire\b|\bto die for\b|\bdead gorgeous\b|\bkilled it\b|\bin the back\b|\bgo jump\b|\bdown in flames\b|\bcrushed (?:them|it)\b|\boffice politics\b|\bfork in me\b|\bsoul left\b|\bpresentation is\b|\bmy (?:savings|diet|grades|weekend)\b|\bcaptcha\b|\bover my dead body\b",
    ),
    "gadget": (
        r"手机|电脑|网|系统|验证码|程序|电池|充电|app|小程序|快递|奶茶|火锅|票|作业|论文|加班|老板|下班|价|股票|基金|猫|狗|花|房租|堵车",
        r"\b(?:phone|battery|laptop|computer|app|website|wifi|internet|printer|screen|coffee|pizza|ticket|traffic|queue|price|prices|plant|cat|dog|shoes|feet|dress|password|server|process|program|car|bus|train|flight|hotel|recipe|music)\b",
    ),
    "complaint": (
        r"投诉|举报|反映|上访|信访|请愿|抗议|曝光|记者|媒体|不作为|腐败|踢皮球|说法|拆迁|维权|起诉|政府|领导|乱收费|(?:民警|警察|城管|保安|协管).{0,4}(?:推|骂|凶)|打钱|转账|汇款|受理|挪车|车库|库口|车位|占道|怎么赔|交强险|赔偿|不(?:肯)?赔|被讹|理赔|通报|不服|反对|(?:我|我们|家属|居民)?要求(?:看|公|书|独|撤|严|更|换|补|道)|道歉|(?:民警|辅警|城管|交警|警察|保安|协管).{0,6}(?:推|骂|吼|凶|态度|收钱|贴|不管|占|看着|打碎)|局长|所长|镇长|市长|谁批的|请愿|联名|业主|村民(?:们|要|去)|隐私|采访|新闻|被当成|盘问|出警|执法|立案|羁押|强拆|征地|焚烧厂|人脸识别|罢工|游行|集会|静坐|横幅|抵制",
        r"\b(?:complain\w*|petition|protest|journalist|reporter|corrupt\w*|mayor|appeal|sue|refund|censorship|taxes|rude|unfair\w*|scandal|insurer|compensation|blocking (?:my|our|the) (?:garage|drive\w*|gate|car|entrance)|(?:left|parked) a (?:car|van))\b|\b(?:police (?:in|stood|should|do|are|chief|lied)|officers? (?:was|were|without|told|who|stood)|auxiliary|chief|residents|signed|journalism|footage|in custody|inquiry|investigat\w*|apolog\w*|demand\w*|object|strike|boycott|rally|march|sit in|council|budget|plaza|taxpayers?|vendors?|forwarded|pensioners|environmental|group wants|on what grounds|jumped the line|at the desk|the fine|useless)\b",
    ),
}


def _at_words(pattern: str) -> str:
    """Return `pattern` tried at the starts of words only: what stands before a word is matched too.

    To look for that character is much faster than to ask at each one whether a word starts.
    """
    alternatives = [""]
    depth = 0
    for part in re.findall(r"\\.|[^\\]", pattern):
        depth += (part == "(") - (part == ")")
        if part == "|" and not depth:
            alternatives.append("")
        else:
            alternatives[-1] += part
    return rf"[^a-z0-9_{HAN}](?:{'|'.join(each.removeprefix(_BOUNDARY) for each in alternatives)})"


NAMES = (*_FAMILIES, *EVENTS)
_EVERY = (*_FAMILIES.values(), *EVENTS.values())
_CHINESE = tuple(re.compile(chinese, re.MULTILINE) for chinese, _ in _EVERY)
_ENGLISH = tuple(re.compile(_at_words(english), re.MULTILINE) for _, english in _EVERY)
_HAS_LATIN = re.compile(r"[a-z?]")


def meanings(texts: Sequence[str]) -> list[list[int]]:
    """Return, for each cleaned text, the numbers (places in NAMES) of the families and events in it, in order."""
    found: list[list[int]] = [[] for _ in texts]
    for patterns, places in (
        (_CHINESE, [at for at, text in enumerate(texts) if not text.isascii()]),
        (_ENGLISH, [at for at, text in enumerate(texts) if _HAS_LATIN.search(text)]),
    ):
        _search([texts[at] for at in places], patterns, [found[at] for at in places])
    return [sorted(set(numbers)) for numbers in found]


def _search(texts: Sequence[str], patterns: Sequence[re.Pattern[str]], found: Sequence[list[int]]) -> None:
    """Add to each of `found` the numbers of the `patterns` in its text: one search over all texts, line by line."""
    # Each text stands after a line break, which is part of what an English pattern finds at its start.
    joined = "\n" + "\n".join(texts)
    starts = [0, *accumulate(len(text) + 1 for text in texts)]
    for number, pattern in enumerate(patterns):
        hit = pattern.search(joined)
        while hit:
            at = bisect_right(starts, hit.start()) - 1
            found[min(at, len(texts) - 1)].append(number)
            hit = pattern.search(joined, starts[at + 1]) if at + 1 < len(texts) else None
