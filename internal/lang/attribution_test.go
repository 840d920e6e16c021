package lang

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func names() Names {
	return Names{
		Country:  Words{"중국", "China", "中国"},
		Region:   Words{"중국 동북 지역", "north-eastern China", "中国东北"},
		Province: Words{"랴오닝성", "Liaoning", "辽宁省"},
		City:     Words{"단둥", "Dandong", "丹东"},
		Sector:   Words{"무역 부문", "trade", "贸易领域"},
		Trade:    Words{"무역일꾼", "trade official", "贸易官员"},
		Post:     Words{"대표부 직원", "officer of the mission", "代表处职员"},
		App:      Words{"위챗", "WeChat", "微信"},
		When:     Words{"월요일", "on Monday", "周一"},
		Gender:   Woman,
	}
}

func TestPhrase(t *testing.T) {
	for _, c := range []struct {
		level      Level
		order      Order
		n          int
		en, ko, zh string
	}{
		{Level{}, First, 1, "a source", "소식통", "一名消息人士"},
		{Level{}, Another, 1, "another source", "또 다른 소식통", "另一名消息人士"},
		{Level{Place: 1}, First, 1, "a source outside the country", "해외 소식통", "一名境外消息人士"},
		{Level{Place: 2}, First, 1, "a source in China", "중국 내 소식통", "在中国的一名消息人士"},
		{Level{Place: 2}, Another, 1, "another source in China", "중국 내 또 다른 소식통", "在中国的另一名消息人士"},
		{Level{Place: 2}, Same, 1, "the source", "이 소식통", "该消息人士"},
		{Level{Place: 2}, Together, 1, "a source in China", "중국 내 소식통", "在中国的一名消息人士"},
		{Level{Place: 2}, Together, 2, "sources in China", "중국 내 소식통들", "在中国的多名消息人士"},
		{Level{Place: 2, Count: true}, Together, 2, "two sources in China", "중국 내 소식통 2명", "在中国的两名消息人士"},
		{Level{Place: 2, Role: 1}, First, 1, "a source in China familiar with the matter", "사정에 밝은 중국 내 소식통", "在中国的一名知情人士"},
		{Level{Place: 2, Role: 2}, First, 1, "a source in China in the trade sector", "중국 내 무역 부문 소식통", "在中国的一名贸易领域消息人士"},
		{Level{Place: 2, Role: 3}, First, 1, "a trade official in China", "중국 내 무역일꾼", "在中国的一名贸易官员"},
		{Level{Place: 2, Role: 4}, First, 1, "an officer of the mission in China", "중국 내 대표부 직원", "在中国的一名代表处职员"},
		{Level{Place: 3}, First, 1, "a source in north-eastern China", "중국 동북 지역 소식통", "一名中国东北消息人士"},
		{Level{Place: 4}, First, 1, "a source in Liaoning", "랴오닝성 소식통", "一名辽宁省消息人士"},
		{Level{Place: 5}, Another, 1, "another source in Dandong", "또 다른 단둥 소식통", "另一名丹东消息人士"},
		{Level{Gender: true}, First, 1, "a female source", "여성 소식통", "一名女性消息人士"},
	} {
		for tag, want := range map[Tag]string{English: c.en, Korean: c.ko, Chinese: c.zh} {
			got, err := Phrase(tag, Attribution{Level: c.level, Names: names(), Order: c.order, Independent: c.n})
			if err != nil || got != want {
				t.Errorf("%s %s order %d of %d: got %q (%v), want %q", tag, c.level, c.order, c.n, got, err, want)
			}
		}
	}
}

func TestSaid(t *testing.T) {
	for _, c := range []struct {
		level      Level
		en, ko, zh string
	}{
		{Level{Place: 2}, "A source in China said", "중국 내 소식통은", "在中国的一名消息人士表示"},
		{Level{Place: 2, Day: 1}, "A source in China said recently", "중국 내 소식통은 최근", "在中国的一名消息人士近日表示"},
		{Level{Place: 2, Day: 4, Medium: 2}, "A source in China said on Monday by telephone", "중국 내 소식통은 월요일 전화 통화에서", "在中国的一名消息人士周一在电话中表示"},
		{Level{Medium: 1}, "A source told us", "소식통은", "一名消息人士透露"},
	} {
		for tag, want := range map[Tag]string{English: c.en, Korean: c.ko, Chinese: c.zh} {
			got, err := Said(tag, Attribution{Level: c.level, Names: names()})
			if err != nil || got != want {
				t.Errorf("%s %s: got %q (%v), want %q", tag, c.level, got, err, want)
			}
		}
	}
}

func TestPhraseNamesTheMissingWord(t *testing.T) {
	n := names()
	n.City.ZH = " "
	_, err := Phrase(Chinese, Attribution{Level: Level{Place: 5}, Names: n})
	if !errors.Is(err, ErrAttribution) || !strings.Contains(err.Error(), "city") || !strings.Contains(err.Error(), "zh") {
		t.Errorf("got %v", err)
	}
	if _, err := Phrase(English, Attribution{Level: Level{Place: 6}}); !errors.Is(err, ErrAttribution) {
		t.Errorf("a level out of range: %v", err)
	}
	if _, err := Phrase(Tag("fr"), Attribution{}); !errors.Is(err, ErrAttribution) {
		t.Errorf("an unknown language: %v", err)
	}
}

// A plural never stands where fewer than two independent chains do, and a phrase holds no
// word finer than its level.
func TestPhraseSaysNoMoreThanItsLevel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Attribution{
			Level: Level{
				Place: uint8(rapid.IntRange(0, MaxPlace).Draw(t, "place")), Role: uint8(rapid.IntRange(0, MaxRole).Draw(t, "role")),
				Gender: rapid.Bool().Draw(t, "gender"), Count: rapid.Bool().Draw(t, "count"),
			},
			Names: names(), Order: Order(rapid.IntRange(0, 5).Draw(t, "order")),
			Independent: rapid.IntRange(-1, 3).Draw(t, "independent"),
		}
		for _, tag := range All() {
			got, err := Phrase(tag, a)
			if err != nil {
				t.Fatal(err)
			}
			if a.Independent < 2 {
				for _, plural := range []string{"sources", "officials", "officers", "들", "多名", "两名", "two "} {
					if strings.Contains(got, plural) {
						t.Fatalf("%s: %q is a plural of %d", tag, got, a.Independent)
					}
				}
			}
			for i, w := range []Words{2: a.Names.Country, 3: a.Names.Region, 4: a.Names.Province, 5: a.Names.City} {
				if i > int(a.Level.Place) && w.In(tag) != "" && strings.Contains(got, w.In(tag)) {
					t.Fatalf("%s: %q names %q at %s", tag, got, w.In(tag), a.Level)
				}
			}
			if !a.Level.Gender && strings.Contains(got+" ", "female ") {
				t.Fatalf("%q says the gender at %s", got, a.Level)
			}
		}
	})
}
