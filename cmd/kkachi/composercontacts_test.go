package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"kkachi/internal/press"
)

// evilName tries to become markup, in whatever takes it for some, and to look like another's name. A character that turns others
// stands in no file of contacts that is signed: FuzzParse.
const evilName = `<img src=/x onerror=window.ran=1></bdi></li><script>window.ran=1</script><b>"&amp;{0} {{.}} раypal Кkachi`

const someContacts = `kkachi/1 contacts

name Example helpline for people in danger
name-ko 위험에 놓인 이를 위한 보기 상담 전화
name-zh 危险中人士求助热线（示例）
number +82 2 123 4567
hours every day, 09:00 to 21:00 in Seoul
hours-ko 날마다 서울 시각 09:00부터 21:00까지
hours-zh 每天首尔时间09:00至21:00
languages ko en zh
checked 2026-10-01

name ` + evilName + `
number 112
hours ` + evilName + `
languages ar en
checked 2020-01-02
`

// contactWords are what a language says of contacts, and in which width it is looked at.
type contactWords struct {
	lang, start, title, name, day, learn, hide, look, right, wrong, help, write, words, leave string
	width                                                                                     int64
}

// Whom to turn to is reached before any word, in each language, from the first step and on the way
// to help; a number is learnt by keyboard alone. Nothing is asked for, and nothing stays.
func TestComposerShowsContacts(t *testing.T) {
	t.Parallel()
	r := pageSiteOf(t, func(s *press.Site) { s.Contacts = []byte(someContacts) })
	for _, l := range []contactWords{
		{"ko", "쓰기 전에", "도움을 청할 곳", "위험에 놓인 이를 위한 보기 상담 전화", "2026년 10월 1일 확인", "번호 외우기", "가리고 넣어 보기", "다시 보기", "맞음", "틀림", "도움이 필요합니다", "편지 쓰기", "당신의 여덟 단어", "바로 나가기", 360},
		{"en", "Before you write", "People to turn to", "Example helpline for people in danger", "Checked on 1 October 2026", "Learn it by heart", "Hide it", "Look at it", "Right", "Wrong", "I need help", "Write a letter", "Your eight words", "Leave now", 1280},
		{"zh", "写之前", "可以求助的人", "危险中人士求助热线（示例）", "2026年10月1日核实", "背下号码", "遮住后输入", "再看一遍", "对", "错", "我需要帮助", "写信", "您的八个词", "立即离开", 360},
	} {
		t.Run(l.lang, func(t *testing.T) {
			c := compose(t, r, l.lang, l.width, 800)
			before := in[string](t, c.ctx, `location.href + " " + history.length`)
			c.do("open()")
			c.do("step(%q)", l.start)
			c.look("first")
			c.tabTo(l.title)
			c.keys(kb.Enter)
			c.do("step(%q)", l.title)
			text := c.contactsAre(l)
			c.learnsNumber(l)

			// Leaving forgets it; help leads past the contacts.
			c.press(l.leave, "")
			c.do("open()")
			c.press(l.help, l.title)
			c.look("help")
			c.press(l.write, l.words)
			c.press(l.leave, "")
			if in[bool](t, c.ctx, "compose.root() !== null") {
				t.Error("leaving leaves the sheet")
			}

			// Reached softly, another page has them too.
			if got := r.visitor(); len(got) != 0 {
				t.Errorf("looking at contacts asked for %q", got)
			}
			if after := in[string](t, c.ctx, `location.href + " " + history.length`); after != before {
				t.Errorf("the composer left %q, before it was %q", after, before)
			}
			in[any](t, c.ctx, `document.querySelector(".foot .links a").click()`)
			r.sent(2)
			c.do("open()")
			c.press(l.title, l.title)
			if got := c.get("text()"); got != text {
				t.Errorf("after a link: %s", got)
			}
			if got := in[string](t, c.ctx, `[...document.querySelectorAll("body > footer .contacts")].map((e) => e.textContent + e.querySelectorAll("img, b, a, script, [onerror]").length).join() + !!window.ran`); strings.Count(got, evilName) != 2 || !strings.HasSuffix(got, "0false") {
				t.Errorf("after a link a hostile contact is printed as %s", got)
			}
			for _, s := range slices.Concat(c.said(), in[[]string](t, c.ctx, "touched"), in[[]string](t, c.ctx, "broken")) {
				t.Errorf("the page said: %s", s)
			}
		})
	}
}

