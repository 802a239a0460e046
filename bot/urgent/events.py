"""Sentences that tell of an emergency in so many words; narrower than a word family, still only evidence."""

_PERSON = (
    r"(?:有人|他|她|朋友|同学|室友|闺蜜|同事|女儿|儿子|孩子|小孩|宝宝|娃|妈|爸|老公|老婆|丈夫|媳妇|妻子?|对象|爱人|同桌|租客|舅舅?|前夫|前妻|前任|老乡|群友|粉丝|老伴|男友|女友|弟弟?|妹妹?|哥哥?|姐姐?|邻居|网友|女孩|男孩"
    r"|姑娘|小伙|主播|学生|叔|姨|爷爷|奶奶|外婆|外公|老人|大爷|大妈|阿姨|女的|男的|女子|男子|女生|男生|工人|工友|司机|路人|乘客|孕妇|保安|一个人|人)"
)
_SOMEBODY = (
    r"(?:he|she|they|my \w+(?: \w+)?|an? (?:\w+ ){0,2}(?:man|woman|guy|girl|boy|kid|child|person|lady|worker|student|cyclist|pedestrian|swimmer|stranger)|someone|somebody"
    r"|the (?:man|woman|guy|girl|boy|kid|driver|baby|rider|patient|lady|neighbor)s?|people|(?:two|three|several|some) \w+)"
)
_SELVES = r"(?:myself|himself|herself|themselves|themself|yourself)"

