package lint

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/lang"
	"kkachi/internal/risk"
)

// pudFolder holds sentences of Parallel UD, a thousand a language: news and encyclopedia, nothing planted. It is
// not part of this tree: KKACHI_PUD names it.
const pudFolder = "KKACHI_PUD"

// On clean sentences the blocking rules speak in at most 2 of 100. All rules' rates are reported.
func TestFalseAlarms(t *testing.T) {
	dir := os.Getenv(pudFolder)
	if dir == "" {
		dir = "../../../../shared/data/pud"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no sentences of Parallel UD: %s names no folder with en.tsv, ko.tsv, zh.tsv", pudFolder)
	}
	for _, tag := range lang.All() {
		data, err := os.ReadFile(dir + "/" + string(tag) + ".tsv")
		if err != nil {
			t.Skip(err)
		}
		n, blocked, quiet := 0, 0, 0
		warned := map[Rule]int{}
		for line := range strings.Lines(string(data)) {
			_, text, ok := strings.Cut(strings.TrimRight(line, "\n"), "\t")
			if !ok {
				continue
			}
			n++
			fs := Check(Draft{Lang: tag, Text: text}, risk.DefaultCeiling())
			if AnyBlocks(fs) {
				blocked++
			}
			if len(fs) == 0 {
				quiet++
			}
			rules := map[Rule]bool{}
			for _, f := range fs {
				rules[f.Rule] = true
				if f.Grade == Block && testing.Verbose() {
					t.Logf("%s blocks: %s %q in %s", tag, f.Rule, f.Text, text)
				}
			}
			for r := range rules {
				warned[r]++
			}
		}
		var rates []string
		for _, r := range slices.Sorted(maps.Keys(warned)) {
			rates = append(rates, fmt.Sprintf("%s %.1f %%", r, 100*float64(warned[r])/float64(n)))
		}
		t.Logf("%s: of %d sentences %.1f %% are blocked, %.1f %% quiet; by rule: %s", tag, n, 100*float64(blocked)/float64(n), 100*float64(quiet)/float64(n), strings.Join(rates, ", "))
		if n < 900 || blocked*100 > n*2 {
			t.Errorf("%s: %d of %d clean sentences are blocked", tag, blocked, n)
		}
	}
}
