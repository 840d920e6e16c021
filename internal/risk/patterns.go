package risk

import (
	"regexp"
	"strings"

	"kkachi/internal/lang"
)

// A pattern finds one thing in one language. not rules out what follows a match: 每周一次 is
// "once a week", not a Monday.
type pattern struct {
	rule  Rule
	axis  Axis
	needs uint8
	re    *regexp.Regexp
	not   []string
}

func (p pattern) find(text string) [][]int {
	var out [][]int
	for _, at := range p.re.FindAllStringSubmatchIndex(text, -1) {
		from, to := at[0], at[1]
		if len(at) > 3 && at[2] >= 0 { // the group holds what is found, the rest is its context
			from, to = at[2], at[3]
		}
		follows := false
		for _, n := range p.not {
			follows = follows || strings.HasPrefix(text[to:], n)
		}
		if !follows {
			out = append(out, []int{from, to})
		}
	}
	return out
}

func patterns(t lang.Tag) []pattern {
	switch t {
	case lang.English:
		return english
	case lang.Korean:
		return korean
	case lang.Chinese:
		return chinese
	}
	return append(append(append([]pattern(nil), english...), korean...), chinese...)
}

func re(s string) *regexp.Regexp { return regexp.MustCompile(s) }

const (
	months = `(?:January|February|March|April|May|June|July|August|September|October|November|December)`
	hanNum = `[0-9０-９一二三四五六七八九十]{1,3}`
)

// The patterns are compiled once and never written.
var english = []pattern{
	{RuleWeekday, Day, 4, re(`\b(?:[Oo]n )?(?:last |next )?(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day(?: morning| evening| night)?\b`), nil},
	{RuleDate, Day, 5, re(`\b(?:[Oo]n )?(?:[0-3]?[0-9](?:st|nd|rd|th)?(?: of)? ` + months + `|` + months + ` [0-3]?[0-9](?:st|nd|rd|th)?)\b`), nil},
	{RuleDate, Day, 5, re(`\b20[0-9]{2}-[01][0-9]-[0-3][0-9]\b`), nil},
	{RuleDate, Day, 5, re(`(?i)\b(?:at )?[0-2]?[0-9](?::[0-5][0-9])? ?(?:a\.m\.|p\.m\.|am\b|pm\b|o’clock|o'clock)`), nil},
	{RuleDate, Day, 5, re(`(?i)\b(?:yesterday|the day before yesterday|this morning|last night|tonight)\b`), nil},
	{RuleWeek, Day, 3, re(`(?i)\b(?:last|this|earlier this|late last) week\b`), nil},
	{RuleMonth, Day, 2, re(`(?i)\b(?:earlier |later )?this month\b`), nil},
	{RulePhone, Medium, 2, re(`(?i)\b(?:by|on|over) the (?:tele)?phone\b|\bby (?:tele)?phone\b|\b(?:tele)?phone (?:conversation|call|interview)s?\b|\b(?:tele)?phoned (?:us|this newspaper)\b`), nil},
	{RuleApp, Medium, 3, re(`(?i)\b(?:WeChat|WhatsApp|Telegram|Signal|KakaoTalk|Viber|QQ) (?:message|call|chat)s?\b|\b(?:by|via|over|on|through) (?:WeChat|WhatsApp|Telegram|Signal|KakaoTalk|Viber|QQ)\b`), nil},
	{RulePaper, Medium, 4, re(`(?i)\b(?:showed|showing|played|shown|sent|shared with) (?:us |this newspaper )?(?:a |the )?(?:document|recording|photograph|video|screenshot)s?\b|\b(?:document|recording)s? (?:seen|heard|reviewed|obtained) by\b`), nil},
	{RuleCountry, Place, 2, re(`\b(?:source|sources) in ((?:the )?[A-Z][a-z]+)`), nil},
	{RuleRegion, Place, 3, re(`(?i)\bsources? (?:\w+ )?in (?:the )?((?:north|south|east|west)[a-z-]*)\b`), nil},
	{RuleProvince, Place, 4, re(`\b(?:` + provincesEN + `)(?: [Pp]rovince)?\b`), nil},
	{RuleCity, Place, 5, re(`\b(?:` + citiesEN + `)\b`), nil},
	{RuleGender, Gender, 1, re(`(?i)\b(?:female|male|woman|man) (?:source|official who told)\b|\b(?:she|he) (?:said|told us|added|explained)\b`), nil},
	{RuleCount, Count, 1, re(`(?i)\b(?:two|three|four|five|six|several|multiple|[2-9]) (?:\w+ )?sources\b`), nil},
}

