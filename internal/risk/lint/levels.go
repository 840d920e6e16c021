package lint

import (
	"slices"

	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

// levelsOf are the patterns of what prints finer than a level. A language that is not known gets all.
func levelsOf(t lang.Tag) []pattern { return of(t, finerEN, finerKO, finerZH) }

// Put together once, and never written.
var (
	finerEN = slices.Concat(levelsEN, rolesEN)
	finerKO = slices.Concat(levelsKO, rolesKO)
	finerZH = slices.Concat(levelsZH, rolesZH)
)

const (
	months = `(?:January|February|March|April|May|June|July|August|September|October|November|December)`
	hanNum = `[0-9０-９一二三四五六七八九十]{1,3}`
)

// The patterns are compiled once and never written.
var levelsEN = []pattern{
	{rule: RuleWeekday, axis: risk.Day, needs: 4, re: re(`\b(?:[Oo]n )?(?:last |next )?(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day(?: morning| evening| night)?\b`)},
	{rule: RuleDate, axis: risk.Day, needs: 5, re: re(`\b(?:[Oo]n )?(?:[0-3]?[0-9](?:st|nd|rd|th)?(?: of)? ` + months + `|` + months + ` [0-3]?[0-9](?:st|nd|rd|th)?)\b`)},
	{rule: RuleDate, axis: risk.Day, needs: 5, re: re(`\b20[0-9]{2}-[01][0-9]-[0-3][0-9]\b`)},
	{rule: RuleDate, axis: risk.Day, needs: 5, re: re(`(?i)\b(?:at )?[0-2]?[0-9](?::[0-5][0-9])? ?(?:a\.m\.|p\.m\.|am\b|pm\b|o’clock|o'clock)`)},
	{rule: RuleDate, axis: risk.Day, needs: 5, re: re(`(?i)\b(?:yesterday|the day before yesterday|this morning|last night|tonight)\b`)},
	{rule: RuleWeek, axis: risk.Day, needs: 3, re: re(`(?i)\b(?:last|this|earlier this|late last) week\b`)},
	{rule: RuleMonth, axis: risk.Day, needs: 2, re: re(`(?i)\b(?:earlier |later )?this month\b`)},
	{rule: RulePhone, axis: risk.Medium, needs: 2, re: re(`(?i)\b(?:by|on|over) the (?:tele)?phone\b|\bby (?:tele)?phone\b|\b(?:tele)?phone (?:conversation|call|interview)s?\b|\b(?:tele)?phoned (?:us|this newspaper)\b`)},
	{rule: RuleApp, axis: risk.Medium, needs: 3, re: re(`(?i)\b(?:WeChat|WhatsApp|Telegram|Signal|KakaoTalk|Viber|QQ) (?:message|call|chat)s?\b|\b(?:by|via|over|on|through) (?:WeChat|WhatsApp|Telegram|Signal|KakaoTalk|Viber|QQ)\b`)},
	{rule: RulePaper, axis: risk.Medium, needs: 4, re: re(`(?i)\b(?:showed|showing|played|shown|sent|shared with) (?:us |this newspaper )?(?:a |the )?(?:document|recording|photograph|video|screenshot)s?\b|\b(?:document|recording)s? (?:seen|heard|reviewed|obtained) by\b`)},
	{rule: RuleCountry, axis: risk.Place, needs: 2, re: re(`\b(?:source|sources) in ((?:the )?[A-Z][a-z]+)`)},
	{rule: RuleRegion, axis: risk.Place, needs: 3, re: re(`(?i)\bsources? (?:\w+ )?in (?:the )?((?:north|south|east|west)[a-z-]*)\b`)},
	{rule: RuleProvince, axis: risk.Place, needs: 4, re: re(`\b(?:` + provincesEN + `)(?: [Pp]rovince)?\b`)},
	{rule: RuleCity, axis: risk.Place, needs: 5, re: re(`\b(?:` + citiesEN + `)\b`)},
	{rule: RuleGender, axis: risk.Gender, needs: 1, re: re(`(?i)\b(?:female|male|woman|man) (?:source|official who told)\b|\b(?:she|he) (?:said|told us|added|explained)\b`)},
	{rule: RuleCount, axis: risk.Count, needs: 1, re: re(`(?i)\b(?:two|three|four|five|six|several|multiple|[2-9]) (?:\w+ )?sources\b`)},
}

var levelsKO = []pattern{
	{rule: RuleWeekday, axis: risk.Day, needs: 4, re: re(`(?:지난 |이번 )?[월화수목금토일]요일`)},
	{rule: RuleDate, axis: risk.Day, needs: 5, re: re(`(?:[0-9]{1,2}월 ?)[0-9]{1,2}일|지난 ?[0-9]{1,2}일`), not: re(`^(?:간|에 한 번|마다)`)},
	{rule: RuleDate, axis: risk.Day, needs: 5, re: re(`(?:오전|오후|새벽|저녁|밤) ?[0-9]{1,2}시`)},
	{rule: RuleDate, axis: risk.Day, needs: 5, re: re(`(?:^|[ “‘])((?:어제|그제|그저께|어젯밤|오늘 아침))`)},
	{rule: RuleWeek, axis: risk.Day, needs: 3, re: re(`지난 ?주|이번 ?주|금주`)},
	{rule: RuleMonth, axis: risk.Day, needs: 2, re: re(`이달|이번 달|금월`)},
	{rule: RulePhone, axis: risk.Medium, needs: 2, re: re(`전화 ?통화|통화에서|전화로|통화로|전화 ?인터뷰|전화 ?너머`)},
	{rule: RuleApp, axis: risk.Medium, needs: 3, re: re(`위챗|웨이신|텔레그램|왓츠앱|시그널 메신저|카카오톡|카톡|바이버`)},
	{rule: RulePaper, axis: risk.Medium, needs: 4, re: re(`(?:문서|문건|녹음|녹취|사진|영상)(?:을|를|도)? ?(?:보여|보이며|들려|건네|제시)|입수한 (?:문서|문건|녹음|녹취)`)},
	{rule: RuleCountry, axis: risk.Place, needs: 2, re: re(`[가-힣]+ (?:내|현지) (?:또 다른 |복수의 |여러 |[여남][성자] )?소식통`)},
	{rule: RuleRegion, axis: risk.Place, needs: 3, re: re(`(?:동북|서남|남서|동남|북동|서북|남부|북부|동부|서부)[가-힣]* (?:지역 |지방 )?(?:내 )?(?:또 다른 )?소식통`)},
	{rule: RuleProvince, axis: risk.Place, needs: 4, re: re(provincesKO)},
	{rule: RuleCity, axis: risk.Place, needs: 5, re: re(citiesKO)},
	{rule: RuleGender, axis: risk.Gender, needs: 1, re: re(`(?:여성|남성|여자|남자) ?소식통|그녀(?:는|가)`)},
	{rule: RuleCount, axis: risk.Count, needs: 1, re: re(`소식통 ?(?:[2-9]|두|세|네|여러) ?명|(?:두|세|네|여러|복수의) ?(?:명의 )?소식통|복수의 [가-힣 ]{0,8}소식통`)},
}

var levelsZH = []pattern{
	{rule: RuleWeekday, axis: risk.Day, needs: 4, re: re(`(?:上|本|这)?(?:周|星期|礼拜)[一二三四五六日天]`), not: re(`^(?:次|回|趟|遍|个|天)`)},
	{rule: RuleDate, axis: risk.Day, needs: 5, re: re(hanNum + `月` + hanNum + `[日号]|本月` + hanNum + `[日号]`)},
	{rule: RuleDate, axis: risk.Day, needs: 5, re: re(`(?:上午|下午|凌晨|晚上|傍晚)` + hanNum + `[时点]`)},
	{rule: RuleDate, axis: risk.Day, needs: 5, re: re(`昨天|昨日|前天|昨晚|今早`)},
	{rule: RuleWeek, axis: risk.Day, needs: 3, re: re(`上周|上星期|本周|这周|上个星期`), not: re(`^(?:一|二|三|四|五|六|日|天)`)},
	{rule: RuleMonth, axis: risk.Day, needs: 2, re: re(`本月|这个月`)},
	{rule: RulePhone, axis: risk.Medium, needs: 2, re: re(`在电话中|电话里|通电话|电话采访|通过电话|通话中|打电话(?:告诉|说)`)},
	{rule: RuleApp, axis: risk.Medium, needs: 3, re: re(`微信|电报群|瓦次普|信号应用`)},
	{rule: RulePaper, axis: risk.Medium, needs: 4, re: re(`(?:出示|展示|播放|提供)(?:了)?(?:一份|一段)?(?:文件|录音|照片|视频)|获得的(?:文件|录音)`)},
	{rule: RuleCountry, axis: risk.Place, needs: 2, re: re(`在[\p{Han}]{2,6}的(?:另?一名|多名|[一-十两]名)?(?:[女男]性?)?(?:消息|知情)人士`)},
	{rule: RuleRegion, axis: risk.Place, needs: 3, re: re(`(?:东北|西南|东南|西北|华北|华南|南部|北部|东部|西部)(?:地区)?的?(?:另?一名|多名)?(?:消息|知情)人士`)},
	{rule: RuleProvince, axis: risk.Place, needs: 4, re: re(provincesZH)},
	{rule: RuleCity, axis: risk.Place, needs: 5, re: re(citiesZH)},
	{rule: RuleGender, axis: risk.Gender, needs: 1, re: re(`[女男]性?(?:消息|知情)人士|她(?:说|表示|透露)`)},
	{rule: RuleCount, axis: risk.Count, needs: 1, re: re(`[两二三四五六2-9]名(?:[\p{Han}]{0,8})(?:消息|知情)人士|多名(?:[\p{Han}]{0,8})(?:消息|知情)人士|多位(?:消息|知情)人士`)},
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
