package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/chromedp/chromedp/kb"

	"kkachi/internal/lang"
)

// A seat is somebody at a keyboard with no mouse, in a language and a width: who writes and asks for help, and later reads.
type seat struct {
	keyboard
	t     *testing.T
	r     *ring
	name  string // of the browser
	lang  string
	width int64
	text  map[string]string // the composer's words by their names
	zh    map[string]string // under which key of the picker a Chinese word stands, as far as it was seen

	words  []string
	echo   string
	letter string
	help   []string // what stands in the five fields
}

func newSeat(t *testing.T, r *ring, k keyboard, name, tag string, width int64) *seat {
	s := &seat{
		keyboard: k, r: r, name: name, lang: tag, width: width, text: composerTexts(t, tag), zh: map[string]string{},
		letter: typed(hostile[tag]) + " " + name,
		help: map[string][]string{
			"ko": {"하룻밤 묵을 곳", "가깝다: 내일 데리러 온다", "10월 9일", "시장의 과일 가게", "아이가 하나 있습니다."},
			"en": {"A place for the night", "Near: they come tomorrow", "9 October", "The fruit stall at the market", "There is one child."},
			"zh": {"过夜的地方", "很近：明天有人来接", "10月9日", "市场的水果摊", "有一个孩子。"},
		}[tag],
	}
	s.help[4] += " <b>" + name
	return s
}

// typed is what keys can write of a text: no key writes a character that turns others.
func typed(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text)
}

// has evaluates an expression for looking.
func has[T any](s *seat, format string, args ...any) (out T) {
	s.t.Helper()
	expression := fmt.Sprintf(format, args...)
	got, err := s.run(expression)
	if err == nil {
		err = json.Unmarshal(got, &out)
	}
	if err != nil {
		s.t.Fatalf("%.80s: %v", expression, err)
	}
	return out
}

func (s *seat) keys(keys ...string) {
	s.t.Helper()
	if err := s.press(keys...); err != nil {
		s.t.Fatal(err)
	}
}

// sitDown opens the site and waits until the first view has sent its cells.
func (s *seat) sitDown(t *testing.T) {
	t.Helper()
	s.t = t
	if err := s.sit(s.r.proxy.URL+"/"+s.lang+"/about.html", s.r.settings(0, true)+opened, s.width); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(driver)
	if err != nil {
		t.Fatal(err)
	}
	has[int](s, "%s", data)
	s.r.sent(2)
	if got := has[int](s, "innerWidth"); int64(got) != s.width {
		t.Errorf("the page is %d px wide", got)
	}
}

// at gives the words of what has the focus.
func (s *seat) at() string {
	s.t.Helper()
	return has[string](s, "%s", focus)
}

// tabTo presses Tab until what begins with a label has the focus, and gives all that had it on the way.
func (s *seat) tabTo(label string) (way []string) {
	s.t.Helper()
	for range 60 {
		s.keys(kb.Tab)
		if way = append(way, s.at()); strings.HasPrefix(way[len(way)-1], label) {
			return way
		}
	}
	s.t.Fatalf("Tab does not lead to %q, but past %q", label, way)
	return nil
}

// enter presses Enter, and waits for a step.
func (s *seat) enter(step string) {
	s.t.Helper()
	s.keys(kb.Enter)
	has[bool](s, "compose.step(%q).then(() => true)", step)
}

// to goes by Tab to the button that a text names, presses it, and waits for the step that another names; gives what had the focus on the way.
func (s *seat) to(label, step string) []string {
	s.t.Helper()
	way := s.tabTo(s.text[label])
	s.enter(s.text[step])
	return way
}

// open opens the composer from the link, which has the focus after it was closed, and else is reached by Tab.
func (s *seat) open() {
	s.t.Helper()
	if link := has[string](s, `document.querySelector(".write a").textContent`); s.at() != link {
		s.tabTo(link)
	}
	s.enter(s.text["tStartTitle"])
	if got := s.at(); got != s.text["tStartTitle"] {
		s.t.Errorf("the focus is on %q, not on the heading", got)
	}
}

// leave presses Esc twice: the composer is gone, and the focus is where it was before.
func (s *seat) leave() {
	s.t.Helper()
	s.keys(kb.Escape)
	if has[bool](s, "compose.root() === null") {
		s.t.Error("one Esc leaves the composer")
	}
	s.keys(kb.Escape, kb.Escape) // by themselves they are close to each other on a busy machine too
	s.closed()
}

func (s *seat) closed() {
	s.t.Helper()
	if has[bool](s, "compose.root() !== null") {
		s.t.Error("the composer is still there")
	}
	if got, want := s.at(), has[string](s, `document.querySelector(".write a").textContent`); got != want {
		s.t.Errorf("the focus is on %q, not on the link", got)
	}
}

// turn opens another page of the site, by Tab and Enter; its view sends two cells and nothing more.
func (s *seat) turn() {
	s.t.Helper()
	onward := has[string](s, `location.pathname.endsWith("/index.html") ? "/about.html" : "/index.html"`)
	for n := 0; !has[bool](s, `(document.activeElement.pathname ?? "") === %q`, "/"+s.lang+onward); n++ {
		if n == 60 {
			s.t.Fatalf("Tab does not lead to %s", onward)
		}
		s.keys(kb.Tab)
	}
	s.keys(kb.Enter)
	has[bool](s, "compose.until(() => location.pathname.endsWith(%q), 'another page')", onward)
	if got := s.r.sent(2); len(got) != 3 || !strings.HasPrefix(got[0], "GET /"+s.lang+onward+" ") {
		s.t.Errorf("a view asked for %q", got)
	}
}

