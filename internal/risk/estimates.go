package risk

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// EstimatesVersion is the version of estimates.toml (spec/10-risk.md).
const EstimatesVersion = 1

// GoodFor is how many days an estimate stands where it does not say so.
const GoodFor = 365

// maxEstimates is the largest file that is read, in bytes.
const maxEstimates = 1 << 20

// ExampleEstimates is an example of the file, and marked as one.
//
//go:embed estimates.example.toml
var ExampleEstimates string

// ErrEstimates is wrapped by each refusal of a file.
var ErrEstimates = errors.New("not a file of estimates")

// Estimates are what a newsroom believes of populations and fractions: ranges, each with where it comes from, when
// it was made and by whom. No field takes a person but the author of an estimate.
type Estimates struct {
	Version     int                   `toml:"version"`
	Example     bool                  `toml:"example"` // nobody believes these: the gate holds what is judged by them
	Apparatus   *PowerEstimate        `toml:"apparatus"`
	Populations map[string]Population `toml:"populations"`
	Fractions   map[string]Fraction   `toml:"fractions"`
}

// An Origin says where an estimate comes from.
type Origin struct {
	Source  string `toml:"source"`
	Date    string `toml:"date"` // of the estimate, 2026-08-20
	Author  string `toml:"author"`
	GoodFor int    `toml:"good_for"` // days; 0: GoodFor
}

// A PowerEstimate is what the apparatus can do and what is accepted.
type PowerEstimate struct {
	Searchable float64 `toml:"searchable"`
	Success    float64 `toml:"success"`
	Accepted   float64 `toml:"accepted"`
	Origin
}

// A Population is people among whom a source may stand.
type Population struct {
	Parent        string  `toml:"parent"` // a population that holds this one
	People        Between `toml:"people"`
	Units         int     `toml:"units"`
	Opportunities float64 `toml:"opportunities"` // of one of them within the days that are possible, on average
	Origin
}

// A Fraction of a population fits something that is printed: a level of an axis, or a detail.
type Fraction struct {
	Of       string  `toml:"of"`
	Parent   string  `toml:"parent"` // a fraction that holds this one
	Axis     Axis    `toml:"axis"`   // "" for a detail
	Level    int     `toml:"level"`
	Fraction Between `toml:"fraction"`
	Origin
}

// A Between is a range as the file writes it: "LO-HI".
type Between struct{ Range }

// UnmarshalText reads "LO-HI".
func (b *Between) UnmarshalText(text []byte) (err error) {
	b.Range, err = ParseRange(string(text))
	return err
}

// A FieldError is what is wrong in a file of estimates, and where.
type FieldError struct {
	Line  int    // from 1
	Field string // such as populations.officials.people
	Why   string
}

// Error is "line 12: populations.officials.people: …".
func (e *FieldError) Error() string { return fmt.Sprintf("line %d: %s: %s", e.Line, e.Field, e.Why) }

// Unwrap is ErrEstimates.
func (e *FieldError) Unwrap() error { return ErrEstimates }

// ParseEstimates reads a file strictly: no unknown key, every estimate with its origin, children no larger than
// their parents. What it refuses it names by line and field (*FieldError).
func ParseEstimates(r io.Reader) (*Estimates, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxEstimates+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading estimates: %w", err)
	case len(data) > maxEstimates:
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrEstimates, maxEstimates)
	case !utf8.Valid(data):
		return nil, fmt.Errorf("%w: not UTF-8", ErrEstimates)
	}
	var e Estimates
	p := fieldsOf(string(data))
	md, err := toml.Decode(string(data), &e)
	var at toml.ParseError
	switch {
	case errors.As(err, &at):
		return nil, &FieldError{max(1, at.Position.Line), at.LastKey, at.Message}
	case err != nil:
		m := located.FindStringSubmatch(err.Error())
		if m == nil {
			return nil, fmt.Errorf("%w: %s", ErrEstimates, strings.TrimPrefix(err.Error(), "toml: "))
		}
		line, _ := strconv.Atoi(m[1]) // digits, as the pattern says
		return nil, &FieldError{max(1, line), m[2], m[3]}
	}
	if unknown := md.Undecoded(); len(unknown) > 0 {
		key := strings.Join(unknown[0], ".")
		return nil, p.refuse(key, "no such field")
	}
	return &e, e.check(p)
}

// located is how the decoder says where a type is wrong.
var located = regexp.MustCompile(`line ([0-9]{1,8}) \(last key "(.*?)"\): (.*)`)

// fields knows on which line each key of a file stands.
type fields map[string]int

func fieldsOf(text string) fields {
	out, table, n := fields{}, "", 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			name, _, _ = strings.Cut(name, "]")
			table = bare(name) + "."
			out[strings.TrimSuffix(table, ".")] = n
			continue
		}
		if key, _, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			out[table+bare(key)] = n
		}
	}
	return out
}

// bare is a key without quotes and blanks.
func bare(key string) string {
	parts := strings.Split(key, ".")
	for i, p := range parts {
		parts[i] = strings.Trim(strings.TrimSpace(p), `"'`)
	}
	return strings.Join(parts, ".")
}

// refuse names a field by its line, or by that of what it should stand in.
func (f fields) refuse(field, why string) error {
	for at := field; at != ""; {
		if line, ok := f[at]; ok {
			return &FieldError{line, field, why}
		}
		i := strings.LastIndexByte(at, '.')
		at = at[:max(i, 0)]
	}
	return &FieldError{1, field, why}
}

