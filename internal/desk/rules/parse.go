package rules

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"kkachi/internal/lang"
	"kkachi/internal/release"
)

// An Error is the first mistake in a file: its line, and in the words of the catalogue what
// is wrong there and what to do.
type Error struct {
	Line int
	Key  string // of lang
	Args []any
}

// Error says the mistake in English.
func (e *Error) Error() string {
	return lang.T(lang.English, "desk.rules.line", e.Line) + " " + lang.T(lang.English, e.Key, e.Args...)
}

func wrong(line int, key string, args ...any) error {
	return &Error{max(line, 1), "desk.rules.bad." + key, args}
}

// file is the whole of rules.toml.
type file struct {
	Format int    `toml:"format"`
	Rules  []Rule `toml:"rule"`
}

var ruleID = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// Parse reads the rules strictly: an unknown field, a missing one, a rule that stands twice or
// one of the required kinds that is missing is an *Error.
func Parse(data []byte) ([]Rule, error) {
	if len(data) > MaxSize {
		return nil, wrong(1, "size", MaxSize)
	}
	var f file
	meta, err := toml.NewDecoder(bytes.NewReader(data)).Decode(&f)
	if err != nil {
		return nil, undecoded(err)
	}
	at := lines(data)
	if left := meta.Undecoded(); len(left) > 0 {
		name := left[0][len(left[0])-1]
		return nil, wrong(at.of(name), "field", name)
	}
	if f.Format != Format {
		return nil, wrong(at.of("format"), "format", Format)
	}
	if len(f.Rules) == 0 || len(f.Rules) > MaxRules {
		return nil, wrong(1, "count", MaxRules)
	}
	seen := map[string]bool{}
	kinds := map[Kind]int{}
	for i := range f.Rules {
		r := &f.Rules[i]
		if err := r.check(at.rule(i)); err != nil {
			return nil, err
		}
		if seen[r.ID] {
			return nil, wrong(at.rule(i)["id"], "twice", r.ID)
		}
		if kinds[r.Kind]++; r.Kind != Asked && kinds[r.Kind] > 1 {
			return nil, wrong(at.rule(i)["kind"], "one", string(r.Kind))
		}
		seen[r.ID] = true
	}
	for _, k := range Kinds() {
		if k != Asked && kinds[k] == 0 {
			return nil, wrong(len(at.all), "required", string(k))
		}
	}
	return f.Rules, nil
}

// typeLine finds the line in what the decoder says of a value of the wrong type.
var typeLine = regexp.MustCompile(`^toml: line (\d+) `)

// undecoded says where the decoder stopped. Its own words are left out: they are in one
// language, and quote what stands there.
func undecoded(err error) error {
	if pe, ok := errors.AsType[toml.ParseError](err); ok {
		return wrong(pe.Position.Line, "toml")
	}
	if m := typeLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1]) // digits
		return wrong(line, "type")
	}
	return wrong(1, "toml")
}

// check says the first mistake of a rule; at gives the lines of its fields.
func (r *Rule) check(at map[string]int) error {
	for _, f := range []struct{ name, value string }{
		{"id", r.ID}, {"kind", string(r.Kind)}, {"when", string(r.When)}, {"weight", string(r.Weight)}, {"ko", r.KO}, {"en", r.EN}, {"zh", r.ZH},
	} {
		if strings.TrimSpace(f.value) == "" {
			line := at[f.name]
			if line == 0 {
				line = at[""]
			}
			return wrong(line, "missing", f.name)
		}
	}
	switch {
	case len(r.ID) > MaxID || !ruleID.MatchString(r.ID):
		return wrong(at["id"], "id", MaxID)
	case !slices.Contains(Kinds(), r.Kind):
		return wrong(at["kind"], "choose", "kind", join(Kinds()))
	case !slices.Contains(Whens(), r.When):
		return wrong(at["when"], "choose", "when", join(Whens()))
	case r.Weight != Hold && r.Weight != Block:
		return wrong(at["weight"], "choose", "weight", join([]Weight{Hold, Block}))
	}
	for _, l := range lang.All() {
		text := r.In(l)
		if utf8.RuneCountInString(text) > MaxWords {
			return wrong(at[string(l)], "long", MaxWords)
		}
		if strings.ContainsFunc(text, release.Hidden) {
			return wrong(at[string(l)], "hidden")
		}
	}
	return nil
}

func join[T ~string](list []T) string {
	var out []string
	for _, s := range list {
		out = append(out, `"`+string(s)+`"`)
	}
	return strings.Join(out, ", ")
}

// A lineBook knows on which line what stands, as far as a file is written in the common way:
// a field a line, each rule under its own [[rule]].
type lineBook struct {
	all   []string
	rules []map[string]int // line of each field, "" of the heading
}

var fieldLine = regexp.MustCompile(`^\s*"?([A-Za-z0-9_-]+)"?\s*=`)

func lines(data []byte) *lineBook {
	b := &lineBook{all: strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")}
	for i, line := range b.all {
		if strings.HasPrefix(strings.ReplaceAll(strings.TrimSpace(line), " ", ""), "[[rule]]") {
			b.rules = append(b.rules, map[string]int{"": i + 1})
			continue
		}
		if m := fieldLine.FindStringSubmatch(line); m != nil && len(b.rules) > 0 {
			b.rules[len(b.rules)-1][m[1]] = i + 1
		}
	}
	return b
}

// of is the first line on which a field of this name stands.
func (b *lineBook) of(name string) int {
	for i, line := range b.all {
		if m := fieldLine.FindStringSubmatch(line); m != nil && m[1] == name {
			return i + 1
		}
		if strings.Contains(line, "["+name+"]") {
			return i + 1
		}
	}
	return 1
}

// rule gives the lines of the fields of the i-th rule.
func (b *lineBook) rule(i int) map[string]int {
	if i < len(b.rules) {
		return b.rules[i]
	}
	return map[string]int{}
}
