package desk

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"kkachi/internal/lang"
)

// finds gives the texts of what a question finds, each by its hit.
func (r *room) finds(q SearchQuery) []Found {
	r.t.Helper()
	p, err := r.desk.Search(r.t.Context(), q)
	must(r.t, err)
	return p.Rows
}

func TestSearchFindsWordsInAnyWriting(t *testing.T) {
	p := newPlay(t)
	texts := map[string]string{
		"ko": "요즘 우리에 대한 통제가 심해졌습니다. 평양에서는 KBS뉴스3번을 듣는 사람을 찾습니다.",
		"zh": "我住在西南边境附近。他们每两天开一次会，検査もある。",
		"en": "Patrols on the ROAD near Łódź are frequent; see “Form 7-B”.",
		"da": norm.NFD.String("북한 노동자들이 돌아갔다. Café ｆｕｌｌｗｉｄｔｈ １２３"),
	}
	ids := map[string]ID{}
	for i, name := range []string{"ko", "zh", "en", "da"} {
		_, ids[name] = p.tell(ID{}, false, texts[name], []byte(fmt.Sprintf("search letter %02d", i)))
	}
	for text, want := range map[string]string{
		"통제": "ko", "통제를": "ko", "심해": "ko", "평양": "ko", "평양의": "ko", "뉴스": "ko", "KBS뉴스": "ko", "kbs": "ko", "뉴스3번": "ko", "우리 통제": "ko",
		"통제 평양": "ko", `"우리에 대한"`: "ko", "“대한 통제가”": "ko", norm.NFD.String("통제"): "ko", "ｋｂｓ": "ko",
		"边境": "zh", "附近": "zh", "两天": "zh", "開會": "", "検査": "zh", "每两天开": "zh", "我住": "zh",
		"road": "en", "pat": "en", "łódź": "en", "form 7": "en", "atrols": "", `"road on"`: "",
		"북한": "da", "노동자": "da", "노동자를": "da", "cafe": "", "café": "da", "fullwidth": "da", "123": "da", "ﾡ": "",
		"없는말": "", "평통": "", "!!!": "", "\x00": "", `" OR body:*`: "", "AND": "", "통제 없는말": "",
	} {
		rows := p.finds(SearchQuery{Text: text})
		switch {
		case want == "" && len(rows) != 0:
			t.Errorf("%q finds %+v", text, rows[0])
		case want != "" && (len(rows) != 1 || rows[0].Thing != ids[want]):
			t.Errorf("%q finds %d", text, len(rows))
		case want != "" && rows[0].Snippet.Hit == "":
			t.Errorf("%q: no hit in the snippet %+v", text, rows[0].Snippet)
		}
	}
}

