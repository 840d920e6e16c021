package rules

import (
	"errors"
	"strings"
	"testing"

	"kkachi/internal/lang"
)

func TestDefaultRulesAreWhole(t *testing.T) {
	list, err := Parse(Default())
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, r := range list {
		have[r.ID] = true
	}
	for _, id := range []string{"vital", "otherwise", "placed", "manager", "plural", "grave", "reason", "asked", "harm", "exposure"} {
		if !have[id] {
			t.Errorf("no rule %q", id)
		}
	}
}

// Every mistake is named by its line, in three languages, with what to do.
func TestMistakesAreNamedByLine(t *testing.T) {
	lineOf := func(text, part string) int { return 1 + strings.Count(text[:strings.Index(text, part)], "\n") }
	whole := string(Default())
	const last = `id = "exposure"`
	for name, c := range map[string]struct {
		from, to string
		key      string
		at       string // what stands on the line that must be named, "" for the last one
	}{
		"no toml":          {`id = "vital"`, `id = "vital`, "toml", `id = "vital`},
		"unknown field":    {`id = "vital"`, "id = \"vital\"\ncolour = \"red\"", "field", "colour"},
		"unknown table":    {"format = 1", "format = 1\n[more]\na = 1", "field", "[more]"},
		"another format":   {"format = 1", "format = 2", "format", "format = 2"},
		"id missing":       {`id = "vital"` + "\n", "", "missing", "[[rule]]"},
		"id empty":         {`id = "vital"`, `id = " "`, "missing", `id = " "`},
		"id of capitals":   {`id = "vital"`, `id = "VITAL"`, "id", `id = "VITAL"`},
		"id twice":         {`id = "harm"`, `id = "vital"`, "twice", "second"},
		"unknown kind":     {`kind = "plural"`, `kind = "many"`, "choose", `kind = "many"`},
		"unknown when":     {`when = "grave one chain"`, `when = "mostly"`, "choose", `when = "mostly"`},
		"unknown weight":   {"weight = \"block\"", "weight = \"ban\"", "choose", `weight = "ban"`},
		"a language empty": {"zh = \"绝不", "zh = \"\" # \"绝不", "missing", `zh = "" #`},
		"too long":         {`en = "Harm to`, `en = "` + strings.Repeat("x", MaxWords) + `Harm to`, "long", "xxx"},
		"hidden":           {`en = "Harm to`, `en = "\u202EHarm to`, "hidden", "\\u202E"},
		"plural left out":  {`kind = "plural"`, `kind = "asked"`, "required", ""},
		"two of a kind":    {`kind = "plural"`, `kind = "exposure"`, "one", last},
		"a wrong type":     {"format = 1", `format = "one"`, "type", `format = "one"`},
	} {
		text := strings.Replace(whole, c.from, c.to, 1)
		_, err := Parse([]byte(text))
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := 0
		switch {
		case c.at == "":
			want = strings.Count(text, "\n")
		case c.at == "second":
			want = 1 + strings.Count(text[:strings.LastIndex(text, `id = "vital"`)], "\n")
		case c.at == last:
			want = lineOf(text, last) + 1
		default:
			want = lineOf(text, c.at)
		}
		if e.Key != "desk.rules.bad."+c.key || e.Line != want {
			t.Errorf("%s: line %d, want %d: %s", name, e.Line, want, err)
		}
		for _, l := range lang.All() {
			if !lang.Has(l, e.Key) {
				t.Errorf("%s: %s is not in the catalogue of %s", name, e.Key, l)
			}
		}
	}
	if _, err := Parse(nil); err == nil {
		t.Error("an empty file is taken")
	}
	if _, err := Parse(make([]byte, MaxSize+1)); err == nil {
		t.Error("a huge file is taken")
	}
}

// Who rewords a rule asks it anew.
func TestSumFollowsEveryField(t *testing.T) {
	list, err := Parse(Default())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{list[0].Sum(): true}
	for _, change := range []func(*Rule){
		func(r *Rule) { r.ID += "x" }, func(r *Rule) { r.Kind = Plural }, func(r *Rule) { r.When = Photo },
		func(r *Rule) { r.Weight = Block }, func(r *Rule) { r.KO += "." }, func(r *Rule) { r.EN += "." }, func(r *Rule) { r.ZH += "." },
	} {
		r := list[0]
		change(&r)
		if seen[r.Sum()] {
			t.Errorf("%+v has the sum of another", r)
		}
		seen[r.Sum()] = true
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Default())
	f.Add([]byte("format = 1\n[[rule]]\n"))
	f.Add([]byte("rule = [{id = \"x\"}]\nformat = 1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := Parse(data); err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.Line < 1 || e.Error() == "" {
				t.Fatal(err)
			}
		}
	})
}
