package release

import (
	"errors"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"kkachi/internal/lang"
)

// ErrRelease is behind each error of Check, Encode and Decode. Its text names the field and
// never carries what stands there.
var ErrRelease = errors.New("release refused")

func refuse(field, why string) error { return fmt.Errorf("%w: %s: %s", ErrRelease, field, why) }

// lastDay bounds days: 31 December 2199.
const lastDay = 84005

// Check says what is wrong with r, naming the field, or nil.
func (r *Release) Check() error {
	switch {
	case r.Retraction == nil && r.Version != Version:
		return refuse("version", "is not "+strconv.Itoa(Version))
	case r.Retraction != nil && r.Version != VersionRetracted:
		return refuse("version", "of a retraction is not "+strconv.Itoa(VersionRetracted))
	case r.ID == ID{}:
		return refuse("id", "is empty")
	case r.Serial == 0:
		return refuse("serial", "begins with 1")
	case !r.Slug.valid():
		return refuse("slug", "is not 3 to 64 of a–z, 0–9 and single hyphens inside")
	case r.Printed == 0 || r.Printed > lastDay:
		return refuse("printed", "is no day to print")
	case !r.Original.Valid():
		return refuse("original", "is no language of the house")
	}
	if len(r.Editions) != len(lang.All()) {
		return refuse("editions", "one in each of ko, en, zh is wanted, so that each can link the others")
	}
	for i, tag := range lang.All() {
		if r.Editions[i].Lang != tag {
			return refuse(fmt.Sprintf("editions[%d].lang", i), "editions stand in the order ko, en, zh, one each")
		}
		if err := r.checkEdition(i); err != nil {
			return err
		}
	}
	if r.Retraction != nil {
		return r.checkRetraction()
	}
	for _, e := range r.Editions[1:] {
		if err := agree(&r.Editions[0], &e); err != nil {
			return err
		}
	}
	if r.Photo != nil {
		if err := r.Photo.check(); err != nil {
			return err
		}
	}
	return r.checkCorrections()
}

func (r *Release) checkEdition(i int) error {
	e := &r.Editions[i]
	field := "editions." + string(e.Lang)
	if r.Retraction == nil {
		return e.check(field)
	}
	if e.Standfirst != "" || e.Anonymity != "" || e.Body != nil {
		return refuse(field, "of a retracted story holds more than its headline")
	}
	return e.Headline.check(field+".headline", MaxHeadline)
}

// checkRetraction refuses a retraction that comes before what it takes back, or leaves
// something of it.
func (r *Release) checkRetraction() error {
	switch day := r.Retraction.Day; {
	case r.Photo != nil:
		return refuse("photo", "of a retracted story is not printed")
	case day < r.Printed || day > lastDay:
		return refuse("retraction.day", "is not after the day of printing")
	}
	if err := r.Retraction.Text.check("retraction.text", MaxSentence); err != nil {
		return err
	}
	return r.checkCorrections()
}

func (r *Release) checkCorrections() error {
	if len(r.Corrections) > MaxCorrections {
		return refuse("corrections", "more than "+strconv.Itoa(MaxCorrections))
	}
	before := r.Printed
	for i, c := range r.Corrections {
		field := fmt.Sprintf("corrections[%d]", i)
		if c.Day < before || c.Day > lastDay {
			return refuse(field+".day", "corrections stand oldest first, none before the day of printing")
		}
		before = c.Day
		if err := c.Text.check(field+".text", MaxSentence); err != nil {
			return err
		}
	}
	return nil
}

func (e *Edition) check(field string) error {
	if err := e.Headline.check(field+".headline", MaxHeadline); err != nil {
		return err
	}
	if err := e.Standfirst.check(field+".standfirst", MaxStandfirst); err != nil {
		return err
	}
	if err := e.Anonymity.check(field+".anonymity", MaxStandfirst); err != nil {
		return err
	}
	if len(e.Body) == 0 || len(e.Body) > MaxParagraphs {
		return refuse(field+".body", "1 to "+strconv.Itoa(MaxParagraphs)+" paragraphs are wanted")
	}
	for i, p := range e.Body {
		at := fmt.Sprintf("%s.body[%d].sentences", field, i)
		if len(p.Sentences) == 0 || len(p.Sentences) > MaxSentences {
			return refuse(at, "1 to "+strconv.Itoa(MaxSentences)+" sentences are wanted")
		}
		for j, s := range p.Sentences {
			at := fmt.Sprintf("%s[%d]", at, j)
			if err := s.Text.check(at+".text", MaxSentence); err != nil {
				return err
			}
			if int(s.Rung) >= len(rungs()) {
				return refuse(at+".rung", "is not one of the ladder")
			}
			if s.Rung == Unsupported {
				return refuse(at+".rung", "what nothing supports is not printed")
			}
			if !s.Level.Valid() {
				return refuse(at+".level", "is out of range")
			}
		}
	}
	return nil
}