var korean = []pattern{
	{RuleWeekday, Day, 4, re(`(?:지난 |이번 )?[월화수목금토일]요일`), nil},
	{RuleDate, Day, 5, re(`(?:[0-9]{1,2}월 ?)[0-9]{1,2}일|지난 ?[0-9]{1,2}일`), []string{"간", "에 한 번", "마다"}},
	{RuleDate, Day, 5, re(`(?:오전|오후|새벽|저녁|밤) ?[0-9]{1,2}시`), nil},
	{RuleDate, Day, 5, re(`(?:^|[ “‘])((?:어제|그제|그저께|어젯밤|오늘 아침))`), nil},
	{RuleWeek, Day, 3, re(`지난 ?주|이번 ?주|금주`), nil},
	{RuleMonth, Day, 2, re(`이달|이번 달|금월`), nil},
	{RulePhone, Medium, 2, re(`전화 ?통화|통화에서|전화로|통화로|전화 ?인터뷰|전화 ?너머`), nil},
	{RuleApp, Medium, 3, re(`위챗|웨이신|텔레그램|왓츠앱|시그널 메신저|카카오톡|카톡|바이버`), nil},
	{RulePaper, Medium, 4, re(`(?:문서|문건|녹음|녹취|사진|영상)(?:을|를|도)? ?(?:보여|보이며|들려|건네|제시)|입수한 (?:문서|문건|녹음|녹취)`), nil},
	{RuleCountry, Place, 2, re(`[가-힣]+ (?:내|현지) (?:또 다른 )?소식통`), nil},
	{RuleRegion, Place, 3, re(`(?:동북|서남|남서|동남|북동|서북|남부|북부|동부|서부)[가-힣]* (?:지역 |지방 )?(?:내 )?(?:또 다른 )?소식통`), nil},
	{RuleProvince, Place, 4, re(provincesKO), nil},
	{RuleCity, Place, 5, re(citiesKO), nil},
	{RuleGender, Gender, 1, re(`(?:여성|남성|여자|남자) ?소식통|그녀(?:는|가)`), nil},
	{RuleCount, Count, 1, re(`소식통 ?(?:[2-9]|두|세|네|여러) ?명|(?:두|세|네|여러|복수의) ?(?:명의 )?소식통|복수의 [가-힣 ]{0,8}소식통`), nil},
}

var chinese = []pattern{
	{RuleWeekday, Day, 4, re(`(?:上|本|这)?(?:周|星期|礼拜)[一二三四五六日天]`), []string{"次", "回", "趟", "遍", "个", "天"}},
	{RuleDate, Day, 5, re(hanNum + `月` + hanNum + `[日号]|本月` + hanNum + `[日号]`), nil},
	{RuleDate, Day, 5, re(`(?:上午|下午|凌晨|晚上|傍晚)` + hanNum + `[时点]`), nil},
	{RuleDate, Day, 5, re(`昨天|昨日|前天|昨晚|今早`), nil},
	{RuleWeek, Day, 3, re(`上周|上星期|本周|这周|上个星期`), []string{"一", "二", "三", "四", "五", "六", "日", "天"}},
	{RuleMonth, Day, 2, re(`本月|这个月`), nil},
	{RulePhone, Medium, 2, re(`在电话中|电话里|通电话|电话采访|通过电话|通话中|打电话(?:告诉|说)`), nil},
	{RuleApp, Medium, 3, re(`微信|电报群|瓦次普|信号应用`), nil},
	{RulePaper, Medium, 4, re(`(?:出示|展示|播放|提供)(?:了)?(?:一份|一段)?(?:文件|录音|照片|视频)|获得的(?:文件|录音)`), nil},
	{RuleCountry, Place, 2, re(`在[\p{Han}]{2,6}的(?:另?一名|多名|[一-十两]名)?(?:消息|知情)人士`), nil},
	{RuleRegion, Place, 3, re(`(?:东北|西南|东南|西北|华北|华南|南部|北部|东部|西部)(?:地区)?的?(?:另?一名|多名)?(?:消息|知情)人士`), nil},
	{RuleProvince, Place, 4, re(provincesZH), nil},
	{RuleCity, Place, 5, re(citiesZH), nil},
	{RuleGender, Gender, 1, re(`[女男]性?(?:消息|知情)人士|她(?:说|表示|透露)`), nil},
	{RuleCount, Count, 1, re(`[两二三四五六2-9]名(?:[\p{Han}]{0,8})(?:消息|知情)人士|多名(?:[\p{Han}]{0,8})(?:消息|知情)人士|多位(?:消息|知情)人士`), nil},
}

// A small list, for the places where a trade official posted abroad or a traveller to the
// border may be. Korean names that are also common words stand with 성 only.
const (
	provincesEN = `Liaoning|Jilin|Heilongjiang|Yunnan|Guangxi|Guangdong|Shandong|Hebei|Hunan|Hubei|Sichuan|Guizhou|Zhejiang|Jiangsu|Fujian|Shaanxi|Shanxi|Inner Mongolia|Xinjiang|Primorye|Primorsky`
	citiesEN    = `Dandong|Shenyang|Dalian|Yanji|Tumen|Hunchun|Changchun|Jian|Changbai|Kunming|Mengla|Jinghong|Xishuangbanna|Nanning|Beijing|Shanghai|Qingdao|Guangzhou|Shenzhen|Harbin|Tianjin|Vladivostok|Khabarovsk|Vientiane|Kuala Lumpur`

	provincesKO = `랴오닝|요녕|요령성|지린성|길림성|헤이룽장|흑룡강|윈난|운남|광시|광둥성|산둥성|허베이성|후난성|후베이성|쓰촨|구이저우|저장성|장쑤|푸젠|산시성|네이멍구|내몽골|신장 ?위구르|연해주`
	citiesKO    = `단둥|단동|선양|심양|다롄|대련시|옌지|연길|투먼|도문시|훈춘|창춘|장춘|지안시|집안시|창바이|장백현|쿤밍|곤명|멍라|징훙|시솽반나|난닝|베이징|북경|상하이|칭다오|광저우|선전시|하얼빈|톈진|블라디보스토크|하바롭스크|비엔티안|쿠알라룸푸르`

	provincesZH = `辽宁|吉林|黑龙江|云南|广西|广东|山东|河北|湖南|湖北|四川|贵州|浙江|江苏|福建|陕西|山西|内蒙古|新疆|滨海边疆区`
	citiesZH    = `丹东|沈阳|大连|延吉|图们|珲春|长春|集安|长白县|昆明|勐腊|景洪|西双版纳|南宁|北京|上海|青岛|广州|深圳|哈尔滨|天津|符拉迪沃斯托克|海参崴|哈巴罗夫斯克|万象|吉隆坡`
)
