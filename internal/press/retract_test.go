package press

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kkachi/internal/lang"
	"kkachi/internal/release"
)

// A story that is taken back keeps its page, its address and its place in the lists; the page
// says since when and why, and none of its words stands in any file.
func TestRetractedStoryKeepsItsPageAndNotItsText(t *testing.T) {
	r, _ := sampleRelease(t)
	words := string(r.Editions[1].Body[0].Sentences[0].Text)
	r.Version, r.Serial, r.Photo = release.VersionRetracted, 2, nil
	for i := range r.Editions {
		e := &r.Editions[i]
		*e = release.Edition{Lang: e.Lang, Headline: e.Headline}
	}
	r.Retraction = &release.Correction{Day: 19290, Text: release.PerLang{KO: "사실이 아니었습니다.", EN: "It was not so.", ZH: "与事实不符。"}}
	dir, m := printInto(t, sampleSite(), r, otherRelease(t, 2, "second", 19270))
	docs := pages(t, dir)
	for _, l := range lang.All() {
		at := string(l) + storyFile
		told := text(one(t, at, docs[at], class("retraction")))
		if !strings.Contains(told, lang.Date(l, 19290)) || !strings.Contains(told, string(r.Retraction.Text.In(l))) {
			t.Errorf("%s: %q", at, told)
		}
		if n := len(all(docs[at], class("body"))) + len(all(docs[at], class("why"))) + len(all(docs[at], tag("figure"))); n != 0 {
			t.Errorf("%s still has %d parts of the story", at, n)
		}
		front := docs[string(l)+"/index.html"]
		if lead := text(one(t, at, front, class("lead"))); strings.Contains(lead, string(headline(r, l))) {
			t.Errorf("%s: what is taken back leads the front page", l)
		}
		if others := text(one(t, at, front, class("others"))); !strings.Contains(others, lang.T(l, "site.retracted", lang.Date(l, 19290))) {
			t.Errorf("%s: the list says %q", l, others)
		}
		page := string(l) + "/corrections.html"
		list := text(docs[page])
		for _, want := range []string{string(r.Retraction.Text.In(l)), string(r.Corrections[0].Text.In(l)), lang.Date(l, uint32(r.Corrections[0].Day))} {
			if !strings.Contains(list, want) {
				t.Errorf("%s lacks %q", page, want)
			}
		}
		feed, err := os.ReadFile(filepath.Join(dir, string(l), "feed.atom"))
		if err != nil || !strings.Contains(string(feed), lang.T(l, "site.retracted_title", string(headline(r, l)))) {
			t.Errorf("%s: the feed does not say it: %v", l, err)
		}
	}
	for _, f := range m.Files {
		data, err := os.ReadFile(filepath.Join(dir, f.Path))
		if strings.HasSuffix(f.Path, "/second.html") {
			continue // another story, which stands
		}
		if err != nil || strings.Contains(string(data), words) || strings.HasPrefix(f.Path, "photo/") {
			t.Errorf("%s holds what was taken back: %v", f.Path, err)
		}
	}
}

func headline(r *release.Release, l lang.Tag) release.Text {
	return (&story{Release: r}).edition(l).Headline
}
