package demo

import (
	"context"
	"fmt"

	"kkachi/internal/desk"
	"kkachi/internal/lang"
)

// What the case's journalist wrote, for who reads only one language: whoever practises finds the
// claims, the answers to the house rules and a translation of each letter in the language in which
// practice was begun. English claims and answers are those of the case itself.

// journalist is who works on the case, as the pages name them.
func (r *ring) journalist() string {
	return in(lang.Words{KO: "동료", EN: "a colleague", ZH: "同事"}, r.speaks, "demo")
}

var practiceTitle = lang.Words{KO: "대표부의 학습 모임", EN: "Sessions at missions", ZH: "代表机构的学习会"}

var practiceClaims = map[string]lang.Words{
	"C01": {KO: "중국에 있는 대표부의 학습 모임이 일주일에 한 번에서 이틀에 한 번으로 늘었다", ZH: "驻华代表机构的学习会由每周一次改为两天一次"},
	"C02": {KO: "모임에서 그동안 한 일을 보고하고 충성을 맹세한다", ZH: "学习会上要汇报所做的事并宣誓效忠"},
	"C03": {KO: "중국에 나온 보위원들이 무역 일꾼을 지켜보고 정기적으로 보고하라는 지시를 받았다", ZH: "驻华保卫人员奉命监视贸易人员并定期汇报"},
	"C04": {KO: "주재국은 달아나려는 사람을 붙잡아 돌려보내 달라는 요청을 받았다", ZH: "驻在国被要求抓捕并遣返试图逃走的人"},
	"C05": {KO: "주재국은 서남쪽에서 잡힌 여권 소지자를 바로 넘겨 달라는 요청을 받았다", ZH: "驻在国被要求立即移交在西南被抓的护照持有人"},
	"C07": {KO: "서남쪽 국경에서 돈을 주는 방법이 더는 통하지 않는다", ZH: "在西南边境花钱已行不通"},
	"C08": {KO: "그 여권을 가진 세 사람이 현지 경찰이 아닌 이들에게 끌려갔다", ZH: "三名持该护照的人被非本地警察的人带走"},
	"C09": {KO: "나온 지 삼 년이 넘은 사람은 방역이 풀리면 불려 들어갈 수 있다", ZH: "驻外超过三年的人在管控解除后可能被召回"},
	"C10": {KO: "무역은 거의 멈췄는데 바쳐야 할 돈은 그대로다", ZH: "贸易几乎停顿，须上缴的款额却未变"},
	"C11": {KO: "올해 일꾼 여럿이 스스로 목숨을 끊었다", ZH: "今年有数名人员自尽"},
	"C12": {KO: "영사관 전화번호를 외우는 사람이 있다", ZH: "有人背下领事馆的电话号码"},
}

var practiceAnswers = map[string]lang.Words{
	"vital":     {KO: "이것이 없으면 기사가 되지 않으며, 문장마다 누군가가 보았거나 들은 것을 적었습니다.", ZH: "没有这些就不成报道；每句话写的都是有人亲见或听说的事。"},
	"otherwise": {KO: "이름을 밝히고 말한 사람은 불려 들어가 벌을 받습니다.", ZH: "具名讲述的人会被召回并受罚。"},
	"placed":    {KO: "저마다 그 문장에 적힌 일에 함께했으며, 한 사람의 말이라는 것이 드러나게 썼습니다.", ZH: "每人都亲历句中所述之事；措辞表明这是一人之言。"},
	"manager":   {KO: "당직 편집자가 이 대화들을 알고 있으며, 이름을 밝히지 않는 데 동의했습니다.", ZH: "值班编辑了解这些对话，并同意不具名。"},
	"asked":     {KO: "묻지 않았습니다. 대표부에 물으면 그곳의 누군가가 말했다는 것이 드러납니다.", ZH: "没有询问：向代表机构发问，就等于告诉他们那里有人说了话。"},
	"harm":      {KO: "붙어 있는 두 사람과 끌려간 세 사람은 뺐습니다. 아는 사람이 몇 안 됩니다.", ZH: "两名监视者和被带走的三人都略去了：知情的人很少。"},
	"exposure":  {KO: "추정값은 이 사례의 보기이며 지어낸 수입니다. 곳과 날을 어떻게 적었는지 읽어 보았습니다. 나라만 있고 날은 없습니다.", ZH: "估算用的是本案例的示例，数字是虚构的。已核对地点和日期的写法：只写国家，不写日期。"},
}

