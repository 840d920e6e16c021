package seal

import (
	"errors"
	"strings"
	"testing"

	"github.com/tyler-smith/go-bip39/wordlists"
	"golang.org/x/text/unicode/norm"
)

func TestWordsInEveryForm(t *testing.T) {
	w := Words{0, 1, 2, 3, 100, 1000, 2046, 2047}
	for _, lang := range []Lang{English, Korean, Chinese} {
		shown := w.String(lang)
		if !norm.NFC.IsNormalString(shown) {
			t.Errorf("%s words are not shown in NFC", lang)
		}
		for name, typed := range map[string]string{
			"NFC": shown, "NFD": norm.NFD.String(shown), "NFKD": norm.NFKD.String(shown),
			"upper case": strings.ToUpper(shown), "spaces": "  " + strings.ReplaceAll(shown, " ", " \n\t ") + "\n",
			"wide spaces": strings.ReplaceAll(shown, " ", "\u3000"),
		} {
			if got, err := ParseWords(lang, typed); err != nil || got != w {
				t.Errorf("%s words in %s: %v", lang, name, err)
			}
		}
	}
	if got, err := ParseWords(Chinese, strings.ReplaceAll(w.String(Chinese), " ", "")); err != nil || got != w {
		t.Errorf("Chinese without spaces: %v", err)
	}
	var traditional []string
	for _, n := range w {
		traditional = append(traditional, wordlists.ChineseTraditional[n])
	}
	if got, err := ParseWords(Chinese, strings.Join(traditional, " ")); err != nil || got != w {
		t.Errorf("traditional characters: %v", err)
	}
}

// Simplified and traditional share indices: no character means one index in one list and
// another in the other.
func TestChineseListsDoNotContradict(t *testing.T) {
	simplified := map[string]int{}
	for i, word := range wordlists.ChineseSimplified {
		simplified[word] = i
	}
	for i, word := range wordlists.ChineseTraditional {
		if at, ok := simplified[word]; ok && at != i {
			t.Errorf("one character stands at %d and at %d", at, i)
		}
	}
}

func TestAWrongWordIsNamedByPlaceOnly(t *testing.T) {
	good := strings.Fields(Words{}.String(English))
	for i := range good {
		typed := append([]string(nil), good...)
		typed[i] = "canaryword"
		w, err := ParseWords(English, strings.Join(typed, " "))
		var we *WordError
		if !errors.As(err, &we) || we.Position != i+1 || !errors.Is(err, ErrWord) || w != (Words{}) {
			t.Errorf("word %d: %v", i+1, err)
		}
		if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), good[0]) {
			t.Errorf("the error tells a word: %v", err)
		}
	}
	for _, typed := range []string{"", "abandon", strings.Join(good[:7], " "), strings.Join(good, " ") + " abandon"} {
		if _, err := ParseWords(English, typed); !errors.Is(err, ErrWordCount) {
			t.Errorf("%d words: %v", len(strings.Fields(typed)), err)
		}
	}
	if _, err := ParseWords("xx", strings.Join(good, " ")); !errors.Is(err, ErrLang) {
		t.Errorf("a language without a list: %v", err)
	}
}

func TestSuggest(t *testing.T) {
	if got := Suggest(English, " AbaN"); len(got) != 1 || got[0] != "abandon" {
		t.Errorf("%v", got)
	}
	// 가 is the beginning of 가격; ㄱ with ㅏ typed so far is within its first syllable.
	if got := Suggest(Korean, "가겨"); len(got) == 0 || got[0] != "가격" {
		t.Errorf("%q", got)
	}
	if Suggest(English, "") != nil || Suggest("xx", "a") != nil || Suggest(English, "zzz") != nil {
		t.Error("a suggestion out of nothing")
	}
}

func TestNewWordsAreDrawnFromTheWholeList(t *testing.T) {
	random := seeded("words")
	var seen [ListSize]bool
	var alike [WordCount][WordCount]int
	for range 4000 {
		w, err := NewWords(random)
		must(t, err)
		for i, n := range w {
			seen[n] = true
			for j := range i {
				if w[j] == n {
					alike[j][i]++
				}
			}
		}
	}
	for j := range alike {
		for i, n := range alike[j] {
			if n > 20 { // of 4000, two by chance
				t.Errorf("word %d is word %d %d times: it is not drawn apart", i+1, j+1, n)
			}
		}
	}
	for n, ok := range seen {
		if !ok {
			t.Errorf("word %d is never drawn", n)
		}
	}
	if _, err := NewWords(strings.NewReader("short")); err == nil {
		t.Error("words out of too little randomness")
	}
}

func TestChainStepsForwardOnly(t *testing.T) {
	c := conversationOf("chain")
	k := c.Key(3)
	if five, err := Step(k, 3, 5); err != nil || five != c.Key(5) {
		t.Errorf("%v", err)
	}
	if _, err := Step(k, 3, 2); !errors.Is(err, ErrWeek) {
		t.Errorf("a step back: %v", err)
	}
	if _, err := ParseChain(make([]byte, 33)); !errors.Is(err, ErrKey) {
		t.Errorf("a short chain: %v", err)
	}
	c.Wipe()
	if *c != (Conversation{}) {
		t.Error("a wiped conversation holds something")
	}
	k.Wipe()
	if k != (WeekKey{}) {
		t.Error("a wiped key holds something")
	}
}

func TestAddress(t *testing.T) {
	id := strings.Repeat("ab", 32)
	for _, good := range []string{
		"https://example.org", "https://example.org:8443/news", "http://127.0.0.1:8080", "http://[::1]:80", "http://localhost",
		"http://abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion",
	} {
		a, err := ParseAddress("kkachi:" + id + "@" + good)
		if err != nil || a.URL != good || a.ID.String() != id || a.String() != "kkachi:"+id+"@"+good {
			t.Errorf("%s: %v", good, err)
		}
	}
	for name, bad := range map[string]string{
		"http in clear":  "kkachi:" + id + "@http://example.org",
		"slash at end":   "kkachi:" + id + "@https://example.org/",
		"user":           "kkachi:" + id + "@https://a@example.org",
		"query":          "kkachi:" + id + "@https://example.org?a",
		"empty query":    "kkachi:" + id + "@https://example.org?",
		"empty fragment": "kkachi:" + id + "@https://example.org#",
		"no host":        "kkachi:" + id + "@https://",
		"port alone":     "kkachi:" + id + "@https://:80",
		"another scheme": "kkachi:" + id + "@ftp://example.org",
		"upper case id":  "kkachi:" + strings.ToUpper(id) + "@https://example.org",
		"short id":       "kkachi:" + id[1:] + "@https://example.org",
		"no prefix":      id + "@https://example.org",
		"no at":          "kkachi:" + id,
		"space":          "kkachi:" + id + "@https://example.org ",
		"nothing":        "",
	} {
		if a, err := ParseAddress(bad); !errors.Is(err, ErrAddress) {
			t.Errorf("%s: taken as %v", name, a)
		}
	}
}
