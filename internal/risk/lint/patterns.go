package lint

import (
	"regexp"
	"slices"
	"strings"

	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

// A pattern finds one thing in one language. If it has groups, the first that is there is what is found and the
// rest its context.
type pattern struct {
	rule     Rule
	axis     risk.Axis // of the attribution, where it prints more of a source than
	needs    uint8     // the least level that allows it
	grade    Grade     // of what is on no axis: Finer's callers know whether a sentence speaks of a source
	ofPerson bool      // in a sentence that speaks of a source it tells of the source
	re       *regexp.Regexp
	not      *regexp.Regexp // what may not follow: 每周一次 is "once a week", not a Monday
}

func (p pattern) find(text string) [][2]int {
	var out [][2]int
	for _, at := range p.re.FindAllStringSubmatchIndex(text, -1) {
		from, to := at[0], at[1]
		for i := 2; i+1 < len(at); i += 2 {
			if at[i] >= 0 {
				from, to = at[i], at[i+1]
				break
			}
		}
		if from < to && (p.not == nil || !p.not.MatchString(text[to:])) {
			out = append(out, [2]int{from, to})
		}
	}
	return out
}

func re(s string) *regexp.Regexp { return regexp.MustCompile(s) }

// any of some words, longest first where one begins another.
func either(words string) string { return `(?:` + strings.Join(strings.Fields(words), "|") + `)` }

// of chooses the patterns of a language: compiled once, and never written.
func of(t lang.Tag, en, ko, zh []pattern) []pattern {
	switch t {
	case lang.English:
		return en
	case lang.Korean:
		return ko
	case lang.Chinese:
		return zh
	}
	return slices.Concat(en, ko, zh)
}

func patternsOf(t lang.Tag) []pattern { return of(t, english, korean, chinese) }

// Plates of China and of the North stand in texts of any language.
const (
	plateCN   = `[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-Z][·•・ -]?[A-Z0-9]{4,6}|[使领][0-9]{6}`
	plateKO   = `[0-9]{2,3} ?[가-힣] ?[0-9]{4}`
	plateNK   = either2 + `[ -]?[0-9]{1,2}[ -][0-9]{2,5}`
	plateLat  = `[A-Z]{1,3}[ -]?[0-9]{1,4}[ -]?[A-Z]{0,3}[0-9]{0,5}|[0-9]{2,4}[ -]?[A-Z]{1,3}[ -]?[0-9]{2,4}`
	either2   = `(?:평양|평남|평북|황남|황북|함남|함북|강원|자강|량강|라선|개성|남포)`
	numberRun = `[0-9][0-9A-Za-z-]{2,8}`
)

var english = []pattern{
	{rule: RuleRoom, grade: Block, re: re(`(?i)\b(?:room|apartment|apt\.?|flat|office|suite|cell|cabin) (?:no\.? ?|number )?#?[0-9]{1,4}[a-z]?\b`)},
	{rule: RuleRoom, grade: Block, re: re(`(?i)\b(?:on|from|to) the (?:[0-9]{1,2}(?:st|nd|rd|th)|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|top|ground) floor\b`)},
	{rule: RulePlate, grade: Block, re: re(plateCN + `|` + plateKO)},
	{rule: RulePlate, grade: Block, re: re(`(?i)\b(?:licen[cs]e|number|registration|diplomatic) plates?(?: number)?,? (?:(?:is|was|read|reading|of|no\.?|number|bearing|with) )?((?-i:` + plateLat + `|` + numberRun + `))\b`)},
	{rule: RulePlate, grade: Block, re: re(`(?i)\b(?:car|van|truck|lorry|bus|taxi|vehicle) (?:(?:with|bearing) )?(?:the )?(?:plates? |number |registered as |registration )((?-i:` + plateLat + `))\b`)},
	{rule: RuleOnly, ofPerson: false, re: re(`(?i)\b(?:the (?:only|sole|lone)|only one|sole|solely|no one else|nobody else|none other|alone (?:knew|had|could)|one of (?:only )?(?:two|three|four|five|a few)|one of the few|only (?:two|three|four|five|a handful|a few)|the last (?:one|person)|first ever|unique)\b`)},
	{rule: RuleKin, ofPerson: true, re: re(`(?i)\b(?:(?:his|her|their|my|whose) )?(?:wife|husband|spouse|sons?|daughters?|brothers?|sisters?|(?:grand)?mothers?|(?:grand)?fathers?|parents|uncles?|aunts?|cousins?|nephews?|nieces?|grand(?:son|daughter|parents|child|children)|(?:mother|father|brother|sister|son|daughter)-in-law|in-laws|widow|widower|fianc[ée]e?|twins?|step(?:son|daughter|mother|father))\b`)},
	{rule: RulePronoun, ofPerson: true, re: re(`(?i)\b(?:he|she|him|her|his|hers|himself|herself)\b`)},
	{rule: RuleUnit, ofPerson: true, re: re(`\b(?:(?:[0-9]{1,3}(?:st|nd|rd|th)|First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth|Tenth) (?:Section|Division|Department|Bureau|Brigade|Battalion|Company|Group|Team|Squad|Office|Desk)|(?:Room|Office|Bureau|Unit|Group|Section|Department|Team|Squad|Division|Brigade|Battalion|Factory|Camp|Mine) (?:No\. ?)?[0-9]{1,4})\b`)},
	{rule: RuleUnit, ofPerson: true, re: re(`\b(?:[A-Z][a-z]+ ){1,3}(?:Trading (?:Company|Corporation)|Trade Mission|Consulate(?: General)?|Representative Office|Branch(?: Office)?|Workers’ Dormitory|Restaurant|Garment Factory)\b`)},
	{rule: RuleDialect, re: re(`(?i)\b(?:inminban|saenghwal ch?onghwa|jangmadang|changmadang|bowibu|powibu|bowiseong|anjeonbu|donju|tongmu|dongmu|kkotjebi|kotjebi|ryongsagwan|yong?sagwan|ryokwon|moo?yeok ?ilkkun|muyok ?ilgun|songbun|juche-type|workers’ life review|life review sessions?)\b`)},
	{rule: RuleSpelling, re: re(`\b(?:Rodong|Ryang(?:gang)?|Rajin|Ryongchon|Rim|Ri|Ryu|Ryom|Pyonganbuk|Phyongyang|Phyongsong|Jagang|Kaesong-si|Sinuiju-si|Juche [0-9]+)\b`)},
}

var korean = []pattern{
	{rule: RuleRoom, grade: Block, re: re(`(?:^|[^0-9제])([0-9]{1,4} ?호(?:실| 방|에 (?:산|머|살|묵)))`)},
	{rule: RuleRoom, grade: Block, re: re(`(?:^|[^0-9])([0-9]{2,4}호)(?:$|[^기선차실])`)},
	{rule: RuleRoom, grade: Block, re: re(`(?:^|[^0-9])([0-9]{1,2} ?층(?:에|의|에서| 사무실| 방| 숙소| 복도))`)},
	{rule: RulePlate, grade: Block, re: re(plateNK + `|` + plateKO + `|` + plateCN)},
	{rule: RulePlate, grade: Block, re: re(`(?:번호판|차량 ?번호|차 ?번호)(?:은|는|이|가|을|를)? ?[‘“"']?([0-9A-Z가-힣]{0,3}[ -]?[0-9]{2,5}(?:[- ][0-9]{2,4})?)`)},
	{rule: RuleOnly, re: re(`유일(?:한|하게|무이)|단 ?(?:한|두|세) ?(?:명|사람|곳|번)|오직|혼자(?:만|서|뿐)|뿐이었|밖에 없|홀로|유독|(?:두|세|네) 명(?:뿐|밖에)|하나뿐`)},
	{rule: RuleKin, ofPerson: true, re: re(`(?:^|[^가-힣]|[의한내우])((?:` + kinKO + `)(?:들)?)(?:$|[^가-힣]|[이가은는을를의에와과도로께]|하고|에게|한테|이나|까지|부터)`)},
	{rule: RulePronoun, ofPerson: true, re: re(`그녀|(?:^|[^가-힣])(그(?:는|가|의|를|에게|도))(?:$|[ ,.])`)},
	{rule: RuleUnit, ofPerson: true, re: re(`제?[0-9]{1,4} ?(?:호실|여단|대대|중대|소대|련대|연대|군단|국|처|과|부서|총국|작업반|분조|관리소|공장)(?:$|[^가-힣]|[은는이가을를의에와과]|에서|소속)`)},
	{rule: RuleUnit, ofPerson: true, re: re(`[가-힣]{2,8}(?:무역회사|총회사|무역총국|대표부|영사관|령사관|지사|분주소|출장소|직장|작업반|인민반|세포비서|식당|피복공장)(?:$|[^가-힣]|[은는이가을를의에와과]|에서|소속)`)},
	{rule: RuleDialect, grade: Block, re: re(dialectKO)},
	{rule: RuleSpelling, grade: Block, re: re(`(?:^|[^가-힣])(` + spellingKO + `)`)},
}

var chinese = []pattern{
	{rule: RuleRoom, grade: Block, re: re(`(?:第[0-9]{1,4}|[0-9０-９]{2,4}|[一二三四五六七八九十百零〇]{2,6})(?:号房间?|号室|房间|室|号房)`)},
	{rule: RuleRoom, grade: Block, re: re(`(?:[0-9０-９]{1,2}|[二三四五六七八九十]{1,3})(?:楼的|楼[房办宿走]|楼里|楼上|层的|层[房办宿走]|层楼?里|楼$|楼[，。])`)},
	{rule: RulePlate, grade: Block, re: re(plateCN)},
	{rule: RulePlate, grade: Block, re: re(`(?:车牌号?|牌照|车号)(?:码)?(?:是|为|：|:)?[“"]?([\p{Han}]?[A-Z0-9][A-Z0-9·-]{3,8})`)},
	{rule: RuleOnly, re: re(`唯一|独一|仅有的|只有(?:他|她|一|两|三|几)[\p{Han}]{0,2}|仅(?:一|两|三)[\p{Han}]|独自|绝无仅有|仅此一`)},
	{rule: RuleKin, ofPerson: true, re: re(either(kinZH))},
	{rule: RulePronoun, ofPerson: true, re: re(`[他她](?:的|说|们)?|其本人`), not: re(`^(?:人|国|乡|方|杀|杀案)`)},
	{rule: RuleUnit, ofPerson: true, re: re(`第?(?:[0-9]{1,4}|[一二三四五六七八九十百]{1,4})(?:号室|处|科|局|旅|营|连|排|小组|作业班|车间|支队|分队|分局)`), not: re(`^(?:长|员|技|学|目|理|外|处|续|接|同|任|通)`)},
	{rule: RuleUnit, ofPerson: true, re: re(`[\p{Han}]{2,8}(?:贸易公司|总会社|代表处|办事处|领事馆|分公司|派出所|作业班|人民班|被服厂|餐厅|食堂)`)},
	{rule: RuleDialect, re: re(either("人民班 生活总和 生活总结会 总和时间 同务 保卫部员 保卫指导员 货棚市场 农民市场 钱主 花燕子 苦难的行军 贸易日军 贸易工作者 手电话 出身成分 核心阶层 动摇阶层 敌对阶层 忠诚之歌 首领福 将军福"))},
	{rule: RuleSpelling, re: re(either("劳动新闻社 两江道 罗先市 平安北道 平安南道 慈江道 主体一百 主体百 朝鲜式 伟大首领 敬爱的领袖 最高尊严 共和国北半部"))},
}

const kinKO = `아내|남편|부인|배우자|아들|딸|형|형님|동생|남동생|여동생|누나|누이|언니|오빠|어머니|아버지|엄마|아빠|어머님|아버님|부모|부모님|삼촌|외삼촌|이모|이모부|고모|고모부|조카|처남|처제|처형|매부|매형|매제|사위|며느리|할머니|할아버지|외할머니|외할아버지|장인|장모|시어머니|시아버지|시누이|올케|동서|손자|손녀|쌍둥이|약혼자|가시아버지|가시어머니|맏아들|막내|외아들|외동딸`

const kinZH = `妻子 丈夫 老婆 老公 爱人 配偶 儿子 女儿 哥哥 弟弟 姐姐 妹妹 兄弟 姐妹 兄长 母亲 父亲 妈妈 爸爸 父母 双亲 叔叔 伯父 舅舅 姑姑 姑妈 姨妈 阿姨 侄子 侄女 外甥女 外甥 堂兄 堂弟 表哥 表弟 表姐 表妹 女婿 儿媳 岳父 岳母 公公 婆婆 爷爷 奶奶 外公 外婆 祖父 祖母 孙子 孙女 小舅子 姐夫 妹夫 嫂子 弟媳 双胞胎 未婚妻 未婚夫 独生子 独生女`

// Words that a speaker of the North says and a newsroom in the South would not write.
const dialectKO = `일없(?:다|습니|어|소|네)|인차|손전화|텔레비죤|뜨락또르|빨찌산|뻐스|꼴호즈|웽그리아|뽈스까|로씨야|도이췰란드|얼음보숭이|곽밥|직승기|위생실|가시(?:아버지|어머니|집)|망돌|강냉이밥|남새|닭알|동무(?:들|는|가|의|에게)|생활총화|호상비판|자아비판|총화(?:를|가|시간|에서)|장마당|돈주|꽃제비|보위(?:부원|지도원|성)|안전원|인민반장|로력영웅|고난의 행군|대방(?:과|이|을)|무역일군|외화벌이|가두(?:녀성|여성)|세대주|부업지|밀차|달리기군|되거리|숙박검열|출신성분|충성의 (?:노래|맹세)|수령복|장군복|거두매|바쁘다고|하라우|했슴|합네다|갔시요|아이 (?:됩니다|합니다)|무스(?:거|그)|즉살|정황(?:이|을)|료해|방조(?:를|하)|안해(?:가|는|와|의)|녀맹|직맹|당세포|분주소`

// Words that the South writes without their first ㄹ or ㄴ.
const spellingKO = `련락|려권|려행|려관|려비|령사|령도|령토|령감|령수|령장|로동|로력|로인|로임|로선|로골|로병|녀성|녀자|녀사|녀맹|녀인|력사|력량|력도|량강|량심|량식|량곡|량국|량해|림업|림시|림산|립장|립증|류학|류행|류출|류의|류사|류통|륙군|륙로|률동|리유|리론|리해|리익|리용|리혼|리별|리탈|리행|리과대|리발|론의|론리|론쟁|론문|련합|련대|련습|련결|련계|련관|련속|련방|련일|렬차|렬사|렬거|례절|례의|례외|례년|료리|료금|료해|료양|뢰물|랭면|랭동|랭장|래일|래년|래달|래왕|락후|락원|락관|란관|란방|람용|랑비|랑독|략탈|루설|루차|루적|릉력|릉멸|년령|뇨소|닉명|닉사|로씨야|룡천|룡성|라선|라진`
