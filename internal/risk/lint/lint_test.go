package lint

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

func found(fs []Finding) string {
	var out []string
	for _, f := range fs {
		out = append(out, fmt.Sprintf("%d:%d %s %s %s", f.Line, f.Column, f.Grade, f.Rule, f.Text))
	}
	return strings.Join(out, "; ")
}

// In a sentence about a source a detail blocks; the same elsewhere warns. Places are lines and characters.
func TestGradesAndPlaces(t *testing.T) {
	for _, c := range []struct {
		tag        lang.Tag
		text, want string
	}{
		{lang.English, "Trade fell on Monday.\nA source in China said on Monday it fell.", "1:12 warn weekday on Monday; 2:24 block weekday on Monday"},
		{lang.Korean, "월요일 무역이 멈췄다.\n중국 내 소식통은 월요일 이같이 밝혔다.", "1:1 warn weekday 월요일; 2:11 block weekday 월요일"},
		{lang.Chinese, "周一贸易停了。\n在中国的一名消息人士周一表示。", "1:1 warn weekday 周一; 2:11 block weekday 周一"},
		{lang.English, "Mr. Pak left at noon. The source said his wife stayed.", "1:39 block kin his wife; 1:39 block pronoun his"},
		{lang.English, "The source of the river is in China, and energy sources are few.", ""},
		{lang.Korean, "그 물음에는 아무도 대답하지 않았다.", ""},
		{lang.English, "A\u200bsource said so.", "1:2 block hidden \u200b"},
		{lang.English, "He met 37 of 40 in 2021 and on 3 October, at 10:45.", "1:1 warn pronoun He; 1:8 warn number 37; 1:29 warn date on 3 October; 1:43 warn date "},
		{lang.English, "", ""},
	} {
		got := found(Check(Draft{Name: "d", Lang: c.tag, Text: c.text}, risk.DefaultCeiling()))
		if strings.HasSuffix(c.want, "date ") {
			c.want, _, _ = strings.Cut(c.want, "; 1:43")
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

func TestLevelsAllow(t *testing.T) {
	d := Draft{Lang: lang.English, Text: "A source in Dandong said on Monday by telephone that it was so."}
	if fs := Check(d, risk.Level{Place: 5, Day: 4, Medium: 2}); len(fs) != 0 {
		t.Errorf("a level that allows all: %s", found(fs))
	}
	if fs := Check(d, risk.Level{}); len(fs) < 3 {
		t.Errorf("a level that allows nothing: %s", found(fs))
	}
}

// Each character of the design's list is found, wherever it stands, in each language.
func TestHiddenCharacters(t *testing.T) {
	list := []rune{
		0x200b, 0x200c, 0x200d, 0x2060, 0xfeff, 0xe0001, 0xe0020, 0xe007f, 0xfe00, 0xfe0f, 0xe0100, 0xe01ef,
		0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069, 0x061c,
		0xa0, 0x1680, 0x2000, 0x2007, 0x200a, 0x202f, 0x205f, 0xad, 0x180e, 0x2028, 0x2029, 0x3164, 0xffa0, 0x0b, 0x7f, 0xe000,
	}
	for _, tag := range lang.All() {
		for _, r := range list {
			for _, text := range []string{string(r) + "abc", "한" + string(r) + "국", "中国" + string(r)} {
				fs := Check(Draft{Lang: tag, Text: text}, risk.DefaultCeiling())
				if !slices.ContainsFunc(fs, func(f Finding) bool { return f.Rule == RuleHidden && f.Grade == Block && f.Text == string(r) }) {
					t.Errorf("U+%04X in %q is not found: %s", r, text, found(fs))
				}
			}
		}
	}
	for text, rule := range map[string]Rule{"a \xff b": RuleHidden, "a \ufffd b": RuleHidden, "the hаt": RuleLookLike, "тop": RuleLookLike} {
		fs := Check(Draft{Lang: lang.English, Text: text}, risk.DefaultCeiling())
		if len(fs) != 1 || fs[0].Rule != rule || fs[0].Grade != Block {
			t.Errorf("%q: %s, want %s", text, found(fs), rule)
		}
	}
	if fs := Check(Draft{Lang: lang.Korean, Text: "소\u1109\u1169식통"}, risk.DefaultCeiling()); !AnyBlocks(fs) {
		t.Error("Hangul in pieces is not found")
	}
	if fs := Check(Draft{Lang: lang.Chinese, Text: "　消息。贸易，停了！"}, risk.DefaultCeiling()); len(fs) != 0 {
		t.Errorf("Chinese punctuation: %s", found(fs))
	}
}

func TestQuotedWords(t *testing.T) {
	d := Draft{Lang: lang.English, Text: "He said “we are here” and \"there\"."}
	if n := QuotedWords(d.Text); n != 4 {
		t.Errorf("%d words", n)
	}
	if n := Words("我们排成队 once a-week 한 번"); n != 3+2+2 {
		t.Errorf("%d words", n)
	}
	for before, want := range map[int]string{0: "", 995: "", 996: "warn", 2495: "warn", 2496: "block"} {
		got := ""
		if fs := Quoted(d, before); len(fs) > 0 {
			got = fs[0].Grade.String()
		}
		if got != want {
			t.Errorf("%d quoted before: %q, want %q", before, got, want)
		}
	}
	if fs := Quoted(Draft{Text: "no quote"}, 3000); len(fs) != 0 {
		t.Errorf("a draft without quotes: %s", found(fs))
	}
}

func TestVariants(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"37 officials came.", "38 officials came.", "1:1 block variant 37"},
		{"All came  at night.", "All came at night.", "1:10 block variant  "},
		{"소식통은 어제 밝혔다.", "소식통은 밝혔다.", "1:6 block variant 어제 "},
		{"会议在晚上举行。", "会议在夜里举行。", "1:4 block variant 晚上"},
		{"the same", "the same", ""},
		{"A.\nB.", "A.\nB.\nC.", "2:3 block variant "},
	} {
		if got := found(Variants(Draft{Name: "a", Text: c.a}, Draft{Name: "b", Text: c.b})); got != c.want {
			t.Errorf("%q and %q: got %q, want %q", c.a, c.b, got, c.want)
		}
	}
	long := strings.Repeat("가 나 ", 3000)
	if fs := Variants(Draft{Text: long}, Draft{Text: strings.Repeat("x, y; ", 3000)}); len(fs) != 1 {
		t.Errorf("texts that are no copies: %d findings", len(fs))
	}
}

// The places that differ turn one text into the other, and nothing else does.
func TestDiffTurnsOneIntoTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"a", "b", "c", "d"})
		a, b := rapid.SliceOfN(word, 0, 40).Draw(t, "a"), rapid.SliceOfN(word, 0, 40).Draw(t, "b")
		hunks, ok := diff(a, b)
		if !ok {
			t.Fatal("not compared")
		}
		var made []string
		i := 0
		for _, h := range hunks {
			if h.a < i || h.aEnd < h.a || h.bEnd < h.b || h.aEnd > len(a) || h.bEnd > len(b) {
				t.Fatalf("hunks %v", hunks)
			}
			made = append(append(made, a[i:h.a]...), b[h.b:h.bEnd]...)
			i = h.aEnd
		}
		if made = append(made, a[i:]...); !slices.Equal(made, b) {
			t.Fatalf("%v became %v by %v, not %v", a, made, hunks, b)
		}
	})
}

