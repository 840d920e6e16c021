package lint

import (
	"strings"
	"testing"

	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

// plants are fragments that give something away, by rule and language, and the clean sentences into which they
// are put, where {} stands. They were written as people write, not from the patterns.
type plants struct {
	into   map[lang.Tag][]string
	values map[lang.Tag][]string
}

var (
	spoke = map[lang.Tag][]string{
		lang.English: {"A source in the country said {} that sessions are held more often.", "The sessions grew longer, a source said {}.", "{}, the source told this newspaper, trade had nearly stopped."},
		lang.Korean:  {"소식통은 {} 학습이 잦아졌다고 밝혔다.", "소식통은 {} 무역이 거의 멈췄다고 전했다.", "{} 소식통은 모임이 길어졌다고 했다."},
		lang.Chinese: {"消息人士{}表示，学习比以前更频繁。", "{}，消息人士说贸易几乎停止。", "据消息人士{}透露，会议变长了。"},
	}
	where = map[lang.Tag][]string{
		lang.English: {"The list was kept in {} of the building.", "They were told to wait in {} until evening.", "People say that {} was searched twice."},
		lang.Korean:  {"명단은 {} 있었다고 한다.", "사람들은 저녁까지 {} 기다렸다.", "그날 {} 두 번 수색이 있었다."},
		lang.Chinese: {"名单放在{}。", "人们在{}，等到晚上。", "据说{}，被搜查过两次。"},
	}
	what = map[lang.Tag][]string{
		lang.English: {"Officials asked about {} several times.", "In the end {} had to leave the country.", "The article also speaks of {}."},
		lang.Korean:  {"간부들은 {} 여러 차례 물었다.", "결국 {} 나라를 떠나야 했다.", "기사는 {} 다룬다."},
		lang.Chinese: {"官员多次问起{}。", "最后{}离开了国家。", "文章还提到{}。"},
	}
	seen = map[lang.Tag][]string{
		lang.English: {"Witnesses noted {} near the border.", "{} stood before the gate for an hour.", "The driver of {} was questioned."},
		lang.Korean:  {"국경 근처에서 {} 차를 보았다.", "문 앞에 {} 차가 한 시간 서 있었다.", "{} 차의 운전사가 조사를 받았다."},
		lang.Chinese: {"有人在边境附近看到{}的车。", "{}的车在门前停了一小时。", "{}的司机被问话。"},
	}
	any1 = map[lang.Tag][]string{
		lang.English: {"Trade fell{} over the year.", "People{} were told to stay at home.", "The border{} is watched more closely."},
		lang.Korean:  {"무역이{} 크게 줄었다.", "사람들은{} 집에 머물렀다.", "국경{} 감시가 늘었다."},
		lang.Chinese: {"贸易{}大幅减少。", "人们{}留在家里。", "边境{}监视加强。"},
	}
)

func byLang(en, ko, zh string) map[lang.Tag][]string {
	cut := func(s string) []string { return strings.Split(s, "|") }
	return map[lang.Tag][]string{lang.English: cut(en), lang.Korean: cut(ko), lang.Chinese: cut(zh)}
}

func planted() map[Rule]plants {
	invisible := "\u200b|\u200c|\u200d|\u2060|\ufeff|\U000e0041|\ufe0f|\u202e|\u2066|\u00a0|\u2009|\u00ad|\u3164|\u061c|\U000e0101|\u2003"
	return map[Rule]plants{
		RuleWeekday: {spoke, byLang("on Monday|last Thursday|on Friday evening|on Sunday", "월요일|지난 목요일|금요일 저녁|일요일에", "周一|上周四|星期五晚上|礼拜天")},
		RuleDate:    {spoke, byLang("on 3 October|on November 21|yesterday|at 9 p.m.|last night", "10월 3일|지난 21일|어제|오후 9시에|어젯밤", "10月3日|十一月二十一日|昨天|晚上九点|昨晚")},
		RulePhone:   {spoke, byLang("by telephone|over the phone|in a telephone interview|in a phone call", "전화 통화에서|전화로|전화 인터뷰에서", "在电话中|通过电话|电话采访中")},
		RuleApp:     {spoke, byLang("via WeChat|over Telegram|in a WhatsApp message|on Signal", "위챗으로|텔레그램으로|카카오톡으로", "通过微信|用微信|在电报群里")},
		RulePaper:   {spoke, byLang("while showing a document|and played a recording|, who showed us a photograph", "문건을 보여주며|녹음을 들려주며|사진을 보여주면서", "并出示了一份文件|播放录音后|展示了一段视频")},
		RuleCity:    {spoke, byLang("in Dandong|from Shenyang|in Vladivostok|in Yanji", "단둥에서|선양에서|블라디보스토크에서|옌지에서", "在丹东|在沈阳|在海参崴|在延吉")},
		RuleGender:  {map[lang.Tag][]string{lang.English: {"{} that sessions are held more often.", "The sessions grew longer, {}."}, lang.Korean: {"{} 학습이 잦아졌다고 밝혔다.", "모임이 길어졌다고 {} 말했다."}, lang.Chinese: {"{}，学习比以前更频繁。", "会议变长了，{}。"}}, byLang("she said|he told us|she explained", "여성 소식통은|남성 소식통이|그녀는", "她说|女性消息人士表示|男消息人士说")},
		RuleRole: {map[lang.Tag][]string{
			lang.English: {"A source {} said that sessions are held more often.", "The sessions grew longer, according to a source {}."},
			lang.Korean:  {"{} 소식통은 학습이 잦아졌다고 밝혔다.", "모임이 길어졌다고 {} 소식통은 전했다."},
			lang.Chinese: {"一名{}消息人士表示，学习比以前更频繁。", "据一名{}消息人士透露，会议变长了。"},
		}, byLang(
			"in the trade sector|in the shipping business|who is a trade official|who works as a driver|who works at the consulate|at the trade mission|posted at the embassy|who is the deputy director of the office|in the country, a cook at the restaurant,|in China, an interpreter,",
			"무역 부문의|외화벌이 분야|무역일꾼인|운전사로 일하는|영사관에서 일하는|대표부 소속|무역회사에 다니는|서기관으로 있는|지배인인|외교",
			"贸易领域|航运界|身为贸易官员的|担任司机的|领事馆工作的|代表处内部|外交部|身为参赞的|商界|贸易公司")},
		RuleRoom:     {where, byLang("Room 412|room 7|office 210|apartment 31B|the cell on the third floor|a room on the 5th floor|Suite 1204", "412호실에서|304호에서|7층에서|3층 사무실에서|12층 숙소에서", "412房间|304室|第7号房间|三楼的办公室|五层的宿舍|二〇三室")},
		RulePlate:    {seen, byLang("a car with the number plate 31-4217|a van with licence plate ABC 1234|a vehicle bearing plates 辽F12345|a bus, number plate 12가3456,|a diplomatic plate 219-04", "12가 3456|평양 31-4217|123나4567|辽F12345|번호판 31-4217", "辽F12345|京A·88888|吉H7K219|车牌号B12345|使219004")},
		RuleNumber:   {what, byLang("37 officials|1,243 tonnes of rice|twenty-three families|418 workers|5,317 dollars", "37명을|1,243톤의 쌀을|스물세 가구를|418명의 노동자를|5317달러를", "37名官员|1,243吨大米|二十三户人家|418名工人|5317美元")},
		RuleOnly:     {what, byLang("the only cook|the sole translator|one of the few drivers|the only one with a key|one of only three clerks|the last person who knew", "유일한 요리사를|단 한 명의 통역을|혼자만 아는 사람을|단 두 사람을|오직 한 사람을", "唯一的厨师|仅有的翻译|只有两人知道的事|独自值班的人|唯一有钥匙的人")},
		RuleKin:      {what, byLang("his wife|her eldest son|their daughters|a brother-in-law|my uncle|the nephew of the consul|the widow", "아내를|맏아들을|딸들을|처남을|삼촌을|영사의 조카를|장모를", "他的妻子|大儿子|两个女儿|小舅子|叔叔|领事的侄子|岳母")},
		RulePronoun:  {any1, byLang(", she feared,| he knew| who saw him| and her friends", " 줄자 그녀는| 그의 말대로| 그녀의 걱정대로|. 그는 말했다.", "，她担心会|，他知道会|，据她说|，令他吃惊地")},
		RuleUnit:     {what, byLang("the Third Section|Office 39|Unit 4|the 5th Division|the Dandong Consulate|Taesong Trading Company|Factory 26", "제3과를|39호실을|4부서를|대성무역회사를|단둥대표부를|제5여단을|26국을", "第三处|39号室|四科|大圣贸易公司|丹东代表处|第五旅|三大队第二分队")},
		RuleDialect:  {what, byLang("the inminban|saenghwal chonghwa|the jangmadang|the bowibu|donju|kotjebi", "인차|생활총화를|손전화를|보위부원을|돈주를|닭알을|직승기를", "人民班|生活总和|货棚市场|钱主|保卫指导员|花燕子")},
		RuleSpelling: {what, byLang("the Rodong daily|Ryanggang province|Juche 113|Ryongchon county|Rajin port", "련락을|려권을|령사관을|로동을|녀성을|력사를|리유를|래일|량강도를", "劳动新闻社|两江道|罗先市|慈江道|主体一百一十三年")},
		RuleRare:     {what, byLang("flummadiddle lickspittle|a kibitzing skedaddler|skulduggerous tomfool gibbetry|gallimaufry of mumblecrusts", "쌔무룩하게 꿍얼거리는 꺽쇠꺼벙이를|옹송그린 더펄개쭝이를|쭈뼛거리는 더펄개를", "踅摸着缲丝|耄耋饕餮|踽踽彳亍|踯躅彳亍")},
		RuleQuote: {map[lang.Tag][]string{lang.English: {"One said: “{}”", "“{}” was the answer."}, lang.Korean: {"그 사람은 “{}”라고 말했다.", "“{}”라는 대답이었다."}, lang.Chinese: {"有人说：“{}”", "“{}”，这就是回答。"}}, byLang(
			"We stand in rows and each of us must say what we did since the last time|Nobody here believes a word of it but nobody here will ever say so aloud",
			"우리는 줄을 서서 지난번부터 지금까지 무엇을 했는지 한 사람씩 모두 말해야 하고 그것을 다 적는다|아무도 그 말을 믿지 않지만 여기서 그렇게 말할 사람은 앞으로도 한 사람도 없을 것이라고 다들 안다",
			"我们排成队每个人都要说从上次到现在做了什么而且都要记下来|这里没有人相信这些话但是以后也不会有人把它大声说出来")},
		RuleHidden:   {any1, map[lang.Tag][]string{lang.English: strings.Split(invisible, "|"), lang.Korean: strings.Split(invisible, "|"), lang.Chinese: strings.Split(invisible, "|")}},
		RuleLookLike: {any1, byLang(" in Аpril| and pоlice|, ѕays one,| 𝐦uch| １２ times", " １２번| Ｋ씨가| pоlice가| 𝟏년", "１２次| Ａ区| 𝐀区| pоlice")},
		RuleScript:   {any1, map[lang.Tag][]string{lang.Chinese: {"據說", "雖然", "這樣"}}},
	}
}

// Of what is planted, at least 95 of 100 are found, and no rule is much worse in any language.
func TestRecallOfPlantedFindings(t *testing.T) {
	all, found := 0, 0
	for rule, p := range planted() {
		for tag, values := range p.values {
			here, of := 0, 0
			for _, template := range p.into[tag] {
				for _, v := range values {
					of++
					if overlaps(tag, template, v, rule) {
						here++
					} else {
						t.Logf("%s %s: not found: %s", rule, tag, strings.Replace(template, "{}", v, 1))
					}
				}
			}
			all, found = all+of, found+here
			if here*10 < of*8 {
				t.Errorf("%s in %s: %d of %d are found", rule, tag, here, of)
			}
		}
	}
	t.Logf("%d of %d planted findings are found: %.3f", found, all, float64(found)/float64(all))
	if all < 300 || found*100 < all*95 {
		t.Errorf("%d of %d planted findings are found", found, all)
	}
}

func overlaps(tag lang.Tag, template, value string, rule Rule) bool {
	text := strings.Replace(template, "{}", value, 1)
	start := strings.Index(template, "{}")
	end := start + len(value)
	for _, f := range Check(Draft{Name: "planted", Lang: tag, Text: text}, risk.DefaultCeiling()) {
		if f.Rule == rule && f.Start < end && start < f.End {
			return true
		}
	}
	return false
}

// The sentences into which things are planted are clean themselves: no rule finds anything that blocks there.
func TestTemplatesAreClean(t *testing.T) {
	filler := map[lang.Tag]string{lang.English: " often ", lang.Korean: " 자주 ", lang.Chinese: "常常"}
	for rule, p := range planted() {
		for tag, ts := range p.into {
			for _, template := range ts {
				text := strings.Replace(template, "{}", filler[tag], 1)
				for _, f := range Check(Draft{Lang: tag, Text: text}, risk.DefaultCeiling()) {
					if f.Rule == rule {
						t.Errorf("%s %q: %q is found without being planted", rule, text, f.Text)
					}
				}
			}
		}
	}
}
