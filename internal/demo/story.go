package demo

import (
	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// What the journalist of the demo writes from the case: three editions of one outline. The
// words are the newsroom's own, never a letter's; what only a few could know (two agents at
// one office, three people taken away) is left out, and so is the request for help.

// level is what each sentence says of its source: in China, recently.
var level = lang.Level{Place: 2, Day: 1}

// among names the population of the example of estimates in which the sources stand. The demo keeps
// the example as init laid it out: its numbers are of this case and invented, so the gate holds what
// it judges by them until somebody gives a reason.
const among = "officials"

// A line is one sentence of the outline: its claims by their number in the case, the teller
// whose words it carries ("" lets the desk choose), and its text.
type line struct {
	claims     []string
	voice      string
	disputed   bool
	ko, en, zh string
}

var outline = [][]line{
	{
		{
			claims: []string{"C01"}, voice: "A",
			ko: "{said} 대표부에서 일주일에 한 번 열리던 학습 모임이 이제는 이틀에 한 번 열린다고 전했다.",
			en: "{said} that study sessions at missions abroad, once held every week, are now held once every two days.",
			zh: "{said}，驻外代表机构的学习会过去每周举行一次，如今两天就举行一次。",
		},
		{
			claims: []string{"C02"}, voice: "A",
			ko: "{source}에 따르면 참가자는 그동안의 행적을 보고하고 충성을 다짐해야 한다.",
			en: "Those who attend have to account for what they have been doing and to swear loyalty, {source} said.",
			zh: "据{source}说，参加者必须汇报近况，并宣誓效忠。",
		},
		{
			claims: []string{"C01"}, voice: "B",
			ko: "{source}도 같은 내용을 전했다.",
			en: "{Source} gave the same account.",
			zh: "{source}也有同样的说法。",
		},
	},
	{
		{
			claims: []string{"C04", "C05"}, voice: "B",
			ko: "{source}에 따르면 주재국 당국은 이탈하려는 사람을 붙잡아 돌려보내고, 남서쪽에서 붙잡힌 여권 소지자를 바로 넘겨 달라는 요청을 받았다.",
			en: "According to {source}, the host state was asked to return those who try to leave, and to hand over at once anyone with such a passport who is caught in the south-west.",
			zh: "据{source}说，驻在国当局被要求遣返试图离开的人，并立即移交在西南方向被抓的护照持有人。",
		},
		{
			claims: []string{"C06"},
			ko:     "{source}은 라오스로 이어지는 길에서 단속이 늘었다고 전했다.",
			en:     "{Source} said that patrols on the roads towards Laos have increased.",
			zh:     "{source}说，通往老挝的道路上巡查有所增加。",
		},
		{
			claims: []string{"C07"}, disputed: true,
			ko: "돈을 주고 국경을 넘는 일이 더는 통하지 않는지에 대해서는 증언이 엇갈린다.",
			en: "Whether money no longer helps at that border is disputed: the accounts contradict each other.",
			zh: "花钱过境是否已行不通，各方说法不一。",
		},
	},
	{
		{
			claims: []string{"C10"}, voice: "A",
			ko: "{source}은 무역이 거의 멎었는데도 바쳐야 하는 액수는 줄지 않았다고 했다.",
			en: "{Source} said that trade has all but come to a halt, while the sums to be handed over have stayed the same.",
			zh: "{source}说，贸易几乎停顿，而须上缴的款额并未减少。",
		},
	},
}

var editions = map[lang.Tag]desk.EditionText{
	lang.Korean: {
		Headline:   "해외 주재원 학습 모임, 일주일에 한 번에서 이틀에 한 번으로",
		Standfirst: "행적 보고와 충성 다짐이 잦아지고, 국경으로 가는 길의 단속도 늘었다.",
		Reason:     "이름이 알려지면 위험해질 수 있어 증언한 사람을 밝히지 않는다.",
	},
	lang.English: {
		Headline:   "Officials posted abroad are now called together every two days",
		Standfirst: "They account for their movements and swear loyalty more often, and patrols on the way to the border have increased.",
		Reason:     "Those who spoke are not named because they would be in danger if they were known.",
	},
	lang.Chinese: {
		Headline:   "驻外人员学习会由每周举行一次改为两天一次",
		Standfirst: "汇报行踪、宣誓效忠更加频繁，通往边境道路上的巡查也有所增加。",
		Reason:     "讲述者一旦身份曝光就会有危险，因此不公布姓名。",
	},
}

// photo is what is printed with the photograph of the case, which is a drawing.
var photo = desk.Photo{
	File:    true,
	Alt:     perLang("담장과 깃대가 있는 대표부 건물", "A mission building with a wall and a flagpole", "有围墙和旗杆的代表机构大楼"),
	Caption: perLang("해외에 있는 한 대표부 건물", "The building of a mission abroad", "一处驻外代表机构的大楼"),
	Credit:  perLang("그림: 까치", "Drawing: Kkachi", "绘图：喜鹊"),
}

// answers are the reasons that the demo's journalist gives to what the house rules ask.
var answers = map[string]string{
	"vital":     "Without it there is no story, and each sentence states what somebody saw or was told.",
	"otherwise": "Whoever speaks with a name is called back and punished.",
	"placed":    "Each takes part in what the sentence describes; the wording says that it is one account.",
	"manager":   "The editor on duty knows the conversations, and approves that nobody is named.",
	"asked":     "Not asked: a question to the mission would show that somebody there has spoken.",
	"harm":      "The two agents and the three who were taken away are left out: few could know of them.",
	"exposure":  "The estimates are the example of this case, and invented. Read against what is told of places and days: country only, no day.",
}

func perLang(ko, en, zh string) map[lang.Tag]string {
	return map[lang.Tag]string{lang.Korean: ko, lang.English: en, lang.Chinese: zh}
}

// draft lays the outline out as a story of the desk, with the desk's own names for claims
// and tellers.
func draft(claims, tellers map[string]desk.ID) desk.Story {
	s := desk.Story{
		Title:    "Sessions at missions",
		Original: lang.Korean,
		Editions: editions,
		Names:    lang.Names{Country: lang.Words{KO: "중국", EN: "China", ZH: "中国"}},
	}
	for _, lines := range outline {
		var p desk.Paragraph
		for _, l := range lines {
			sentence := desk.Sentence{
				Text:     perLang(l.ko, l.en, l.zh),
				Level:    level,
				Disputed: l.disputed,
			}
			for _, c := range l.claims {
				sentence.Claims = append(sentence.Claims, claims[c])
			}
			if l.voice != "" {
				sentence.Voice = tellers[l.voice]
			}
			p.Sentences = append(p.Sentences, sentence)
		}
		s.Paragraphs = append(s.Paragraphs, p)
	}
	return s
}
