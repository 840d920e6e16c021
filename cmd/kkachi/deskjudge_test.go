package main

import (
	"errors"
	"fmt"
	"html"
	"os"
	"regexp"
	"strconv"
	"strings"

	"kkachi/internal/risk"
)

// judge is the part of the command "desk" that drafts a story and looks at what it gives away:
//
//	desk claims               learns the ids of the case's claims, in $WORK/case, by what they state
//	desk draft LEVEL FILE     drafts a story of one sentence on C06, its text in FILE by line: ko, en, zh
//	desk form PATH F V …      fills in a form of the story in hand; a value may hold {C06}
//	desk photograph FILE      gives it a photograph
//	desk speak LANG           sets the language of the pages
//	desk gives VERDICT RE …   the verdict on what it gives away must be VERDICT, and its words match each RE
//	desk gate RE …            so must the words of the gate's findings, approvals and house rules
//	desk takes                takes the wording that is offered
//	desk undo                 takes the last change back
func (d *deskClient) judge(dir string, args []string) error {
	story := "/story/" + d.made["story"]
	switch args[0] {
	case "claims":
		return d.learn(dir + "/case")
	case "draft":
		return d.draftOne(args[1], dir+"/"+args[2])
	case "form":
		for i := range args {
			for name, id := range d.made {
				args[i] = strings.ReplaceAll(args[i], "{"+name+"}", id)
			}
		}
		return d.fill([][]string{args[1:]})
	case "photograph":
		return d.photograph(args[1])
	case "speak":
		_, err := d.post("/language", "lang", args[1])
		return err
	case "gives":
		page, err := d.get(story)
		if err != nil {
			return err
		}
		part := between(page, `id="exposure"`, `<div class="sheet`)
		m := regexp.MustCompile(`class="mark ([a-z]+)"`).FindStringSubmatch(part)
		if m == nil || m[1] != args[1] {
			return fmt.Errorf("the verdict is %q, want %s: %s", m, args[1], readable(part))
		}
		return matches(readable(part), args[2:])
	case "gate":
		page, err := d.get(story)
		if err != nil {
			return err
		}
		return matches(readable(between(page, `<aside class="facts`, "</main>")), args[1:])
	case "takes":
		page, err := d.get(story)
		if err != nil {
			return err
		}
		m := regexp.MustCompile(`action="(/story/[0-9a-f]+/coarsen)".*?name="level" value="([^"]+)"`).FindStringSubmatch(page)
		if m == nil {
			return errors.New("no wording is offered")
		}
		_, err = d.post(m[1], "level", m[2])
		return err
	case "undo":
		m := regexp.MustCompile(`data-undo><input type="hidden" name="op" value="([0-9a-f]+)"`).FindStringSubmatch(d.last)
		if m == nil {
			return errors.New("the page offers no undo")
		}
		_, err := d.post("/undo", "op", m[1])
		return err
	}
	return fmt.Errorf("desk: no command %q", args[0])
}

func between(page, from, to string) string {
	_, rest, _ := strings.Cut(page, from)
	part, _, _ := strings.Cut(rest, to)
	return part
}

var tag = regexp.MustCompile(`<[^>]*>`)

// readable is what a page says, without its marks.
func readable(part string) string { return words(html.UnescapeString(tag.ReplaceAllString(part, " "))) }

// matches holds a text to expressions; one that begins with ! must not match.
func matches(text string, all []string) error {
	for _, re := range all {
		re, not := strings.CutPrefix(re, "!")
		if regexp.MustCompile(re).MatchString(text) == not {
			return fmt.Errorf("%q: matches %v, in: %s", re, not, text)
		}
	}
	return nil
}

// learn finds the case's claims on the board.
func (d *deskClient) learn(dir string) error {
	expected, err := os.ReadFile(dir + "/expected/claims.tsv")
	if err != nil {
		return err
	}
	page, err := d.get("/claims")
	if err != nil {
		return err
	}
	at := map[string]string{}
	for _, m := range regexp.MustCompile(`(?s)href="/claim/([0-9a-f]{32})"[^>]*data-row>(.*?)</a>`).FindAllStringSubmatch(page, -1) {
		at[readable(m[2])] = m[1]
	}
	for _, line := range strings.Split(strings.TrimSpace(string(expected)), "\n")[1:] {
		f := strings.Split(line, "\t")
		if d.made[f[0]] = at[words(f[1])]; d.made[f[0]] == "" {
			return fmt.Errorf("claim %s is not on the board", f[0])
		}
	}
	return nil
}

// draftOne drafts a story of one sentence on C06, behind which two independent chains stand.
func (d *deskClient) draftOne(level, path string) error {
	l, err := risk.ParseLevel(level)
	if err != nil {
		return err
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	texts := strings.Split(strings.TrimSpace(string(file)), "\n")
	if len(texts) != 3 {
		return fmt.Errorf("%s: %d lines, want ko, en, zh", path, len(texts))
	}
	at, err := d.post("/story/new", "title", "Patrols", "original", "ko")
	if err != nil {
		return err
	}
	d.made["story"] = strings.TrimPrefix(at, "/story/")
	n := func(v uint8) string { return strconv.Itoa(int(v)) }
	return d.fill(append(heads(), []string{
		"insert", "paragraph", "0", "sentence", "0", "claims", d.made["C06"], "text-ko", texts[0], "text-en", texts[1], "text-zh", texts[2],
		"place", n(l.Place), "role", n(l.Role), "day", n(l.Day), "medium", n(l.Medium),
	}))
}