// pick enters words where they are asked for, and waits for the echo word, which it gives.
func (s *seat) pick(words []string) string {
	s.t.Helper()
	for i, w := range words {
		for n := 0; !s.tabs(w); n++ {
			if n == 30 {
				s.t.Fatalf("no key leads to %q, nor from %q", w, has[string](s, "compose.begun()"))
			}
			s.narrow(w)
		}
		s.keys(kb.Enter)
		if got := has[int](s, "compose.picked()"); i < 7 && got != i+1 {
			s.t.Fatalf("%d words are picked, not %d", got, i+1)
		}
	}
	has[bool](s, "compose.step(%q).then(() => true)", s.text["tEchoTitle"])
	return has[string](s, "compose.echo()")
}

// tabs goes to a button of the picker, from row to row by arrows and then by Tab; whether it is there.
func (s *seat) tabs(label string) bool {
	s.t.Helper()
	n := has[int](s, "compose.way(%q)", label)
	if n == 999 {
		return false
	}
	if rows := n / has[int](s, "compose.row()"); rows > 1 {
		s.keys(slices.Repeat([]string{kb.ArrowDown}, rows)...)
		if n = has[int](s, "compose.way(%q)", label); n > 30 {
			s.t.Fatalf("%d arrows leave %d Tabs to %q", rows, n, label)
		}
	}
	if n > 0 {
		s.keys(slices.Repeat([]string{kb.Tab}, n)...)
	} else if n < 0 {
		s.keys(slices.Repeat([]string{withShift + kb.Tab}, -n)...)
	}
	if got := s.at(); got != label {
		s.t.Fatalf("%d Tabs lead to %q, not to %q", n, got, label)
	}
	return true
}

// narrow says one more thing of how a word begins: in English by its next letter; in Korean by its first consonant, whose key is known by
// its place, so that it works whatever the input method makes of it, and by its syllable; in Chinese by the first letter of its reading.
func (s *seat) narrow(word string) {
	s.t.Helper()
	begun := []rune(has[string](s, "compose.begun()"))
	switch s.lang {
	case "en":
		s.keys(string([]rune(word)[len(begun)]))
	case "ko":
		syllable := []rune(word)[0]
		if len(begun) == 0 {
			k := string("rRseEfaqQtTdwWczxvg"[(syllable-0xac00)/588])
			if k != strings.ToLower(k) {
				k = withShift + strings.ToLower(k)
			}
			s.keys(k)
		} else if s.tabs(string(syllable)) {
			s.keys(kb.Enter)
		}
	case "zh":
		for key := 'a'; s.zh[word] == "" && key <= 'z'; key++ { // as somebody who looks through them
			if s.zh["key "+string(key)] != "" {
				continue
			}
			s.zh["key "+string(key)] = "seen"
			s.keys(string(key))
			if has[string](s, "compose.begun()") == "" {
				continue // no reading begins so
			}
			for _, w := range has[[]string](s, "compose.choices()") {
				s.zh[w] = string(key)
			}
			s.keys(kb.Backspace)
		}
		s.keys(s.zh[word])
	}
}

// look holds a step to what a screen reader needs and to axe-core, and keeps how it looks where pictures are asked for.
func (s *seat) look(name string) {
	s.t.Helper()
	// Firefox tells its accessibility service of what has changed a moment later.
	if wrong := s.treeBecomes(nil); len(wrong) > 0 {
		s.t.Errorf("%s: accessibility tree: %q", name, wrong)
	}
	for _, wrong := range s.axe() {
		s.t.Errorf("%s: axe: %s", name, wrong)
	}
	if dir := os.Getenv(picturesDir); dir != "" {
		if err := s.picture(filepath.Join(dir, fmt.Sprintf("keys-%s-%s-%d-%s.png", s.name, s.lang, s.width, name))); err != nil {
			s.t.Fatal(err)
		}
	}
}

// treeBecomes waits until just that is wrong in the accessibility tree, and gives what is, if it does not.
func (s *seat) treeBecomes(want []string) (wrong []string) {
	s.t.Helper()
	eventually(func() bool {
		nodes, err := s.nodes()
		if err != nil {
			s.t.Fatal(err)
		}
		wrong = wrongTree(nodes)
		if title := has[string](s, "compose.title()"); !slices.ContainsFunc(nodes, func(n axNode) bool { return n.Role == "heading" && n.Name == title }) {
			wrong = append(wrong, "no heading "+title)
		}
		return slices.Equal(wrong, want)
	})
	return wrong
}

// axe gives what axe-core finds against the page and the composer in it.
func (s *seat) axe() []string {
	s.t.Helper()
	if has[bool](s, "!window.axe") {
		script, err := os.ReadFile(filepath.Join("..", "..", "page", "node_modules", "axe-core", "axe.min.js"))
		if err != nil {
			s.t.Fatalf("run make install first: %v", err)
		}
		has[int](s, "%s; 0", script)
	}
	return has[[]string](s, "%s", axeRun)
}

// contacts leads from the step before writing past the contacts to the form of help.
func (s *seat) contacts() {
	s.t.Helper()
	title := lang.T(lang.Tag(s.lang), "site.contacts")
	s.tabTo(s.text["tNeedHelp"])
	s.enter(title)
	s.look("contacts")
	if text := has[string](s, "compose.text()"); strings.Count(text, evilName) != 2 || has[int](s, `compose.root().querySelectorAll(".step img, .step b, .step a").length`) != 0 {
		s.t.Errorf("a hostile contact is shown as %s", text)
	}
	s.to("tWrite", "tHelpTitle")
}