// agree refuses an edition that says more, or less, of a source than another does.
func agree(a, b *Edition) error {
	at, other := "editions."+string(b.Lang), string(a.Lang)
	if len(a.Body) != len(b.Body) {
		return refuse(at+".body", fmt.Sprintf("has %d paragraphs, %s has %d", len(b.Body), other, len(a.Body)))
	}
	for i := range a.Body {
		p, q := a.Body[i].Sentences, b.Body[i].Sentences
		at := fmt.Sprintf("%s.body[%d].sentences", at, i)
		if len(p) != len(q) {
			return refuse(at, fmt.Sprintf("has %d sentences, %s has %d", len(q), other, len(p)))
		}
		for j := range p {
			at := fmt.Sprintf("%s[%d]", at, j)
			switch {
			case p[j].Level != q[j].Level:
				return refuse(at+".level", fmt.Sprintf("is %s, %s has %s", q[j].Level, other, p[j].Level))
			case p[j].Rung != q[j].Rung:
				return refuse(at+".rung", fmt.Sprintf("is %q, %s has %q", q[j].Rung, other, p[j].Rung))
			case p[j].Disputed != q[j].Disputed:
				return refuse(at+".disputed", "is not as in "+other)
			}
		}
	}
	return nil
}

func (p *Photo) check() error {
	switch {
	case !p.Clean:
		return refuse("photo.clean", "the photograph is not marked as made anew: run it through clean first")
	case p.SHA256 == Hash{}:
		return refuse("photo.sha256", "is empty")
	case p.MIME != JPEG && p.MIME != PNG:
		return refuse("photo.mime", "is neither image/jpeg nor image/png")
	case p.Width < 1 || p.Height < 1 || p.Width > 1<<14 || p.Height > 1<<14:
		return refuse("photo.width", "width and height are 1 to 16384 pixels")
	}
	if err := p.Alt.check("photo.alt", MaxCaption); err != nil {
		return err
	}
	if err := p.Caption.check("photo.caption", MaxCaption); err != nil {
		return err
	}
	return p.Credit.check("photo.credit", MaxCaption)
}

func (p PerLang) check(field string, limit int) error {
	for _, tag := range lang.All() {
		if err := p.In(tag).check(field+"."+string(tag), limit); err != nil {
			return err
		}
	}
	return nil
}

func (s Slug) valid() bool {
	if len(s) < 3 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		hyphen := c == '-' && i > 0 && i < len(s)-1 && s[i-1] != '-'
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && !hyphen {
			return false
		}
	}
	return true
}

// check refuses a text that is empty, over limit runes, or holds what a reader cannot see:
// a hidden character can mark the copy that somebody leaked.
func (t Text) check(field string, limit int) error {
	s := string(t)
	switch {
	case s == "":
		return refuse(field, "is empty")
	case !utf8.ValidString(s):
		return refuse(field, "is no UTF-8")
	case utf8.RuneCountInString(s) > limit:
		return refuse(field, fmt.Sprintf("has more than %d characters", limit))
	case !norm.NFC.IsNormalString(s):
		return refuse(field, "is not in Unicode's normal form C")
	}
	n := 0
	for _, r := range s {
		if Hidden(r) {
			return refuse(field, fmt.Sprintf("holds the hidden character U+%04X as its %d. character", r, n+1))
		}
		n++
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	if unicode.IsSpace(first) || unicode.IsSpace(last) {
		return refuse(field, "begins or ends with a blank")
	}
	return nil
}

// Hidden says whether r may not stand in print, for a reader cannot see it: controls,
// format and bidi characters, zero widths, the tag block, variation selectors, fillers,
// private use, and every blank but the space and the ideographic space.
func Hidden(r rune) bool {
	switch {
	case r == ' ' || r == '\u3000':
		return false
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zs, unicode.Zl, unicode.Zp):
		return true
	case unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
		return true
	case r == '\u2800' || r == '\uFFFD' || r == '\u180E':
		return true
	}
	return !unicode.IsGraphic(r)
}