// What one edition says more finely than the others is found on each axis, in each language, and
// nothing else is.
func TestEditionsDifferOnEachAxis(t *testing.T) {
	even := map[lang.Tag]string{
		lang.English: "A source in China said recently that it was so.",
		lang.Korean:  "중국 내 소식통은 최근 그렇게 밝혔다.",
		lang.Chinese: "在中国的一名消息人士近日这样表示。",
	}
	for tag, finer := range map[lang.Tag]map[string]string{
		lang.English: {
			"Dandong": "A source in Dandong said recently that it was so.", "Liaoning": "A source in Liaoning said recently that it was so.",
			"female source": "A female source in China said recently that it was so.", "woman source": "A woman source in China said recently that it was so.",
			"Two sources": "Two sources in China said recently that it was so.", "last week": "A source in China said last week that it was so.",
			"by telephone": "A source in China said recently by telephone that it was so.",
		},
		lang.Korean: {
			"단둥": "단둥 소식통은 최근 그렇게 밝혔다.", "여성 소식통": "중국 내 여성 소식통은 최근 그렇게 밝혔다.", "복수의 소식통": "중국 내 복수의 소식통은 최근 그렇게 밝혔다.",
			"소식통 두 명": "중국 내 소식통 두 명은 최근 그렇게 밝혔다.", "지난주": "중국 내 소식통은 지난주 그렇게 밝혔다.", "전화 통화": "중국 내 소식통은 최근 전화 통화에서 그렇게 밝혔다.",
		},
		lang.Chinese: {
			"丹东": "丹东消息人士近日这样表示。", "女性消息人士": "在中国的一名女性消息人士近日这样表示。", "两名消息人士": "在中国的两名消息人士近日这样表示。",
			"上周": "在中国的一名消息人士上周这样表示。", "在电话中": "在中国的一名消息人士近日在电话中这样表示。",
		},
	} {
		for words, text := range finer {
			for other, theirs := range even {
				if other == tag {
					continue
				}
				got := found(Editions([]Draft{{Name: string(tag), Lang: tag, Text: text}, {Name: string(other), Lang: other, Text: theirs}}))
				if !strings.HasSuffix(got, " block edition "+words) || strings.Contains(got, ";") {
					t.Errorf("%s beside %s: %q finds %q, want %q", tag, other, text, got, words)
				}
			}
		}
	}
}