// Every kind of thing is found, with its filters; what changed is found as it is now.
func TestSearchKindsAndFilters(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	a := p.source["A"]
	src, call, op, err := p.desk.TakeCall(ctx, CallNote{Lang: lang.Korean, Text: "얼룩말 이야기", Taker: "mina", Day: p.today - 3})
	must(t, err)
	_, _, err = p.desk.Reply(ctx, a, "얼룩말을 보았습니까?", "mina")
	must(t, err)
	_, remark, err := p.desk.AddRemark(ctx, a, "얼룩말 확인", "mina")
	must(t, err)
	_, err = p.desk.SetSheet(ctx, a, Sheet{Note: "얼룩말에 대해 안다"})
	must(t, err)
	claim, _, err := p.desk.NewClaim(ctx, Claim{Statement: "A zebra was seen", Place: "얼룩말"})
	must(t, err)
	story, _, err := p.desk.NewStory(ctx, Story{Title: "얼룩말"})
	must(t, err)
	_, _ = p.tell(p.source["C"], true, "얼룩말 도와주십시오", []byte("letter of the 8.")[:16])
	_, err = p.desk.AddTranslation(ctx, p.report["03"], Translation{Lang: lang.English, Text: "a zebra stood there", By: "mina"})
	must(t, err)
	kinds := func(q SearchQuery) string {
		q.Text = "얼룩말"
		var out []string
		for _, f := range p.finds(q) {
			out = append(out, string(f.Kind))
			if (f.Kind == FoundClaim || f.Kind == FoundStory) != f.Source.IsZero() {
				t.Errorf("%+v", f)
			}
		}
		return strings.Join(out, " ")
	}
	for want, q := range map[string]SearchQuery{
		"help story claim source note reply call": {},
		"call":                               {Kind: FoundCall},
		"claim":                              {Kind: FoundClaim},
		"help story source note reply call":  {Lang: lang.Korean},
		"":                                   {Lang: lang.Chinese},
		"help story claim source note reply": {From: p.today},
	} {
		if got := kinds(q); got != want {
			t.Errorf("%+v finds %q, want %q", q, got, want)
		}
	}
	if got := kinds(SearchQuery{To: p.today - 1}); got != "call" {
		t.Errorf("until the day before: %q", got)
	}
	_, err = p.desk.Change(ctx, []ID{src}, ThreadChange{Tag: "동물"})
	must(t, err)
	if got := kinds(SearchQuery{Tag: "동물"}); got != "call" {
		t.Errorf("by tag: %q", got)
	}
	if rows := p.finds(SearchQuery{Text: "zebra"}); len(rows) != 2 {
		t.Errorf("a translation and a claim: %+v", rows)
	}
	_, err = p.desk.UndoAll(ctx, []OpID{op, remark})
	must(t, err)
	_, err = p.desk.SetEdition(ctx, story, lang.English, EditionText{Headline: "Giraffe"})
	must(t, err)
	_, err = p.desk.EditClaim(ctx, claim, Claim{Statement: "Another animal"})
	must(t, err)
	if got := kinds(SearchQuery{}); got != "help story source reply" {
		t.Errorf("after undo and change: %q", got)
	}
	if rows := p.finds(SearchQuery{Text: "giraffe"}); len(rows) != 1 || rows[0].Thing != story {
		t.Errorf("%+v", rows)
	}
	_, err = p.desk.EditCall(ctx, call, CallNote{Lang: lang.Korean, Text: "기린 이야기", Taker: "mina"})
	if err == nil {
		t.Error("an undone note was edited")
	}
	for _, q := range []SearchQuery{{Text: "x", Kind: "what"}, {Text: "x", Lang: "fr"}, {Text: "x", From: 5, To: 4}, {Text: "x", After: "-1"}, {Text: "x", After: "1 OR 1"}} {
		if _, err := p.desk.Search(ctx, q); err == nil {
			t.Errorf("%+v was answered", q)
		}
	}
}

