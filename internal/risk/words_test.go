package risk_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"kkachi/internal/lang"
)

// What no text about risk may say, in three languages: that something is safe, and how probable an arrest is.
var promises = map[string]*regexp.Regexp{
	"calls something safe": regexp.MustCompile(`(?i)\b(?:un)?safe(?:ly|r|st|ty)?\b|\bsecure[ds]?\b|\bharmless wording|안전|위험하지 않|安全|无风险|没有危险`),
	"gives a probability of arrest": regexp.MustCompile(`(?i)(?:probab|likel|chances?\b|odds|risk of)[^.。\n"|]{0,60}(?:arrest|caught|detain|captur|jail|prison|punish)|(?:arrest|caught|detain|captur|jail)[^.。\n"|]{0,60}(?:probab|likel|odds|%|percent)|` +
		`(?:체포|붙잡|구속|적발|처벌)[^.\n"|]{0,30}(?:확률|가능성|퍼센트|%)|(?:확률|가능성)[^.\n"|]{0,30}(?:체포|붙잡|구속|처벌)|(?:逮捕|被捕|抓捕|拘留|受罚)[^。\n"|]{0,30}(?:概率|可能性|几率|%)|(?:概率|可能性|几率)[^。\n"|]{0,30}(?:逮捕|被捕|抓捕|拘留)`),
}

// No verdict or text of risk calls a story, a wording or a source safe, and none gives a probability of arrest: searched in
// the catalogue of each language, in the code of risk, charts and their commands, in the desk's gate, and in what
// is written for editors.
func TestNothingIsCalledSafe(t *testing.T) {
	texts := map[string]string{}
	for _, tag := range lang.All() {
		for _, key := range lang.Keys(tag) {
			for _, area := range []string{"risk.", "desk.find.", "desk.fix.", "desk.verdict", "desk.gate", "desk.override", "desk.exposure", "desk.shown", "desk.spread", "desk.embargo", "desk.among", "desk.input", "desk.house", "desk.source.exposure"} {
				if strings.HasPrefix(key, area) {
					texts[string(tag)+" "+key] = lang.T(tag, key)
				}
			}
		}
	}
	if len(texts) < 300 {
		t.Errorf("only %d texts of the catalogue were read", len(texts))
	}
	files := 0
	for _, pattern := range []string{
		"*.go", "*.toml", "lint/*.go", "words/*.go", "../chart/*.go", "../lab/risk/*.go", "../desk/gate*.go", "../desk/override.go", "../desk/exposure*.go", "../desk/estimate*.go", "../desk/heads.go", "../desk/hold.go",
		"../desk/input.go", "../desk/ledger*.go", "../desk/live.go", "../desk/spread.go", "../desk/web/gate*.go", "../desk/web/exposure*.go", "../desk/web/budget.go", "../desk/web/page/exposure.html",
		"../../cmd/kkachi/risk*.go", "../../doc/risk.md", "../../doc/figures/risk-*.svg", "../../spec/10-risk.md", "../../spec/14-exposure.md",
	} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files++
			texts[name] = strings.ReplaceAll(string(data), "안전원", "") // a word of the North, that the lint looks for
		}
	}
	if files < 50 {
		t.Errorf("only %d files were read", files)
	}
	for name, text := range texts {
		for what, re := range promises {
			if m := re.FindString(text); m != "" {
				t.Errorf("%s %s: %q", name, what, m)
			}
		}
	}
}

// The search is not blind.
func TestPromisesAreFound(t *testing.T) {
	for _, s := range []string{"this wording is safe", "it can be printed safely", "the story is secure", "이 표현은 안전합니다", "这种写法很安全"} {
		if !promises["calls something safe"].MatchString(s) {
			t.Errorf("%q is not found", s)
		}
	}
	for _, s := range []string{
		"the probability of arrest is 3 %", "how likely the source is caught", "arrested with 12 %", "체포될 확률은 3 %", "확률 3 %로 붙잡힙니다", "被捕的概率为3%", "有3%的几率被捕",
	} {
		if !promises["gives a probability of arrest"].MatchString(s) {
			t.Errorf("%q is not found", s)
		}
	}
}