EVENTS: dict[str, tuple[str, str]] = {
    # name: (Chinese, English); matched on cleaned text
    "own_death": (
        r"(?<!得)我(?!们|国|校).{0,10}(?:不想(?:再)?活|想死(?!你|我|他|她|人|妈|爸|家|这|那)|要死在|想(?:去)?自杀|要自杀|想轻生|寻死|活不下去|活够了|去死|不活了|想(?:了结|结束)(?:自己|生命|我)|想跳(?:楼|河|江|桥|下去))"
        r"|^(?:真的?|好|就|只|实在|突然|一直)?(?:很|是)?(?:不想活|想死(?!你|我|他|她|人|妈|爸|家|这|那)|想自杀|活不下去|活够了|不想活着|想轻生)"
        r"|(?:结束|了结|了断)(?:掉)?(?:自己|我|这条|生命|一生|我的)|(?:把)?自己(?:给)?(?:了结|了断|结束)|自我了断|遗书.{0,6}(?:写|留|发|好)|(?:写|留).{0,4}遗书|死了(?:算了|一了百了|就解脱)|一死了之"
        r"|自尽|想着(?:去)?(?:自杀|死)|(?:自杀|轻生|去死|寻死)的?(?:念头|倾向|想法|冲动|打算|计划)|从.{1,7}跳下去|死给(?:你|他)|(?<!得)我.{0,4}(?:要|决定|只能|只想|应该|宁愿|不如)(?:去)?死(?!磕|守|记|扛|心|机|党|活)|没想(?:再)?活|我.{0,6}怎么死|死了才好|(?:弄死|杀死|杀了|杀掉)(?:我)?自己|自杀是|没死成|(?:不|不想)要.{0,3}(?:这条)?命了|命我?不要了|不想做人|一心求死|门心思求死|死意已决|让我(?:去)?死|(?:打算|准备|想)(?:烧炭|上吊|割腕)|(?:告别|离开)(?:这个)?(?:世界|人世|人间)|不在人世|没(?:法|办法)(?:再)?活|活不(?:到|过)(?:明天|今晚)|跟着.{0,4}一起死|一起(?:去)?死(?!磕)|死掉(?:算|就)|除了死|只有死|勇气死|动了.{0,4}(?:自杀|轻生|寻死)|走.{0,2}绝路|了[结断](?:此生|一生)|死期|(?<!生)不如(?:去)?死|死在你们|[正在]轻生|想不开.{0,4}(?:帮|救)|农药|没打算活|自杀方法|喝药|遗书"
        r"|活腻|解决(?:掉)?(?:我)?自己|(?:把|将)自己.{0,3}(?:解决|了结|弄死)|自我了结|求死|(?:准备|打算|想|要)跳(?:楼|江|河|桥)|(?:好|很|真|只)想死(?!你|我|他|她|人|妈|爸|家|这|那)|死了(?:就|才)(?:好|解脱)|要(?:寻|自|轻)(?:死|短见|尽|杀|生)|活受罪|让我走吧|满脑子.{0,5}(?:死|自杀)|(?:不|没)打算(?:再)?活|逼得?.{0,3}(?:想|要)(?:自杀|去?死)|差一?点.{0,4}跳(?:下去|楼|桥|江|河)",
        r"\bi (?:(?!not\b|never\b|will\b)\w+ ){0,5}(?:want|wanting|going|plan|planning|ready|decided|about|intend|wish|trying|like|urge)(?: to| i was| i were| i could)? (?:\w+ ){0,2}(?:die|be dead|dead|dying|kill myself|killing myself|end my (?:own )?life|end it|take my (?:own )?life|commit suicide|jump off|not (?:live|be alive|exist))"
        r"|\bkill(?:ing)? myself\b|\b(?:am|feeling|feel|so|being) suicidal\b|\bend(?:ing)? my (?:own )?life\b|\btak(?:e|ing) my own life\b|\bi do not (?:want to|deserve to) (?:live|be alive|exist|be here|wake up)\b|\bsuicidal (?:thoughts|urges|feelings)\b|\blet me die\b|\bwish i (?:was|were|had) (?:dead|died|never)\b|\bi would rather (?:die|be dead)\b|\bbetter off dead\b"
        r"|^(?:just |really |so |i )*(?:want to|wanna) (?:die|be dead)\b|\bthink(?:ing)? (?:of|about) (?:suicide|dying|ending (?:it|things|everything|my)|killing)|\bsuicide (?:is|feels|seems|note)\b|\babout to jump\b|\bno longer want to (?:live|be)|\b(?:no|the|any|my) will to live\b|\bnot be alive\b|\bmy life (?:to )?(?:be over|end|is over)\b|\bend everything\b|\bmy own death\b|\bkeep myself safe\b|\b(?:point|reason|reasons) (?:in me |to |for me to )?(?:living|live|stay alive|be alive|stay)\b|\bgo on living\b|\b(?:last|another) attempt\b|\bstop (?:living|existing|my existence)\b|\bhow i would die\b|\bi had died\b|\bquits on life\b|\bkill(?:s|ed)? my ?self\b|\bdone with (?:life|living)\b|\bnot want to be alive\b|\b(?:planning|plan|plans) (?:for )?my (?:own )?(?:suicide|death)\b|\bno (?:wish|desire) to (?:keep |go on )?(?:live|living|be alive)\b|\bi (?:no longer|do not) want to (?:live|exist|be alive|be here)\b|\bplan my death\b|\bjump (?:off|from) (?:a|the|my|this) (?:\w+ )?(?:roof|bridge|building|balcony|window|cliff|ledge)\b|\bnot live any"
        r"|\b(?:jump|step|walk|throw myself) (?:in front of|under) (?:a|the) (?:train|bus|truck|car|subway)\b|\b(?:want|going|ready|plan|plan is|wish|decided|about) to (?:be dead|die)\b|\b(?:have |has )?been suicidal\b|\bplan(?:ning)? to overdose\b|\b(?:death|dying) (?:is|would be) (?:the|all|my|a relief|what)\b|\bimagin\w+ (?:how )?(?:i would (?:kill|die)|killing myself)\b|\bload of (?:pills|painkillers|tablets)\b|\bi am (?:\w+ ){0,3}from jumping\b|\bi (?:nearly|almost) jumped\b|\bi (?:have )?had enough of (?:living|life|being alive)\b|\bways to die\b|\boff myself\b|\bi (?:hate|can not stand) being alive\b|\bwanting (?:us both |me |myself )?to die\b|^suicidal\b|\bdrown myself\b|\bthrow(?:ing)? myself\b|\bi will (?:be dead|die|end it) (?:by |to)",
    ),
    "own_harm": (
        r"我.{0,8}(?:割(?:了|腕|脉|自己|手)|自残|划(?:了|自己|手)|伤害自己|(?:吞|吃|喝)(?:了|下).{0,6}(?:药|农药)|流血.{0,6}自己)|(?:想|忍不住|控制不(?:住|了)).{0,4}(?:伤害|割|划)自己|往自己身上|我.{0,3}药.{0,4}(?:吃|吞|喝)(?:了|光|完|下)"
        r"|(?:吃|吞)(?:了)?(?:一(?:大)?(?:把|瓶|板)|整瓶|过量).{0,4}药|我.{0,6}(?:烧炭|上吊|割腕)|(?<!被)(?:划|割|弄|砸|烫)伤?了?自己|药.{0,3}(?:吃|吞|咽)(?:下去|完|光)了",
        r"\bi (?:\w+ ){0,4}(?:cut|cutting|hurt|hurting|harm|harming) (?:myself|my (?:arms?|wrists?|legs?))\b|\bi (?:\w+ ){0,3}(?:took|swallowed|taken|swallow) (?:\w+ ){0,4}(?:pills|tablets|medication|painkillers|meds|capsules|bottle)\b|\bi (?:have )?(?:taken an )?overdosed?\b|\bi cut (?:too |so )?deep\b|\bnot safe (?:from|with) myself\b|\bhurt myself\b"
        r"|\bcut(?:ting)? again\b|\bdid (?:it|this) to myself\b|\b(?:all|every one) (?:of )?(?:the|my|these) (?:pills|tablets)\b|\bwhat i (?:will|might|could|may) do to myself\b",
    ),
    "other_death": (
        rf"{_PERSON}.{{0,14}}(?:自杀|轻生|不想活|想死|要死|去死|寻短见|跳楼|跳桥|跳江|跳河|要跳(?!槽|舞|绳|伞|水|远|级|高|蹦)|往下跳|想跳(?!槽|舞|绳|伞|水|远|级|高|蹦)|割腕|划自己|割手|死给|自尽|寻死|自残|遗书|遗言|想不开|做傻事|活着(?:没|太|是)|不活了|活不下去|伤害自己|一了百了|自我了断|永别|割(?:了|伤)自己|烧炭|跟着.{{0,3}}去|一起死|要走绝路|从.{{1,5}}跳(?!槽|舞)|活不到|撑不到|走那一步|往.{{0,3}}(?:水|江|河|海)里走|没有?活下去)"
        r"|(?:他|她|朋友|同学|室友|女儿|儿子|孩子|妈|爸|老公|老婆|男友|女友|男朋友|女朋友|弟|妹|姐|哥|网友|主播|学生|老人|同事|邻居|群里|闺蜜|前妻|前任|媳妇|姑娘).{0,16}(?:解脱|说再见|下辈子|来生|来世|早点走|要离开了|跳下去|最后一天|最后一晚|(?:吞|攒).{0,6}药|割的?伤|划的?伤|累赘|告别|道别|掉楼|字条|纸条|不想过了|今晚就走|明天就走|走极端|别找我)|(?:站|坐|翻|爬).{0,8}(?:楼顶|天台|桥|高架|栏杆|护栏|窗台|阳台|窗边|楼边).{0,12}(?:不肯|哭|跳|外面|下来|情绪|再见)|翻(?:过|出|越).{0,6}(?:栏杆|护栏|桥|窗)|(?:楼顶|天台|桥上|窗台|阳台外).{0,8}(?:有|坐|站).{0,10}(?:跳|哭|走来走去|徘徊)"
        r"|(?:他|她|师傅|老伴|表弟|同事|孩子|学生|朋友|闺蜜|爷爷|奶奶|爸|妈).{0,16}(?:活腻|写遗嘱|撑不住了?要走|陪.{0,3}走|不想治了|往.{0,4}(?:水库|江边|河边)去)|腿.{0,5}跨(?:出|过)|跨(?:出去|过栏杆)|写满了?想死",
        rf"\b{_SOMEBODY}\b.{{0,40}}\b(?:suicid\w*|kill(?:ing)? {_SELVES}|end(?:ing)? (?:his|her|their) (?:own )?life|end(?:ing)? it|jump(?:ing)?(?: off| from|$)|hurt(?:ing)? {_SELVES}|harm(?:ing)? {_SELVES}|cut(?:ting)? {_SELVES}|(?:want|wants|going|threatening|ready) to (?:die|be dead|jump|end)|overdosed|goodbye|take (?:his|her|their) (?:own )?life|not want to (?:live|be here|be alive))"
        r"|\b(?:he|she|they|my \w+|someone|somebody|a \w+|friend|son|daughter|brother|sister|husband|wife|boyfriend|girlfriend|student|roommate|classmate)\b.{0,50}\b(?:wanting to die|not wanting to live|nothing to live for|disappear forever|(?:a lot of|too many|bottle of|swallowing|taking) (?:\w+ )?pills|ends tonight|last night here|not be here|not be around|gave away|giving away|farewell|her cuts|his cuts|slit|hanged|be with (?:him|her) soon|tonight is the night|note (?:that|saying|on)|into the (?:river|sea|water|traffic) (?:on purpose|wanting|to end)|jumped (?:off|from)|talk(?:s|ing)? about (?:dying|suicide|ending|joining (?:him|her)|not being (?:around|here))|out on the (?:roof|ledge)|(?:not around|gone) (?:any more|after)|planning to die|had enough of life)"
        r"|\b(?:google\w*|search\w*|asks?|asking|looking up|reading about)\b.{0,15}\bhow to (?:die|end it|kill)\b|\b(?:he|she|they|grandad|dad|mother|father|husband|wife)\b.{0,20}\btired of living\b|\b(?:pills|medication|overdose\w*)\b.{0,15}\bon purpose\b|\blast goodbye\b|\bloading up on pills\b|\b(?:slash\w*|slit|cut|slic\w+) (?:his|her|their) (?:wrists?|arms?)\b|\bwalk(?:s|ed|ing)? into the (?:sea|river|lake|water)\b|\b(?:begging|asking|waiting|hoping|praying|wants?|wanting) (?:\w+ ){0,3}to die\b|\bdie together\b|\bwill die tonight\b|\b(?:boyfriend|girlfriend|he|she|friend|mother|father|brother|sister|son|daughter|husband|wife|\w+mate) (?:might|will|could|may|is going to) do something (?:stupid|bad|to (?:him|her|them)sel\w+)|\bclimb\w* (?:over|on|onto) the railings?\b|\bwelfare check\b|\bwellness check\b|\b(?:he|she|they) (?:will|would) not be alive\b",
    ),
    "on_edge": (
        r"(?:站|坐|爬|翻|徘徊).{0,4}(?:在|到|上|过|出)?.{0,6}(?:楼顶|天台|桥|栏杆|护栏|窗台|阳台|江边|河边|悬崖|铁轨|屋顶|轨道)|(?:楼顶|天台|桥上|栏杆|护栏|窗台|阳台|铁轨|江边).{0,6}(?:站|坐|爬|翻|哭|徘徊|走来走去)"
        r"|(?:坐|站)在.{0,4}(?:外面|边上|边缘)"
        r"|(?:趴|挂|吊|蹲)在.{0,8}(?:护栏|栏杆|桥|楼顶|窗)",
        r"\b(?:standing|sitting|climb\w*|stood|hanging|leaning|walking|outside|up|over|side|railing)\b.{0,25}\b(?:roof|bridge|ledge|edge|railing|balcony|cliff|tracks|platform|window ?sill|guard rail|rooftop|railway line)\b|\b(?:roof|bridge|ledge|railing|balcony|cliff|railway line)\b.{0,20}\b(?:jump|crying|over|legs)\b"
        r"|\blegs out\b"
        r"|\b(?:too close to|wrong side of|outside) the (?:edge|fence|railing|barrier|guard ?rail)\b",
    ),
    "burning": (
        r"(?:着|起|失)火(?:了|，|,|啊|$)|烧(?:起来|着)|冒(?:着|出)?(?:浓|黑|大|白)?烟|冒火|浓烟|(?:煤气|燃气|天然气|液化气|瓦斯|管道).{0,6}(?:泄漏|泄露|漏|味)|爆炸了|(?:炸|爆)了.{0,6}(?:人|火|伤)|火(?:苗|势|越来越|很大|大得|灭不|扑不)"
        r"|烟窜|一氧化碳|爆炸声|烧到|煤气中毒|(?:噼啪|噼里啪啦).{0,4}火|火.{0,3}窜|刺鼻"
        r"|(?:往外|窗户|屋顶|楼|阳台|车).{0,5}(?:窜|冒|蹿|喷).{0,3}(?:火|烟)|(?:火|烟).{0,4}(?:窜|蹿)|(?:煤气|燃气|罐|管).{0,6}漏气"
        r"|(?:罐|锅炉|楼|店|厂|房|车|变压器|电池).{0,3}爆?炸了",
        r"\b(?:is|are|on|caught|caught on|was) (?:on )?fire\b|\bon fire\b|\b(?:there is|see) (?:a )?(?:big |huge )?fire\b|\bsmoke (?:\w+ ){0,3}(?:from|under|out|in|everywhere|filling)|\bfull of smoke\b|\bsmell(?:s|ing)? (?:of |like )?(?:\w+ ){0,3}(?:gas|smoke|burning)\b|\bgas (?:\w+ )?(?:leak|smell|leaking)|\bis (?:burning|in flames)\b|\bexplo(?:sion|ded)\b|\bflames\b|\b(?:gas|chemical) (?:pipe |line )?(?:is )?(?:leak\w*|smell)\b"
        r"|\bsmoke (?:is|are)\b|\bblast\b|\bfire (?:is|has) (?:\w+ )?(?:getting|reached|spreading|close|coming)|\b(?:wildfire|forest fire|brush fire) (?:is|has)|\b(?:monoxide|co) alarm is\b|\b(?:acid|chemical|toxic) (?:leak|spill|smoke)\b|\bwill not go out\b|\bcaught fire\b"
        r"|\b(?:smoke|fire) (?:is |are )?(?:coming|pouring|shooting) (?:out|from|up)\b|\b(?:gas|cylinder|pipe)\b.{0,12}\bhissing\b"
        r"|\b(?:building|restaurant|house|car|shop|flat|factory|kitchen|tank|below us|next door)\b.{0,14}\bblew up\b",
    ),
    "attacked": (
        r"(?:打|砍|捅|掐|追|堵|跟踪|尾随|威胁|抢|劫持|绑架|猥亵|侵犯|强奸|围住|堵住|推|踹|揍|欺负)(?:了|着|着打)?我|我(?:被|让|遭).{0,8}(?:打|砍|捅|抢|绑|跟踪|尾随|关|锁|控制|囚禁|围|堵|威胁|侵犯|下药|扣)|(?:拿|持|举|带|挥).{0,4}(?:刀|枪|棍|砍刀|斧|酒瓶)"
        r"|正?在(?:打|砍|捅|砸|殴打|家暴|撬|踹|追)(?!车|卡|折|印|工|球|针|电话|听|扫|算|包|疫苗|钻|桩|牌|游戏)|喊救命|惨叫|打起来|打群架|动刀|见血|(?:撬|砸|踹|撞)(?:我家|我|家)?(?:的)?(?:门|锁|窗)|(?:闯|溜|钻)进(?:来|了|我)?|进(?:了)?(?:小偷|贼|陌生人)|又(?:动手|打我)|跟着我|贴着我|不让我(?:走|下车|出门|离开|出去)"
        r"|(?:关|囚禁|控制|锁|扣)在.{0,6}(?:出租屋|房间|屋里|车里|窝点|家里|酒店)|抢劫|劫匪|歹徒|被(?:人)?打|枪声|炸弹|爆炸物|可疑包裹|硬拽|强行(?:拉|带|拖|抱)|(?:拖|拉|拽).{0,6}上车|下药|迷晕|没收.{0,3}手机|砸(?:车|东西)|砍人|见人就|追着?(?:孩子|人)|躲(?:在|进)|(?:不能|不敢|不方便)(?:说话|出声)|要砍(?!死我)|要杀(?!了我|我)|[想会来]杀了?我|乱砍|硬(?:拖|进|闯)|尖叫|不(?:让|许|准)我(?:出门|打电话|走|离开|吃饭|回家)|堵住(?!.{0,5}(?:车|库|门口|路|通道|出口))|劫持|侵犯|摸我|家暴(?:$|[,，。!]|了|我|她)|弄死我|烧我家|被.{0,4}(?:霸凌|勒索)|在遭|(?:司机|师傅).{0,6}(?:不让|锁|不停车|动手|摸)|跟(?:着|踪|了).{0,3}(?:我|一路)"
        r"|(?:翻|爬)(?:进|我家|过?阳台|窗)|(?:刀|棍|斧).{0,4}(?:乱挥|挥|追|捅)|挥刀|(?:打|砸|掐).{0,6}(?:我妈|我爸|我姐|我弟|孩子)|不敢动|泼.{0,3}(?:油|酸|漆)|(?:往|在).{0,8}(?:杯子?|酒|水|饮料|饭)里.{0,5}(?:放|下|倒|加)|(?:被|让).{0,4}(?:拖|拽|拉)进|偏航.{0,12}(?:不|怕)|(?:他|坏人|他们)就?在旁边",
        r"\b(?:hit|hitting|beat|beating|attack(?:ed|ing)|stab(?:bed|bing)?|chok(?:ed|ing)|strangl\w+|rob(?:bed|bing)|mugged|threaten(?:ed|ing)|follow(?:ed|ing)|chas(?:ed|ing)|stalking|assault(?:ed|ing)|grop(?:ed|ing)|grabbed|dragged|touching|drugged|kick(?:ed|ing)|hurting) (?:me(?! up)|us|my \w+|his (?:wife|kids|girlfriend)|her|a \w+)\b"
        r"|\b(?:being|been|got|was|getting) (?:\w+ )?(?:attacked|robbed|mugged|stabbed|beaten|followed|assaulted|held|threatened|chased|kidnapped|raped)\b|\b(?:with|has|got|holding|waving) an? (?:big )?(?:knife|gun|machete|weapon|bat|axe|hammer)\b|\b(?:break|breaking|broke|climbing|trying to get|kicking|smashing|banging)\b.{0,12}\b(?:in|into|door|window|down|lock)\b|\bintruder\b|\bburglars? (?:is|are|in|inside|downstairs|still|came|just)\b|\bscreaming\b|\bshooting (?:at|in|outside|near)\b|\bgunfire\b|\b(?:heard|fired) shots\b|\bshots (?:fired|near|outside)\b|\bnot let (?:me|us|her) (?:out|leave|go)\b|\bhiding in\b|\blocked (?:me|us|in)\b|\bbehind me\b"
        r"|\bbrawl\b|\bfight (?:at|in|outside|is)\b|\bfiring a gun\b|\bgunshots?\b|\b(?:crying|screaming|yelling) for help\b|\b(?:he|she|they|husband|boyfriend|ex|father|brother|man|someone|somebody)\b.{0,20}\b(?:will|going to|threatens to|threatened to) (?:kill|shoot|stab|hurt) (?:me|us|my)\b|\bbomb\b|\b(?:forcing|dragging|pulling|pulled) (?:a|my|her|him|the)\b.{0,20}\b(?:car|van)\b|\bkeeps me (?:locked|in)\b|\btook my (?:phone|passport)\b|\b(?:masked|armed) (?:men|man|robbers)\b|\bsurrounding me\b|\bcan not (?:talk|speak)\b|\btouching me\b|\bpassing threats\b|\bspiked\b|\bjumped my\b|\bfired shots\b|\b(?:someone|stranger|man) in my (?:house|flat|apartment|room|home)\b|\bdriving the wrong way\b|\bwatching me\b|\bcame in after me\b"
        r"|\b(?:by|round) (?:the|my|her|his) (?:throat|neck|hair)\b|\b(?:swinging|waving|holding|carrying|pointing|swung) (?:a|an|the) (?:\w+ )?(?:knife|gun|machete|bat|axe|hammer|blade)\b|\b(?:climbed|climbing|came|coming) (?:onto|through|over|up) (?:my|the|our) (?:balcony|window|fence|wall)\b|\btrying the (?:door|handle)\b|\b(?:put|slipped|putting|slipping) (?:something|stuff|a pill) in(?:to)? (?:my|her|his) (?:drink|food|glass|water)|\b(?:men|people|guys|gang) (?:are )?(?:blocking|outside|at) my (?:door|shop|house)\b|\bwill not (?:stop|pull over) the car\b",
    ),
    "collapsed": (
        r"(?:突然|刚刚?|忽然)?(?:晕倒|晕过去|昏倒|昏迷|昏过去|倒地|倒在|晕在|不省人事|没了?(?:呼吸|心跳|意识|反应)|没有(?:呼吸|心跳|意识|反应)|停止呼吸|叫不醒|叫不应|口吐白沫|抽搐|大出血|喘不(?:上|过)(?:气|来)|呼吸困难|要生了|羊水破|脸发紫|嘴唇发紫|翻白眼|嘴歪|半边身子|摔下来|摔倒|掉下来|触电|中毒|(?<!防)溺水|噎住|卡住喉|噎着|呛住)"
        r"|血.{0,6}(?:止不住|一地|很多|好多|直流|喷)|流.{0,4}血|动不了|(?<![卷跑学写吃爬搬改走拖拉抢打推转爱])不动了|一动不动|(?:胸口|心脏|肚子|头).{0,4}(?:剧痛|绞痛|很痛|疼得|压得)|(?:误食|误喝|吞(?:了|下)).{0,10}(?:电池|清洁|药|洗|硬币|剂)|(?:蛇|蜂).{0,3}(?:咬|蛰)(?:了|伤)"
        r"|烫伤|过敏.{0,6}(?:喉|喘|肿|全身)|(?:癫痫|哮喘|心脏病|低血糖).{0,4}(?:犯|发作)|中风|休克|要昏|快(?:晕|昏|不行)|头破|腿断|骨折|(?:手|指|胳膊|腿).{0,6}断了?|口齿不清|说话不清|没知觉|歪(?:倒|嘴)|没气了|肿.{0,4}(?:高|厉害)|不行了|脸都?白|烧伤|热射病|神志不清|透不过气|血.{0,3}止不|一直喷|咽(?:了|下)|吃了.{0,5}(?:干燥剂|老鼠药|药)|绞(?:了|断)|站不起来|摔伤|后脑勺|敲门.{0,4}没人?应|(?:要|快)(?:出人命|死人)"
        r"|(?:躺|倒|趴)在.{0,5}(?:地|路|马路|楼|门口|街)|(?:头|脸|腿|手|身|满|地).{0,4}血|(?:全身|喉咙|嗓子|脸|嘴|脖子).{0,4}肿|(?:喝|吞|吃)(?:了|下).{0,6}(?:药|农药|酒精|洗|电池)|迷迷糊糊|意识不清|说不出话|没动静|喊不应|晕了",
        r"\b(?:collapsed|unconscious|passed out|not (?:breathing|responding|moving|waking|wake up)|no pulse|stopped breathing|turning blue|(?:i|he|she|they|baby|mother|father|wife|husband|son|daughter|friend|and|kid|man|woman|me) (?:can not|can hardly|can barely) (?:breathe|talk)|having a (?:heart attack|stroke|seizure|fit)|chest pains?|choking|bleeding(?! (?:us|me) dry)|in labou?r|giving birth|electrocuted|overdosed|can not (?:breathe|move)|face is drooping|lips (?:are|look)|floppy|foaming|unresponsive|convuls\w+|swallowed (?:a |some |my )?(?:bleach|battery|pills|poison|detergent|coin)|(?:need|call|send) an ambulance|(?:i|he|she|they|guy|man|woman|boy|girl|kid|son|daughter|father|mother|worker|colleague|coworker|friend|wife|husband|child|baby|toddler|someone|somebody) (?:\w+ )?fell (?:off|from|down|out)|lost a lot of blood|crushed|severed|cut off|swelling|gone numb|(?:so much|a lot of|lots of|too much) blood|(?:snake|viper|wasp|scorpion|jellyfish) (?:bit|stung)|bitten by a (?:snake|viper|spider)|(?:ate|swallowed|drank) (?:\w+ ){0,4}(?:tablets|pills|medicine|poison|berries|detergent|bleach))\b"
        r"|\bburn(?:ed|t) (?:herself|himself|myself|badly)|\b(?:badly|severely) burn\w*|\b(?:ate|drank) (?:bleach|detergent|poison|cleaning|rat)|\bhaving (?:the|a|her) baby\b|\basthma attack\b|\bdiabetic\b|\bheat ?stroke\b|\bcold and blue\b|\bbroken (?:leg|arm|neck|back)\b|\b(?:leg|arm) is (?:broken|trapped|stuck)\b|\bhit (?:his|her|my) head\b|\bpassed out\b|\b(?:is|am|are|lying|fell|he|she|bleeding|collapsed|someone|man|woman) (?:\w+ )?on the (?:floor|ground|pavement)\b|\bwill not (?:respond|wake)\b|\bgrey\b|\bnot responding\b|\bpanicking and\b|\bslurred\b|\bconfused and\b"
        r"|\bswallowed (?:\w+ ){0,4}(?:battery|coin|magnets?|pills|tablets|bleach|detergent|poison|bottle)\b|\bthroat is (?:closing|swelling)\b|\blying (?:\w+ )?(?:in|on) the (?:road|street|floor|ground|pavement|sidewalk|stairs)\b|\b(?:head|face|leg|hand|neck) (?:is|was) (?:bleeding|bloody)\b|\bcovered in blood\b|\bblood everywhere\b|\bstruggling to breathe\b",
    ),
    "vanished": (
        r"(?:孩子|小孩|女儿|儿子|宝宝|娃|老人|奶奶|爷爷|外婆|外公|爸|妈|外孙|孙子|痴呆|岁的).{0,18}(?:不见|走丢|走失|走散|失踪|找不(?:到|着)|没回(?:来|家)|被(?:人)?(?:抱|带|拐)走|丢了|没了影|没有?消息)"
        r"|(?:小孩|孩子|宝宝|幼儿).{0,3}(?:一个人|独自|自己).{0,6}(?:路边|马路|街上|高速|哭)|一眨眼.{0,4}(?:不见|没)|人不见了",
        r"\b(?:child|son|daughter|kid|baby|toddler|boy|girl|grandma|grandmother|grandpa|grandfather|father|mother|year old|dementia|grandad|gran|nan|brother|sister|nephew|niece)\b.{0,30}\b(?:missing|(?:went out|left|walked off|out) (?:\w+ )?hours ago|disappeared|vanished|wandered|lost|taken|not come (?:back|home)|gone|ran off|was not there|nowhere)\b|\b(?:can not find|lost|took|grabbed|snatched|kidnapped) (?:my|her|our|a) (?:\w+ ){0,3}(?:child|son|daughter|kid|baby|toddler|boy|girl|grandma|father|mother|year old)\b"
        r"|\b(?:child|kid|toddler|baby|boy|girl) (?:is )?(?:alone|wandering)\b|\bwandering (?:on|in)\b.{0,20}\b(?:road|highway|traffic|cars)\b"
        r"|\b(?:year old|child|son|daughter|kid|toddler|boy|girl) (?:\w+ ){0,2}(?:vanished|disappeared|wandered off|slipped away|is gone)\b",
    ),
    "in_water": (
        r"船.{0,4}(?:进水|漏水|要沉|沉了|翻了)|(?:掉|落|滑|栽|跌)了?(?:河|江|湖|井|塘|海|沟|池|水)里|(?:掉|落|滑|跌|冲|开|卷)(?:进|到|入|下).{0,5}(?:水|河|江|湖|井|塘|海|沟|池|库)|落水|(?<!防)溺水|快淹|被(?:水|浪)?(?:冲走|卷走)|沉(?:下去|了|没)|(?:困|泡|淹).{0,6}(?:水|车里|隧道|地下)|水(?:漫|涨|淹|灌).{0,6}(?:来|到|进|了)|洪水"
        r"|(?:地下室|车库|屋里|村里|一楼).{0,3}(?:进水|被淹)|不会水"
        r"|(?:江|河|湖|海|水)里.{0,5}(?:挣扎|扑腾|喊|沉|漂)|没人会游",
        r"\bdrowning\b|\b(?:fell|fallen|slipped|jumped|swept|went) (?:\w+ ){0,2}(?:in|into|under|through)(?: the| a| an)? (?:frozen |deep )?(?:river|lake|canal|well|ice|water|sea|pool|pond|harbor|sewer|hole)|\b(?:water|flood) (?:is |came |has )?(?:rising|coming|up|reached|filling)|\b(?:car|van|boat) is (?:sinking|filling|under)\b|\bgone under\b|\bnot come up\b"
        r"|\bwater (?:came|is) (?:up|in)\b|\bwent under\b|\bon top of the (?:van|car|roof)\b|\bflooded (?:underpass|tunnel|basement)\b"
        r"|\bstruggling in the (?:water|river|sea|lake|waves)\b|\bnobody can swim\b|\b(?:boat|ship|kayak|dinghy|canoe)\b.{0,12}\b(?:taking on water|sinking|capsized|filling)\b",
    ),
    "stuck": (
        r"(?:困|卡|堵|关|锁|夹|压|埋)(?:住|在|了)?.{0,8}(?:电梯|车里|屋里|房间|火|楼上|井|隧道|山|洞|墙|下面|里面|轿厢|出不|机器|栏杆)|出不(?:来|去)了?|被(?:困|压|埋|夹)|(?:塌|垮|倒)了?.{0,8}(?:人|压|埋)|(?:挂|吊|悬)在"
        r"|下不来|迷路.{0,8}(?:山|天黑|电)|(?:山|野外|悬崖).{0,6}迷路|夹在|压着人|人没上来|滑坡|泥石流|(?:脚手架|楼|墙|桥).{0,2}(?:塌|垮|倒)"
        r"|夹(?:住|到)了?.{0,6}(?:脚|手|头|腿|孩|人)|(?:脚|手|头|腿|孩子|人).{0,5}(?:夹|卡)(?:住|在|进)|(?:锁|关|塞)在.{0,6}(?:后备箱|车里|柜|地下室)",
        r"\b(?:trapped|pinned|buried|stranded)\b|\b(?:stuck|locked|held) (?:in|on|under|inside|between|from)\b(?! (?:the |a |an |my |this )?(?:pending|atm|machine|loading|step|screen|level|traffic|queue|loop|process|review|app|account|phone|gates?|customs|limbo))|\bcan not get (?:out|down|off)\b|\b(?:building|wall|roof|scaffolding|ceiling|tunnel|crane) (?:has )?(?:collapsed|came down|fell)\b|\bpulled into\b"
        r"|\blost on (?:the|a) (?:mountain|trail)|\bhanging (?:from|off)\b|\blift dropped\b|\bstuck and\b|\blandslide\b|\blive wire\b|\bpower line\b.{0,12}\b(?:down|fell)"
        r"|\b(?:trunk|boot) of (?:a|the|his|this) (?:car|van)\b|\b(?:tree|wall|branch|crane|sign)\b.{0,25}\b(?:is |are )?(?:inside|trapped|under)\b|\bstuck (?:in|between|under) the (?:escalator|door|doors|railings?|fence)\b",
    ),
    "crashed": (
        r"(?:出|发生|遇到|遭遇).{0,4}(?:车祸|交通事故)|(?:被|给).{0,8}(?:车|货车|轿车|公交|大巴|摩托).{0,3}(?:撞|碾|刮|带倒)|撞(?:到|了|飞|倒|伤)?.{0,3}(?:人|老人|孩子|大爷|大妈|行人|骑)|翻(?:车|进|到沟)|侧翻|连环追尾|(?:冲|撞)(?:进|上|入)(?:人群|人行道|护栏)|夹在(?:驾驶|车)|肇事逃"
        r"|抛锚.{0,8}(?:车道|高速|隧道)|(?:高速|主路|环路).{0,8}(?:逆行|冒烟|抛锚|停在)|撞(?:车|上)了?.{0,6}(?:血|伤|昏)|失控|冲(?:上|向)人|追尾.{0,8}(?:伤|困|昏|血|压)|被带倒|(?:撞|刮)(?:倒|飞)"
        r"|(?:卷|压|轧|碾|拖)(?:在|到|进|了)?.{0,5}(?:底下|车下|轮下|车底)|(?:货车|轿车|大巴|卡车|公交|面包车).{0,8}(?:撞|翻|卷|压|冲)(?:了|上|到|进|倒)",
        r"\b(?:car|bus|truck|van|bike|motorcycle|train) (?:has |just |was )?(?:crash\w*|overturned|flipped|rolled|hit|ran)\b|\b(?:crash|accident|collision|pile up)\b.{0,40}\b(?:hurt|injur\w+|trapped|bleeding|stuck|not moving|dead|unconscious|people)|\b(?:hit|run over|knocked down|struck) by a\b|\bran (?:over|into)\b|\bi hit (?:a|an|someone|somebody)\b|\brolled the\b|\binto a ditch\b"
        r"|\bwrong side of the\b|\bpile.?up\b|\bhit and run\b.{0,30}\b(?:man|woman|injur\w+|hurt|bleeding|road)|\b(?:driver|passenger)s? (?:is |are )?(?:unconscious|injured|bleeding|stuck|trapped)\b|\bcar accident here\b|\bin the fast lane\b|\bdrunk driver\b|\bran into the\b"
        r"|\b(?:car|bus|truck|van|lorry|tram|scooter)\b.{0,15}\b(?:flipped|overturned|rolled over|crashed into|on its side)\b|\bunder (?:a|the) (?:car|truck|bus|train)\b|\bfuel everywhere\b",
    ),
    "cry": (
        r"救命|救救我|救我|快来人|来人啊|求救|帮我报警|叫救护车|快(?:来|派|救)|出人命|生命危险",
        r"\bhelp me,? (?:he|she|they|someone|somebody|my (?:husband|wife|dad|ex|boyfriend)|a man)\b|\b(?:somebody help|someone help|please hurry|send (?:help|police|an ambulance)|call (?:the )?(?:police|an ambulance)|sos|in danger|life is in danger|is dying|save me|please come|this is an emergency)\b|^emergency\b(?! contact| number| fund| exit| money)|\bhelp quick|\bdanger right now\b",
    ),
}
