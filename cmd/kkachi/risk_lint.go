package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"kkachi/internal/clean"
	"kkachi/internal/lang"
	"kkachi/internal/risk"
	"kkachi/internal/risk/lint"
)

type riskLintCmd struct {
	Files    []string `arg:"" name:"file" help:"Drafts as text, an edition each, and photographs to be printed (JPEG, PNG); - is standard input."`
	Lang     string   `help:"The language of the drafts: ko, en or zh; else by their name (story.ko.txt) or script." enum:",ko,en,zh" default:""`
	Variants []string `help:"Another copy of a draft in the same language: each place where they differ is found." placeholder:"OTHER" sep:"none"`
	Level    string   `help:"The attribution that is allowed, such as \"L2 R1 D1 M0\"." default:"L2 R1 D1 M0"`
	Quoted   int      `help:"Words of this source that earlier stories quoted."`
	Say      string   `help:"The language of why and how to mend: ko, en or zh." enum:"ko,en,zh" default:"en"`
	JSON     bool     `help:"Print findings (file, line, column, rule, grade, text, why, mend) and drafts (file, lang, printed, quoted_words)." name:"json"`
}

// Help is shown by --help.
func (*riskLintCmd) Help() string {
	return `Reads each FILE, writes nothing, and ends 0 whatever it finds. With drafts in several languages, what one edition prints of its source and another does not is found as well.

It knows small lists of patterns and words, and a person must read the draft all the same. In a sentence that speaks of a source, what is finer than the level blocks; elsewhere it warns.

Example:

    kkachi risk lint story.ko.txt story.en.txt photo.jpg --say ko`
}

// maxDraft is the largest draft that is read, in bytes.
const maxDraft = 4 << 20

type lintFinding struct {
	File   string     `json:"file"`
	Line   int        `json:"line"`
	Column int        `json:"column"`
	Rule   lint.Rule  `json:"rule"`
	Grade  lint.Grade `json:"grade"`
	Text   string     `json:"text"`
	Why    string     `json:"why"`
	Mend   string     `json:"mend"`
}

type lintDraft struct {
	File    string   `json:"file"`
	Lang    lang.Tag `json:"lang"`
	Printed *string  `json:"printed"` // null: the draft speaks of no source
	Quoted  int      `json:"quoted_words"`
}

// Run reads the drafts.
func (c *riskLintCmd) Run(w *world) error {
	level, err := risk.ParseLevel(c.Level)
	if err != nil {
		return bad(fmt.Errorf("--level: %w", err), "write it as risk lattice prints it")
	}
	if c.Quoted < 0 {
		return badf("--quoted: at least 0")
	}
	var (
		drafts []lint.Draft
		found  []lint.Finding
	)
	for _, file := range c.Files {
		d, files, err := w.draft(file, c.Lang)
		if err != nil {
			return err
		}
		found = append(found, files...)
		if d != nil {
			drafts = append(drafts, *d)
		}
	}
	for _, d := range drafts {
		found = append(found, lint.Check(d, level)...)
		found = append(found, lint.Quoted(d, c.Quoted)...)
	}
	found = append(found, lint.Editions(drafts)...)
	for _, file := range c.Variants {
		other, _, err := w.draft(file, c.Lang)
		if err != nil {
			return err
		}
		more, err := variants(drafts, other, file)
		if err != nil {
			return err
		}
		found = append(found, more...)
	}
	if c.JSON {
		return w.json(c.answer(drafts, found))
	}
	c.print(w.stdout, found)
	return nil
}

// variants compares a copy with each draft of its language.
func variants(drafts []lint.Draft, other *lint.Draft, file string) ([]lint.Finding, error) {
	var out []lint.Finding
	compared := false
	for _, d := range drafts {
		if other != nil && d.Lang == other.Lang {
			compared = true
			out = append(out, lint.Variants(d, *other)...)
		}
	}
	if !compared {
		return nil, badf("--variants %s: no FILE is a text in its language", file)
	}
	return out, nil
}

// draft reads a text, or the findings of a photograph.
func (w *world) draft(file, tag string) (*lint.Draft, []lint.Finding, error) {
	in, name, err := w.open(file, "a draft or a photograph")
	if err != nil {
		return nil, nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, clean.MaxBytes+1))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	if bytes.HasPrefix(data, []byte("\x89PNG")) || bytes.HasPrefix(data, []byte{0xff, 0xd8, 0xff}) {
		kinds, err := clean.Find(data)
		if err != nil {
			return nil, nil, bad(fmt.Errorf("%s: %w", name, err), "")
		}
		var out []lint.Finding
		for _, k := range kinds {
			out = append(out, lint.Metadata(name, string(k.Kind), k.Offset))
		}
		return nil, out, nil
	}
	switch {
	case len(data) > maxDraft:
		return nil, nil, badf("%s: larger than %d bytes", name, maxDraft)
	case !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0:
		return nil, nil, badf("%s: neither a text in UTF-8 nor a JPEG or PNG", name)
	}
	d := &lint.Draft{Name: name, Lang: lang.Tag(tag), Text: string(data)}
	if tag == "" {
		d.Lang = language(name, d.Text)
	}
	return d, nil, nil
}

// language is that of a name such as story.ko.txt, or of the script.
func language(name, text string) lang.Tag {
	parts := strings.Split(filepath.Base(name), ".")
	for i := len(parts) - 1; i > 0; i-- {
		if t, err := lang.Parse(parts[i]); err == nil {
			return t
		}
	}
	return lang.Guess(text)
}

func (c *riskLintCmd) answer(drafts []lint.Draft, found []lint.Finding) map[string]any {
	fs, ds := []lintFinding{}, []lintDraft{}
	say := lang.Tag(c.Say)
	for _, f := range found {
		fs = append(fs, lintFinding{f.File, f.Line, f.Column, f.Rule, f.Grade, f.Text, f.Why(say), f.Mend(say)})
	}
	for _, d := range drafts {
		row := lintDraft{File: d.Name, Lang: d.Lang, Quoted: lint.QuotedWords(d.Text)}
		if l, ok := lint.Printed(d); ok {
			s := l.String()
			row.Printed = &s
		}
		ds = append(ds, row)
	}
	return map[string]any{"findings": fs, "drafts": ds}
}

func (c *riskLintCmd) print(w io.Writer, found []lint.Finding) {
	say, blocks := lang.Tag(c.Say), 0
	for _, f := range found {
		if f.Grade == lint.Block {
			blocks++
		}
		fmt.Fprintf(w, "%s: %s %s", f.Place(), f.Grade, f.Rule)
		if f.Text != "" {
			fmt.Fprintf(w, " %s", strconv.Quote(clipped(f.Text)))
		}
		fmt.Fprintf(w, ": %s → %s\n", f.Why(say), f.Mend(say))
	}
	fmt.Fprintf(w, "%d findings, of which %d block; a person must read the draft all the same\n", len(found), blocks)
}

// clipped is a text in a line.
func clipped(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}