// groups is what stands in each group of a number, and what is told of it.
func (c *composing) groups() string {
	c.t.Helper()
	return in[string](c.t, c.ctx, `[...compose.root().querySelectorAll(".groups li")].map((li) => li.textContent).join("|")`)
}

// contactsAre wants the contacts to be shown, as text, and gives what is shown.
func (c *composing) contactsAre(l contactWords) string {
	c.t.Helper()
	text := c.get("text()")
	for _, want := range []string{l.name, "+82 2 123 4567", "한국어, English, 中文", l.day, evilName, "112", "العربية, English"} {
		if !strings.Contains(text, want) {
			c.t.Errorf("%q is not shown:\n%s", want, text)
		}
	}
	if n := in[int](c.t, c.ctx, `compose.root().querySelectorAll(".step img, .step b, .step a").length`); n > 0 {
		c.t.Errorf("%d elements of a contact's own", n)
	}
	c.look("contacts")
	return text
}

// learnsNumber learns the first number, by keyboard alone.
func (c *composing) learnsNumber(l contactWords) {
	c.t.Helper()
	c.tabTo(l.learn)
	c.keys(kb.Enter)
	c.do("step(%q)", l.learn)
	c.look("number")
	c.tabTo(l.hide)
	c.keys(kb.Enter)
	c.do("until(() => compose.root().querySelector('.pad'), 'the keys')")
	if got := in[string](c.t, c.ctx, `compose.root().querySelector(".step").textContent`); strings.Contains(got, "123") && strings.Contains(got, "4567 ") || strings.Contains(got, "+82 2") {
		c.t.Errorf("the number is not hidden: %s", got)
	}
	if got := c.at(); got != "1" {
		c.t.Errorf("the focus is on %q, not on the keys", got)
	}

	// A group is wrong, and is told apart from those that are right; the next key begins anew.
	c.keys(strings.Split("+8221x24567", "")...)
	if got := c.groups(); got != "+82|2|124|567·" {
		c.t.Errorf("after ten keys: %s", got)
	}
	c.keys(kb.Backspace, kb.Backspace, kb.Backspace, kb.Backspace, kb.Backspace)
	c.keys(strings.Split("3", "")...)
	if got := c.groups(); got != "+82|2|13·|····" {
		c.t.Errorf("what was taken back: %s", got)
	}
	c.keys(strings.Split("24567", "")...)
	if got, want := c.groups(), fmt.Sprintf("+82%s|2%s|132%s|4567%s", l.right, l.right, l.wrong, l.right); got != want {
		c.t.Errorf("told %s, want %s", got, want)
	}
	if got := in[string](c.t, c.ctx, `compose.root().querySelector(".actions > [role=status]").textContent`); !strings.HasPrefix(got, l.wrong) || len(got) == len(l.wrong) {
		c.t.Errorf("said: %q", got)
	}
	c.look("wrong")
	c.keys(strings.Split("+8221234567", "")...)
	if got := c.groups(); strings.Contains(got, l.wrong) || strings.Count(got, l.right) != 4 {
		c.t.Errorf("the number is told %s", got)
	}
	c.look("right")
	in[any](c.t, c.ctx, `[...compose.root().querySelectorAll(".pad button")].find((b) => b.textContent === "8").click()`)
	if got := c.groups(); got != "8··|·|···|····" {
		c.t.Errorf("a key of the page: %s", got)
	}
	c.tabTo(l.look)
	c.keys(kb.Enter)
	c.do("until(() => compose.text().includes('+82 2 123 4567'), 'the number')")
}