// More than a page is found page by page, each thing once.
func TestSearchPages(t *testing.T) {
	p := newPlay(t)
	const n = 2*SearchRows + 7
	for i := range n {
		p.tell(p.source["A"], false, fmt.Sprintf("소설 %d번", i), []byte(fmt.Sprintf("letter page %04d", i)))
	}
	for _, text := range []string{"소설", "소설가"} { // as it stands, and without what may be a particle
		seen := map[ID]bool{}
		q, pages := SearchQuery{Text: text}, 0
		for {
			page, err := p.desk.Search(t.Context(), q)
			must(t, err)
			pages++
			for _, r := range page.Rows {
				seen[r.Thing] = true
			}
			if page.Stems != (text == "소설가") {
				t.Errorf("%s: stems %v", text, page.Stems)
			}
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		if len(seen) != n || pages != 3 {
			t.Errorf("%s: %d things on %d pages", text, len(seen), pages)
		}
	}
}

func TestStems(t *testing.T) {
	for word, want := range map[string]string{
		"통제가": "통제", "통제를": "통제", "평양에서는": "평양", "노동자들은": "노동자", "미국으로": "미국", "나는": "", "소설가": "소설", "KBS를": "", "中国은": "", "통제": "",
	} {
		if got, _ := stem(word); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

func TestSnippets(t *testing.T) {
	long := strings.Repeat("앞 ", 60) + "통제가 심하다 " + strings.Repeat("뒤 ", 80)
	s := snippetOf(long, parseSearch("통제를"))
	if s.Hit != "통제" || !strings.HasPrefix(s.Before, "…") || !strings.HasSuffix(s.After, "…") || len([]rune(s.Before+s.After)) > snippetBefore+snippetAfter+2 {
		t.Errorf("%+v", s)
	}
	if s := snippetOf("ｒｏａｄ ①", parseSearch("road")); s.Hit != "ｒｏａｄ" {
		t.Errorf("%+v", s)
	}
	if s := snippetOf("", parseSearch("x")); s != (Snippet{}) {
		t.Errorf("%+v", s)
	}
}

// wordsOf are the tokens of a question for the index.
func wordsOf(part string) []string {
	phrase, _ := phraseOf(part)
	return strings.Fields(strings.Trim(phrase, `"`))
}

// However a text is cut, a stretch of at least two characters of it is found in it.
func TestPartsOfWordsAreFound(t *testing.T) {
	const text = "북한 노동자들이 中国边境에서 KBS를 들었다"
	tokens := strings.Fields(indexForm(text))
	for _, word := range strings.Fields(text) {
		rs := []rune(word)
		for i := range rs {
			for j := i + 2; j <= len(rs); j++ {
				part := string(rs[i:j])
				if len(stretches(part)) != 1 || !stretches(part)[0].pairs {
					continue
				}
				want := wordsOf(part)
				found := false
				for k := range tokens {
					found = found || k+len(want) <= len(tokens) && slices.Equal(tokens[k:k+len(want)], want)
				}
				if !found {
					t.Errorf("%q is not found in %q", part, text)
				}
			}
		}
	}
}

// Of a common word the pages show whole words first, then where words only begin so; of a
// rare one both together by days. Each thing is shown once.
func TestSearchWholeWordsFirst(t *testing.T) {
	r := newRoom(t)
	var texts []string
	for i := range SearchRows + 20 {
		texts = append(texts, fmt.Sprintf("patrol number %d", i))
		if i%3 == 0 {
			texts = append(texts, fmt.Sprintf("patrols and their number %d", i), fmt.Sprintf("patrolling %d, and a patrol", i))
		}
	}
	texts = append(texts, "counted", "counting", "count", "counters")
	r.fillWith(texts)
	var all []string
	q := SearchQuery{Text: "patrol"}
	for pages := 0; ; pages++ {
		p, err := r.desk.Search(t.Context(), q)
		must(t, err)
		for _, f := range p.Rows {
			all = append(all, f.Snippet.Before+f.Snippet.Hit+f.Snippet.After)
		}
		if p.Next == "" {
			break
		}
		if len(p.Rows) != SearchRows || pages > 5 {
			t.Fatalf("a page of %d", len(p.Rows))
		}
		q.After = p.Next
	}
	whole := SearchRows + 20 + 24
	if len(all) != whole+24 {
		t.Errorf("%d found, of %d", len(all), whole+24)
	}
	seen := map[string]bool{}
	for i, text := range all {
		if seen[text] {
			t.Errorf("%q twice", text)
		}
		seen[text] = true
		if begins := strings.HasPrefix(text, "patrols"); begins != (i >= whole) {
			t.Errorf("%d: %q", i, text)
		}
	}
	var few []string
	for _, f := range r.finds(SearchQuery{Text: "count"}) {
		few = append(few, f.Snippet.Before+f.Snippet.Hit+f.Snippet.After)
	}
	if got := strings.Join(few, " "); got != "counters count counting counted" {
		t.Errorf("few: %s", got)
	}
}

// A question that is narrowed finds what is older than all that is looked at one by one.
func TestSearchNarrowedBeyondTheNewest(t *testing.T) {
	r := newRoom(t)
	var texts []string
	for i := range SearchRows + 5 {
		texts = append(texts, fmt.Sprintf("The KBS radio was heard %d times there.", i))
	}
	for i := range newest + 1 {
		texts = append(texts, fmt.Sprintf("거기에서 KBS를 %d번 들었습니다.", i))
	}
	r.fillWith(texts)
	for text, n := range map[string]int{"kbs": SearchRows, "kbs 54": 1} {
		p, err := r.desk.Search(t.Context(), SearchQuery{Text: text, Lang: lang.English})
		must(t, err)
		if len(p.Rows) != n || p.Rows[0].Lang != lang.English {
			t.Errorf("%s: %d found", text, len(p.Rows))
		}
		if n < SearchRows {
			continue
		}
		next, err := r.desk.Search(t.Context(), SearchQuery{Text: text, Lang: lang.English, After: p.Next})
		must(t, err)
		if len(next.Rows) != 5 || next.Next != "" {
			t.Errorf("%s: %d on the second page", text, len(next.Rows))
		}
	}
}