// practiceTranslations are by report, sentence by sentence.
var practiceTranslations = map[string]map[lang.Tag][]string{
	"01": {
		lang.English: {
			"Hello.", "I am somebody who has been posted to China for work.", "Lately we are suddenly under much tighter control.",
			"We used to meet at the mission once a week to study material sent from Pyongyang; since last month we meet every two days.",
			"When we meet we have to report one by one what we have done and whom we have met since, and to swear loyalty.",
			"I heard that the security agents were told to watch the trade officials closely and to report regularly.",
			"At our office, too, two of them were assigned to us.", "It seems they fear that people will run away, as more and more can't hand over the money that is due.",
		},
		lang.Chinese: {
			"您好。", "我是派驻中国工作的人。", "最近对我们的管控突然变严了。", "以前每周一次到代表机构集中，学习平壤发来的材料，从上个月起改为两天一次。",
			"集中时要逐一汇报这段时间做了什么、见了谁，还要宣誓效忠。", "听说保卫人员接到指示，要近距离监视贸易人员，并定期汇报。",
			"我们办事处也有两个人盯着。", "缴不上款的人越来越多，好像是怕我们逃走。",
		},
	},
	"02": {
		lang.English: {
			"[Call note]", "B: Not long ago our side is said to have made a request to China's state security.",
			"In the south-west, the part that borders on Laos: if anybody with our passport is caught there, they are to be handed over without delay to our security people in China.",
			"B: They also asked to catch those who try to run away and to send them back.", "I heard the same from people of two consulates.",
			"B: It used to be that one who was caught at a border in south-east Asia got off with money, but now patrols are heavy and that no longer works.",
			"The epidemic stops people from moving, and the agencies of both countries work hand in hand, so that it is hard to get away now.",
			"About the patrols I heard from a partner who sends goods towards Laos.", "B: The sessions have increased as well.",
			"What was once a week is now every two days, they say.", "I don't know who said it first.",
		},
		lang.Chinese: {
			"[通话记录]", "B：听说不久前我们这边向中国的国家安全部门提出了要求。", "就是西南、和老挝接壤的那一带，要是抓到持我们护照的人，要立刻移交给驻华的保卫部门的人。",
			"B：还要求把想逃的人抓住遣返。", "我从两处领事馆的人那里听到同样的话。", "B：以前在东南亚那边的边境被查到，花钱就能脱身，现在巡逻很严，行不通了。",
			"疫情使人不能走动，两国的机关又联手，现在很难逃出去。", "巡逻的事，是从往老挝发货的客户那里听说的。", "B：学习也多了。", "说是原来一周一次，现在两天一次。", "不知道最先是谁说的。",
		},
	},
	"03": {
		lang.Korean: {
			"저는 서남쪽 국경 가까이에 삽니다.", "올여름부터 라오스로 가는 길에 순찰이 뚜렷이 늘어, 검문소가 두 곳에서 다섯 곳이 되었고 밤에도 검문합니다.",
			"전에는 붙잡혀도 돈을 좀 주면 갈 수 있었는데, 이제는 아무도 받으려 하지 않습니다.", "지난달에는 조선 여권을 가진 세 사람이 끌려가는 것을 제 눈으로 보았는데, 데리러 온 사람은 이곳 공안이 아니었습니다.",
		},
		lang.English: {
			"I live near the south-western border.", "Since this summer patrols on the roads towards Laos have clearly increased; there are five check points instead of two, and they check at night too.",
			"Those who were caught used to get away with some money; now nobody dares to take it.", "Last month I saw with my own eyes three people with North Korean passports being taken away; those who came for them were not the local police.",
		},
	},
	"04": {
		lang.English: {
			"I am writing again.", "There is talk that those who have been in China for more than three years must go home once the epidemic rules end, and everybody is uneasy.",
			"Trade has nearly stopped, but the sums to be paid are the same, and debts pile up.", "This year alone several who could bear it no longer took their own lives.",
			"Some learn the consulate's telephone number by heart, to ask the South's embassy for help if something happens.",
		},
		lang.Chinese: {
			"再写一封。", "有传言说，来中国超过三年的人，等疫情管控解除就要回国，大家都很不安。", "贸易几乎停了，要缴的钱却没变，债台高筑。", "单是今年，就有好几个人撑不住而自尽。", "有人背下了领事馆的电话号码，说出了事就向南方使馆求助。",
		},
	},
	"05": {
		lang.Korean: {
			"영사관 두 곳과 거래하는 친구 말로는 그 요청이 정말 있었습니다. 서남쪽에서 그들의 여권을 가진 사람이 잡히면, 그 나라에 나와 있는 자기네 보위 요원에게 곧바로 넘기라는 것입니다.", "지난주에 전화로 들었습니다.",
		},
		lang.Chinese: {"一个和两处领事馆打交道的朋友说，确实提出了那个要求：凡持他们护照的人在西南被抓，要立即移交给他们自己驻在该国的保卫人员。", "他上周在电话里告诉我的。"},
	},
	"06": {
		lang.English: {
			"Please help me.", "I was told to go home at the end of this month.", "Because of my debts I will not be safe if I go back.", "Please tell me how to reach the South's embassy or consulate.", "This telephone is inspected every day.",
		},
		lang.Chinese: {"请帮帮我。", "我接到通知，要我本月底回国。", "回去的话，因为欠债，我不会平安。", "请告诉我怎样联系南方的使馆或领事馆。", "这部手机每天都要受检查。"},
	},
	"07": {
		lang.Korean:  {"국경에 대해서는 조금 다른 이야기를 하겠습니다.", "제가 아는 운전사가 지난주에도 돈을 써서 한 사람을 건네주었습니다. 다만 값이 전의 네 배로 올랐습니다.", "전혀 안 되는 것은 아닙니다."},
		lang.English: {"About the border I have something a little different to say.", "A driver I know got somebody across for money only last week, but the price is four times what it was.", "It is not quite impossible."},
	},
}

// translate puts a translation into the learner's language beside each telling in another one.
func (r *ring) translate(ctx context.Context) error {
	l := r.speaks
	for _, t := range tellings {
		sentences := practiceTranslations[t.report][l]
		if len(sentences) == 0 {
			continue
		}
		if _, err := r.desk.Translate(ctx, r.reports[t.report], l, r.journalist(), sentences, desk.TranslationDone); err != nil {
			return fmt.Errorf("report %s in %s: %w", t.report, l, err)
		}
	}
	return nil
}

// in gives a text in a language, or what the case says in English.
func in(w lang.Words, l lang.Tag, english string) string {
	if text := w.In(l); text != "" {
		return text
	}
	return english
}
