// Package contacts holds the contacts that a newsroom has vetted: to whom somebody in danger
// can turn, by which number, when, in which languages, and when that was last checked.
//
// What enters: the text of the newsroom's file (spec/02-notes.md, contacts). What leaves: its
// contacts, in the words of a language, or the line that is wrong and how it is written right.
// What may never be known here: who reads them. They are printed for everybody alike.
package contacts

import (
	"crypto/sha256"
	"slices"
	"strings"

	"kkachi/internal/lang"
)

// Limits of the file (spec/02-notes.md).
const (
	FirstLine    = "kkachi/1 contacts"
	File         = "contacts.txt" // its name in the desk's folder and on the site
	MaxSize      = 8192           // bytes of the file
	Max          = 12             // contacts
	TextMaxSize  = 160            // bytes of a name or of hours
	MinDigits    = 3              // of a number
	MaxDigits    = 15             // of a number
	MaxGroup     = 6              // digits of a group of a number
	MaxLanguages = 6              // of a contact
	StaleAfter   = 90             // days after which a contact is to be checked again
)

// A Contact is somebody to turn to.
type Contact struct {
	Name      Text
	Number    string // + and digits, in groups apart by one space, as people learn it
	Hours     Text
	Languages []string // tags of Tongue
	Checked   uint32   // the UTC day on which the newsroom last rang
}

// A Text is a text for all readers, and others for those of a language.
type Text struct {
	All string
	By  lang.Words // "": All stands for it
}

// In is the text for readers of a language.
func (t Text) In(l lang.Tag) string {
	if s := t.By.In(l); s != "" {
		return s
	}
	return t.All
}

// Digest is the SHA-256 of the file, which the root note names.
func Digest(file []byte) [sha256.Size]byte { return sha256.Sum256(file) }

// Stale says whether a contact is to be checked again.
func (c *Contact) Stale(today uint32) bool { return today > c.Checked+StaleAfter }

// Lines are a contact as readers of a language see it, on a page, in this order: name, number,
// hours, languages, day of checking.
func (c *Contact) Lines(l lang.Tag) [5]string {
	return [5]string{c.Name.In(l), c.Number, c.Hours.In(l), c.Spoken(), lang.T(l, "site.contacts_checked", lang.Date(l, c.Checked))}
}

// Spoken names a contact's languages, each in itself.
func (c *Contact) Spoken() string {
	var out []string
	for _, tag := range c.Languages {
		out = append(out, Tongue(tag))
	}
	return strings.Join(out, ", ")
}

// tongues are the languages that a contact can speak, each in its own words.
var tongues = [][2]string{
	{"ko", "한국어"},
	{"en", "English"},
	{"zh", "中文"},
	{"ar", "العربية"},
	{"de", "Deutsch"},
	{"es", "Español"},
	{"fr", "Français"},
	{"id", "Bahasa Indonesia"},
	{"ja", "日本語"},
	{"km", "ភាសាខ្មែរ"},
	{"lo", "ລາວ"},
	{"mn", "Монгол"},
	{"ms", "Bahasa Melayu"},
	{"my", "မြန်မာ"},
	{"ru", "Русский"},
	{"th", "ไทย"},
	{"vi", "Tiếng Việt"},
}

// Tongue is a language's name in itself, "" if the tag is none of those known here.
func Tongue(tag string) string {
	i := slices.IndexFunc(tongues, func(t [2]string) bool { return t[0] == tag })
	if i < 0 {
		return ""
	}
	return tongues[i][1]
}

// known are the tags of all languages, for an error to name.
func known() string {
	var out []string
	for _, t := range tongues {
		out = append(out, t[0])
	}
	return strings.Join(out, " ")
}

// Encode writes contacts as Parse reads them.
func Encode(list []Contact) []byte {
	var b strings.Builder
	line := func(word, value string) { b.WriteString(word + " " + value + "\n") }
	text := func(word string, t Text) {
		line(word, t.All)
		for _, l := range lang.All() {
			if s := t.By.In(l); s != "" {
				line(word+"-"+string(l), s)
			}
		}
	}
	b.WriteString(FirstLine + "\n")
	for i := range list {
		c := &list[i]
		b.WriteString("\n")
		text("name", c.Name)
		line("number", c.Number)
		text("hours", c.Hours)
		line("languages", strings.Join(c.Languages, " "))
		line("checked", lang.ISODate(c.Checked))
	}
	return []byte(b.String())
}