func (e *Estimates) check(f fields) error {
	if e.Version != EstimatesVersion {
		return f.refuse("version", fmt.Sprintf("%d is not %d", e.Version, EstimatesVersion))
	}
	if len(e.Populations) == 0 {
		return f.refuse("populations", "none is given: there is nobody among whom a source could stand")
	}
	if a := e.Apparatus; a != nil {
		if _, err := KMin(a.Searchable, a.Success, a.Accepted); err != nil {
			name, why, _ := strings.Cut(err.Error(), ": ")
			return f.refuse("apparatus."+name, why)
		}
		if err := a.checkOrigin(f, "apparatus"); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Populations)) {
		if err := e.checkPopulation(f, name, e.Populations[name]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Fractions)) {
		if err := e.checkFraction(f, name, e.Fractions[name]); err != nil {
			return err
		}
	}
	return e.checkLevels(f)
}

// date reads a day as the file writes it.
func date(s string) (time.Time, error) { return time.Parse(time.DateOnly, s) }

func (o Origin) checkOrigin(f fields, at string) error {
	for _, in := range []struct{ name, value string }{{"source", o.Source}, {"author", o.Author}, {"date", o.Date}} {
		if strings.TrimSpace(in.value) == "" {
			return f.refuse(at+"."+in.name, "missing: say where the estimate comes from, when it was made and by whom")
		}
	}
	if _, err := date(o.Date); err != nil {
		return f.refuse(at+".date", "not a day such as 2026-08-20")
	}
	if o.GoodFor < 0 || o.GoodFor > 36500 {
		return f.refuse(at+".good_for", "a number of days, at most 36500")
	}
	return nil
}

func (e *Estimates) checkPopulation(f fields, name string, p Population) error {
	at := "populations." + name
	if p.People.Range == (Range{}) {
		return f.refuse(at+".people", "missing: a range such as 400-2500")
	}
	if p.People.Hi > 1e10 {
		return f.refuse(at+".people", "more people than there are")
	}
	if p.Units < 0 {
		return f.refuse(at+".units", "at least 0")
	}
	if o := p.Opportunities; !finite(o) || o < 0 || o > MaxMean {
		return f.refuse(at+".opportunities", fmt.Sprintf("0 to %d", MaxMean))
	}
	if err := e.chain(f, at, name, p.Parent, func(s string) (Range, string, bool) {
		parent, ok := e.Populations[s]
		return parent.People.Range, parent.Parent, ok
	}, p.People.Range); err != nil {
		return err
	}
	return p.checkOrigin(f, at)
}

func (e *Estimates) checkFraction(f fields, name string, p Fraction) error {
	at := "fractions." + name
	if p.Fraction.Range == (Range{}) {
		return f.refuse(at+".fraction", "missing: a range such as 0.1-0.3")
	}
	if err := p.Fraction.checkFraction(); err != nil {
		return f.refuse(at+".fraction", "a fraction is at most 1")
	}
	if _, ok := e.Populations[p.Of]; !ok {
		return f.refuse(at+".of", fmt.Sprintf("no population %q", p.Of))
	}
	known := axes()
	i := slices.Index(known[:], p.Axis)
	switch {
	case p.Axis == "" && p.Level != 0:
		return f.refuse(at+".level", "a level needs its axis")
	case p.Axis != "" && i < 0:
		return f.refuse(at+".axis", "place, role, day, medium, gender or count")
	case p.Axis != "" && (p.Level < 1 || p.Level > int(finestOf()[i])):
		return f.refuse(at+".level", fmt.Sprintf("1 to %d", finestOf()[i]))
	}
	if err := e.chain(f, at, name, p.Parent, func(s string) (Range, string, bool) {
		parent, ok := e.Fractions[s]
		return parent.Fraction.Range, parent.Parent, ok && parent.Of == p.Of
	}, p.Fraction.Range); err != nil {
		return err
	}
	return p.checkOrigin(f, at)
}

// chain holds a child to each of its parents, and refuses one that is its own ancestor.
func (e *Estimates) chain(f fields, at, name, parent string, get func(string) (Range, string, bool), child Range) error {
	for seen := []string{name}; parent != ""; {
		if slices.Contains(seen, parent) {
			return f.refuse(at+".parent", "is its own ancestor")
		}
		r, next, ok := get(parent)
		switch {
		case !ok:
			return f.refuse(at+".parent", fmt.Sprintf("no %q to stand in", parent))
		case child.Lo > r.Lo || child.Hi > r.Hi:
			return f.refuse(at, fmt.Sprintf("%s is more than its parent %s, %s", child, parent, r))
		}
		seen, parent = append(seen, parent), next
	}
	return nil
}

// checkLevels refuses two estimates of one level, and a finer level that fits more people than a coarser one.
func (e *Estimates) checkLevels(f fields) error {
	for _, a := range slices.Sorted(maps.Keys(e.Fractions)) {
		for _, b := range slices.Sorted(maps.Keys(e.Fractions)) {
			x, y := e.Fractions[a], e.Fractions[b]
			if a == b || x.Axis == "" || x.Axis != y.Axis || x.Of != y.Of {
				continue
			}
			switch {
			case x.Level == y.Level:
				return f.refuse("fractions."+max(a, b)+".level", "stands in "+min(a, b)+" as well")
			case x.Level > y.Level && (x.Fraction.Lo > y.Fraction.Lo || x.Fraction.Hi > y.Fraction.Hi):
				return f.refuse("fractions."+a+".fraction", fmt.Sprintf("level %d fits more people than level %d, %s", x.Level, y.Level, b))
			}
		}
	}
	return nil
}
