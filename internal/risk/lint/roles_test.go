package lint

import (
	"testing"

	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

// A role is read where it is a source's, at its level, and nowhere else: a story has other people in it.
func TestRolesAreReadOfSourcesOnly(t *testing.T) {
	for _, c := range []struct {
		tag  lang.Tag
		text string
		role uint8
	}{
		{lang.English, "A source in China said so.", 0},
		{lang.English, "Trade officials must attend, a source in China said.", 0},
		{lang.English, "According to a source, the consul left the embassy.", 0},
		{lang.English, "A source said that a driver was at the consulate.", 0},
		{lang.English, "According to a source, a driver left the embassy.", 0},
		{lang.English, "The energy source of the trade mission failed.", 0},
		{lang.English, "A source in China familiar with the matter said so.", 1},
		{lang.English, "A source in the trade sector said so.", 2},
		{lang.English, "It is so, a source in China in the trade sector said.", 2},
		{lang.English, "A diplomatic source in China said so.", 2},
		{lang.English, "A source, a trade official, said so.", 3},
		{lang.English, "It is so, said a source who works at the trade mission.", 4},
		{lang.English, "A source in China, a consul, said so.", 4},
		{lang.English, "A source who is the deputy director of an office said so.", 4},
		{lang.Korean, "중국 내 소식통은 그렇게 밝혔다.", 0},
		{lang.Korean, "무역일꾼은 모두 나와야 한다고 소식통은 전했다.", 0},
		{lang.Korean, "소식통에 따르면 영사관에서 일하는 사람이 줄었다.", 0},
		{lang.Korean, "해당 소식통은 그렇게 밝혔다.", 0},
		{lang.Korean, "사정에 밝은 중국 내 소식통은 밝혔다.", 1},
		{lang.Korean, "무역 부문 소식통은 밝혔다.", 2},
		{lang.Korean, "무역 부문의 중국 내 소식통은 밝혔다.", 2},
		{lang.Korean, "무역일꾼인 소식통은 밝혔다.", 3},
		{lang.Korean, "소식통인 운전사는 밝혔다.", 3},
		{lang.Korean, "영사관에서 일하는 한 소식통은 밝혔다.", 4},
		{lang.Korean, "서기관으로 있는 소식통은 밝혔다.", 4},
		{lang.Chinese, "在中国的一名消息人士表示。", 0},
		{lang.Chinese, "贸易官员都要参加，消息人士表示。", 0},
		{lang.Chinese, "消息人士说，领事馆的人少了。", 0},
		{lang.Chinese, "在中国的一名知情人士表示。", 1},
		{lang.Chinese, "贸易领域消息人士表示。", 2},
		{lang.Chinese, "贸易领域的在中国的一名消息人士表示。", 2},
		{lang.Chinese, "一名在领事馆见过他的消息人士表示。", 0},
		{lang.Chinese, "一名身为贸易官员的消息人士表示。", 3},
		{lang.Chinese, "在领事馆工作的一名消息人士表示。", 4},
		{lang.Chinese, "一名担任参赞的消息人士表示。", 4},
	} {
		if l, _ := Printed(Draft{Lang: c.tag, Text: c.text}); l.Role != c.role {
			t.Errorf("%s: R%d is read, want R%d", c.text, l.Role, c.role)
		}
	}
}

// What the vocabulary writes at a level is read as no finer role, and where it says so beside the
// word for a source, as that one, in each language alike.
func TestRolesOfTheVocabulary(t *testing.T) {
	names := lang.Names{
		Country: lang.Words{KO: "중국", EN: "China", ZH: "中国"}, Region: lang.Words{KO: "동북", EN: "the northeast", ZH: "东北"},
		Province: lang.Words{KO: "랴오닝성", EN: "Liaoning", ZH: "辽宁省"}, City: lang.Words{KO: "단둥", EN: "Dandong", ZH: "丹东"},
		Sector: lang.Words{KO: "무역 부문", EN: "trade", ZH: "贸易领域"}, Trade: lang.Words{KO: "무역일꾼", EN: "trade official", ZH: "贸易官员"},
		Post: lang.Words{KO: "영사관 서기관", EN: "secretary of the consulate", ZH: "领事馆秘书"},
	}
	for _, tag := range lang.All() {
		for place := range uint8(lang.MaxPlace + 1) {
			for role := range uint8(lang.MaxRole + 1) {
				for _, order := range []lang.Order{lang.First, lang.Another} {
					l := risk.Level{Place: place, Role: role, Day: 1}
					said, err := lang.Said(tag, lang.Attribution{Level: l, Names: names, Independent: 1, Order: order})
					if err != nil {
						t.Fatal(err)
					}
					got, ok := Printed(Draft{Lang: tag, Text: said + "."})
					if got.Role > role || ok && role <= 2 && got.Role != role {
						t.Errorf("%s %s: R%d is read in %q", tag, l, got.Role, said)
					}
				}
			}
		}
	}
}

// An edition that tells more of what its source does than another is found.
func TestEditionsDifferInRole(t *testing.T) {
	en := Draft{Name: "en", Lang: lang.English, Text: "A source in China who works at the consulate said recently that it was so."}
	ko := Draft{Name: "ko", Lang: lang.Korean, Text: "중국 내 소식통은 최근 그렇게 밝혔다."}
	zh := Draft{Name: "zh", Lang: lang.Chinese, Text: "在中国的一名消息人士近日这样表示。"}
	if got := found(Editions([]Draft{en, ko, zh})); got != "1:29 block edition at the consulate" {
		t.Error(got)
	}
	zh.Text = "在中国的一名知情人士近日这样表示。"
	if got := found(Editions([]Draft{ko, zh})); got != "1:7 block edition 知情人士" {
		t.Error(got)
	}
}
