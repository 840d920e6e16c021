package lint

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

func TestFiner(t *testing.T) {
	ceiling := risk.DefaultCeiling()
	for _, c := range []struct {
		tag   lang.Tag
		text  string
		level risk.Level
		want  string // rule:text, comma separated
	}{
		{lang.English, "A source in China said on Monday that sessions are held once every two days.", ceiling, "weekday:on Monday"},
		{lang.English, "A source in China said in a recent telephone conversation that it was so.", ceiling, "phone:telephone conversation"},
		{lang.English, "He learned the telephone number of a consulate by heart.", ceiling, ""},
		{lang.English, "The source said by telephone that trade had stopped.", ceiling, "phone:by telephone"},
		{lang.English, "The source said by telephone that trade had stopped.", risk.Level{Medium: 2}, ""},
		{lang.English, "A source in Dandong said so.", ceiling, "city:Dandong"},
		{lang.English, "A source in Liaoning province said so.", ceiling, "province:Liaoning province"},
		{lang.English, "A source in Liaoning said so.", risk.Level{Place: 4}, ""},
		{lang.English, "A source in China said so.", risk.Level{}, "country:China"},
		{lang.English, "A source in north-eastern China said so.", ceiling, "region:north-eastern"},
		{lang.English, "It happened on 3 October.", ceiling, "date:on 3 October"},
		{lang.English, "The order came last week, at 9 p.m.", ceiling, "week:last week,date:at 9 p.m."},
		{lang.English, "Two sources in China said so, and she said more.", ceiling, "count:Two sources,gender:she said"},
		{lang.English, "Sessions went from once a week to once every two days.", ceiling, ""},
		{lang.Korean, "중국 내 소식통은 월요일 전화 통화에서 이같이 밝혔다.", ceiling, "weekday:월요일,phone:전화 통화"},
		{lang.Korean, "랴오닝성 단둥 소식통은 이같이 밝혔다.", ceiling, "province:랴오닝,city:단둥"},
		{lang.Korean, "일주일에 한 번 하던 학습을 이틀에 한 번 한다고 한다.", ceiling, ""},
		{lang.Korean, "영사관 전화번호를 외우는 사람도 있다고 한다.", ceiling, ""},
		{lang.Korean, "10월 3일 오후 9시에 모였다.", ceiling, "date:10월 3일,date:오후 9시"},
		{lang.Korean, "지난주 위챗으로 전해왔다.", ceiling, "week:지난주,app:위챗"},
		{lang.Korean, "윈난 쪽 순찰이 늘었다.", ceiling, "province:윈난"},
		{lang.Korean, "소식통 2명이 확인했다.", ceiling, "count:소식통 2명"},
		{lang.Chinese, "在中国的一名消息人士周一在电话中表示。", ceiling, "weekday:周一,phone:在电话中"},
		{lang.Chinese, "学习从每周一次变为每两天一次。", ceiling, ""},
		{lang.Chinese, "一名辽宁省丹东消息人士表示。", ceiling, "province:辽宁,city:丹东"},
		{lang.Chinese, "云南边境巡逻增加。", ceiling, "province:云南"},
		{lang.Chinese, "十月三日晚上九点集合。", ceiling, "date:十月三日,date:晚上九点"},
		{lang.Chinese, "上周一有人说，上周他也说。", ceiling, "weekday:上周一,week:上周"},
		{lang.Chinese, "有人背下了领事馆的电话号码。", ceiling, ""},
		{lang.Chinese, "在中国的一名消息人士表示。", risk.Level{}, "country:在中国的一名消息人士"},
		{lang.Chinese, "在中国的另一名知情人士表示。", risk.Level{}, "country:在中国的另一名知情人士,role:知情人士"},
		{lang.Chinese, "多名知情人士表示。", risk.Level{}, "count:多名知情人士,role:知情人士"},
	} {
		var got []string
		for _, f := range Finer(c.tag, c.text, c.level) {
			if c.text[f.Start:f.End] != f.Text {
				t.Errorf("%q: finding at %d..%d is not %q", c.text, f.Start, f.End, f.Text)
			}
			got = append(got, string(f.Rule)+":"+f.Text)
		}
		if s := strings.Join(got, ","); s != c.want {
			t.Errorf("%s %q at %s: got %q, want %q", c.tag, c.text, c.level, s, c.want)
		}
	}
}

// What lang renders at a level passes the lint at that level, and what it renders finer
// than the ceiling in day, medium or place does not.
func TestFinerKnowsTheVocabulary(t *testing.T) {
	names := lang.Names{
		Country:  lang.Words{KO: "중국", EN: "China", ZH: "中国"},
		Province: lang.Words{KO: "랴오닝성", EN: "Liaoning", ZH: "辽宁省"},
		City:     lang.Words{KO: "단둥", EN: "Dandong", ZH: "丹东"},
		When:     lang.Words{KO: "월요일", EN: "on Monday", ZH: "周一"},
		App:      lang.Words{KO: "위챗", EN: "WeChat", ZH: "微信"},
	}
	for _, place := range []uint8{0, 1, 2, 4, 5} {
		for day := uint8(0); day <= 4; day++ {
			for medium := uint8(0); medium <= lang.MaxMedium; medium++ {
				l := risk.Level{Place: place, Day: day, Medium: medium}
				for _, tag := range lang.All() {
					said, err := lang.Said(tag, lang.Attribution{Level: l, Names: names})
					if err != nil {
						t.Fatal(err)
					}
					if tag == lang.Korean {
						said += " " + lang.Verb(tag, l)
					}
					if f := Finer(tag, said, l); len(f) != 0 {
						t.Errorf("%s %s %q: %v", tag, l, said, f)
					}
					fine := place > 2 || day > 1 || medium >= 2
					if f := Finer(tag, said, risk.DefaultCeiling()); (len(f) != 0) != fine {
						t.Errorf("%s %s %q against the ceiling: %v", tag, l, said, f)
					}
				}
			}
		}
	}
}

func FuzzFiner(f *testing.F) {
	f.Add("在中国的一名消息人士周一在电话中表示", uint8(0))
	f.Add("A source in Dandong said on Monday\xff", uint8(2))
	f.Add("중국 내 소식통은 월요일 전화 통화에서", uint8(3))
	f.Fuzz(func(t *testing.T, text string, place uint8) {
		for _, tag := range append(lang.All(), "") {
			for _, x := range Finer(tag, text, risk.Level{Place: place}) {
				if x.Start >= x.End || text[x.Start:x.End] != x.Text {
					t.Fatalf("finding %v does not point at its words", x)
				}
				if utf8.ValidString(text) && !utf8.ValidString(x.Text) {
					t.Fatalf("finding cuts a character: %q", x.Text)
				}
			}
		}
	})
}

func TestEachRuleOfALevelIsExplained(t *testing.T) {
	for _, tag := range lang.All() {
		for _, p := range slices.Concat(finerEN, finerKO, finerZH) {
			f := Finding{Rule: p.rule}
			if strings.HasPrefix(f.Why(tag), "[") || strings.HasPrefix(f.Mend(tag), "[") {
				t.Errorf("%s: rule %s has no why or no mend", tag, p.rule)
			}
		}
	}
}