func TestEditions(t *testing.T) {
	en := Draft{Name: "en", Lang: lang.English, Text: "A source in China said on Monday that 37 came."}
	ko := Draft{Name: "ko", Lang: lang.Korean, Text: "중국 내 소식통은 최근 37명이 왔다고 밝혔다."}
	zh := Draft{Name: "zh", Lang: lang.Chinese, Text: "在中国的一名消息人士近日在电话中表示，来了40人。"}
	if got, want := found(Editions([]Draft{en, ko})), "1:24 block edition on Monday"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	// What the vocabulary renders at one level is even in all languages.
	for level := range uint8(3) {
		var ds []Draft
		for _, tag := range lang.All() {
			l := risk.Level{Place: level, Day: level, Medium: min(level, 1)}
			said, err := lang.Said(tag, lang.Attribution{Level: l, Names: lang.Names{Country: lang.Words{KO: "중국", EN: "China", ZH: "中国"}}})
			if err != nil {
				t.Fatal(err)
			}
			if tag == lang.Korean {
				said += " " + lang.Verb(tag, l)
			}
			ds = append(ds, Draft{Name: string(tag), Lang: tag, Text: said})
			if got, ok := Printed(ds[len(ds)-1]); !ok || got != l {
				t.Errorf("%q prints %v, not %v", said, got, l)
			}
		}
		if fs := Editions(ds); len(fs) != 0 {
			t.Errorf("even editions: %s", found(fs))
		}
	}
	got := found(Editions([]Draft{en, ko, zh}))
	for _, want := range []string{"block edition on Monday", "block edition 在电话中", "warn figure 37", "warn figure 40"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	if fs := Editions([]Draft{ko, {Name: "none", Lang: lang.English, Text: "Trade fell."}}); AnyBlocks(fs) {
		t.Errorf("an edition that speaks of no source is not coarser: %s", found(fs))
	}
	if l, ok := Printed(zh); !ok || l != (risk.Level{Place: 2, Medium: 2, Day: 1}) {
		t.Errorf("printed %v %v", l, ok)
	}
}

// Each rule says in three languages why and how to mend it, and each rule has words of its own.
func TestEachRuleHasWords(t *testing.T) {
	for _, tag := range lang.All() {
		for _, r := range []Rule{
			RuleQuote, RuleQuoted, RuleRare, RuleDialect, RuleSpelling, RuleNumber, RuleRoom, RulePlate, RuleOnly, RuleKin, RulePronoun, RuleUnit, RuleHidden,
			RuleLookLike, RuleScript, RuleVariant, RuleFigure, RuleEdition, RuleMetadata,
		} {
			f := Finding{Rule: r, Args: []any{"A", "B", "C"}}
			for _, text := range []string{f.Why(tag), f.Mend(tag)} {
				if strings.HasPrefix(text, "[") || strings.Contains(text, "{") {
					t.Errorf("%s %s: %q", r, tag, text)
				}
			}
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("A source in Dandong said on Monday\xff “we are here”", "A source said", "en")
	f.Add("중국 내 소식통은 37명이\u200b 412호에서", "소식통", "ko")
	f.Add("在中国的一名消息人士周一表示，三十七名", "辽F12345", "zh")
	f.Fuzz(func(t *testing.T, a, b, tag string) {
		if len(a) > 4000 || len(b) > 4000 {
			return
		}
		d, other := Draft{"a", lang.Tag(tag), a}, Draft{"b", lang.English, b}
		fs := slices.Concat(Check(d, risk.Level{}), Quoted(d, 2490), Variants(d, other))
		for _, x := range append(fs, Editions([]Draft{d, other})...) {
			text := a
			if x.File == "b" {
				text = b
			}
			if x.Start < 0 || x.Start > x.End || x.End > len(text) || text[x.Start:x.End] != x.Text || x.Line < 1 || x.Column < 1 {
				t.Fatalf("finding %+v does not point at its words", x)
			}
			if utf8.ValidString(text) && !utf8.ValidString(x.Text) {
				t.Fatalf("finding cuts a character: %q", x.Text)
			}
			if _, err := json.Marshal(x.Why(lang.Korean)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// BenchmarkCheck reads a draft of 60 sentences.
func BenchmarkCheck(b *testing.B) {
	d := Draft{Lang: lang.Korean, Text: strings.Repeat("중국 내 소식통은 최근 학습이 잦아졌다고 밝혔다. 사람들은 저녁까지 기다렸다. ", 30)}
	for b.Loop() {
		Check(d, risk.DefaultCeiling())
	}
}
