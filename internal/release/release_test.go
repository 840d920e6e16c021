package release

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/lang"
)

// No field of a release can hold a handle, a thread or a letter: strings have types of
// their own whose form is checked, there is no map and no interface, and no field is named
// after what stays in the house.
func TestNoHandleByType(t *testing.T) {
	allowed := []reflect.Type{
		reflect.TypeFor[Text](), reflect.TypeFor[Slug](), reflect.TypeFor[MIME](), reflect.TypeFor[lang.Tag](),
	}
	banned := []string{"handle", "thread", "source", "letter", "report", "teller", "relay", "conversation", "word", "echo", "device", "contact", "path", "file_name", "note"}
	seen := map[reflect.Type]bool{}
	var walk func(typ reflect.Type, at string)
	walk = func(typ reflect.Type, at string) {
		if seen[typ] {
			return
		}
		seen[typ] = true
		switch typ.Kind() {
		case reflect.Struct:
			for i := range typ.NumField() {
				f := typ.Field(i)
				name := strings.ToLower(f.Name + " " + f.Tag.Get("json"))
				for _, b := range banned {
					if strings.Contains(name, b) {
						t.Errorf("%s.%s is named after what stays in the house (%s)", at, f.Name, b)
					}
				}
				if !f.IsExported() || f.Anonymous {
					t.Errorf("%s.%s is hidden or embedded: a digest must cover it by name", at, f.Name)
				}
				walk(f.Type, at+"."+f.Name)
			}
		case reflect.Slice, reflect.Pointer:
			walk(typ.Elem(), at)
		case reflect.Array:
			if typ.Elem().Kind() != reflect.Uint8 || typ.PkgPath() == "" {
				t.Errorf("%s is an array that is no named row of bytes", at)
			}
		case reflect.String:
			if !slices.Contains(allowed, typ) {
				t.Errorf("%s is a string of type %s, whose form nothing checks", at, typ)
			}
		case reflect.Bool, reflect.Int, reflect.Uint8, reflect.Uint32, reflect.Uint64:
		default:
			t.Errorf("%s is a %s: maps, interfaces and the like may hold anything", at, typ.Kind())
		}
	}
	walk(reflect.TypeFor[Release](), "Release")
	if len(seen) < 12 {
		t.Errorf("only %d types seen: the walk is blind", len(seen))
	}
}

func TestEncodeIsCanonical(t *testing.T) {
	data := mustEncode(t, sample())
	r, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(r, sample()) {
		t.Error("what is decoded is not what was encoded")
	}
	if again := mustEncode(t, r); !bytes.Equal(again, data) {
		t.Error("encoded again, the bytes differ")
	}
	if !bytes.Contains(data, []byte(`"rung":"two chains, independence unverified"`)) {
		t.Error("a rung is not written in its exact words")
	}
	other := sample()
	other.Editions[2].Body[0].Sentences[0].Disputed, other.Editions[1].Body[0].Sentences[0].Disputed, other.Editions[0].Body[0].Sentences[0].Disputed = true, true, true
	if DigestOf(mustEncode(t, other)) == DigestOf(data) {
		t.Error("a dispute does not change the digest")
	}
}

func TestDecodeIsStrict(t *testing.T) {
	good := string(mustEncode(t, sample()))
	for _, c := range []struct{ name, data string }{
		{"empty", ""},
		{"null", "null\n"},
		{"cut", good[:len(good)/2]},
		{"something after the end", good + "{}\n"},
		{"no line feed", strings.TrimSuffix(good, "\n")},
		{"a blank", strings.Replace(good, `"version":1`, `"version": 1`, 1)},
		{"an unknown field", strings.Replace(good, `"serial":1`, `"serial":1,"handle":"green heron"`, 1)},
		{"an unknown field in a sentence", strings.Replace(good, `"disputed":`, `"thread":"x","disputed":`, 1)},
		{"a repeated field", strings.Replace(good, `"serial":1`, `"serial":2,"serial":1`, 1)},
		{"a field in capitals", strings.Replace(good, `"serial"`, `"SERIAL"`, 1)},
		{"a missing field", strings.Replace(good, `"serial":1,`, ``, 1)},
		{"an unknown rung", strings.Replace(good, `"two independent chains"`, `"proven"`, 1)},
		{"a rung as a number", strings.Replace(good, `"two independent chains"`, `4`, 1)},
		{"a level as text", strings.Replace(good, `"place":2`, `"place":"2"`, 1)},
		{"an id in capitals", strings.Replace(good, `"id":"010203`, `"id":"0A0203`, 1)},
		{"escaped otherwise", strings.Replace(good, "Bribes", `\u0042ribes`, 1)},
		{"too large", good + strings.Repeat(" ", MaxSize)},
	} {
		if c.data == good {
			t.Fatalf("%s: the case changes nothing", c.name)
		}
		if _, err := Decode([]byte(c.data)); !errors.Is(err, ErrRelease) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

func TestCheckNamesTheField(t *testing.T) {
	sentence := func(r *Release, i int) *Sentence { return &r.Editions[i].Body[0].Sentences[0] }
	photo := func() *Photo {
		l := PerLang{"가", "a", "甲"}
		return &Photo{SHA256: Hash{1}, MIME: JPEG, Width: 2, Height: 2, Clean: true, Alt: l, Caption: l, Credit: l}
	}
	for _, c := range []struct {
		field string
		spoil func(*Release)
	}{
		{"version", func(r *Release) { r.Version = 2 }},
		{"id", func(r *Release) { r.ID = ID{} }},
		{"serial", func(r *Release) { r.Serial = 0 }},
		{"slug", func(r *Release) { r.Slug = "../x" }},
		{"slug", func(r *Release) { r.Slug = "a--b" }},
		{"slug", func(r *Release) { r.Slug = "Story" }},
		{"printed", func(r *Release) { r.Printed = 0 }},
		{"original", func(r *Release) { r.Original = "fr" }},
		{"editions", func(r *Release) { r.Editions = r.Editions[:2] }},
		{"editions[0].lang", func(r *Release) { r.Editions[0], r.Editions[1] = r.Editions[1], r.Editions[0] }},
		{"editions[1].lang", func(r *Release) { r.Editions[1] = r.Editions[0] }},
		{"editions.zh.headline", func(r *Release) { r.Editions[2].Headline = "" }},
		{"editions.en.headline", func(r *Release) { r.Editions[1].Headline = Text(strings.Repeat("a", MaxHeadline+1)) }},
		{"editions.ko.standfirst", func(r *Release) { r.Editions[0].Standfirst = "" }},
		{"editions.en.anonymity", func(r *Release) { r.Editions[1].Anonymity = "" }},
		{"editions.en.body", func(r *Release) { r.Editions[1].Body = nil }},
		{"editions.en.body", func(r *Release) { r.Editions[1].Body = append(r.Editions[1].Body, r.Editions[1].Body[0]) }},
		{"editions.zh.body[0].sentences", func(r *Release) { r.Editions[2].Body[0].Sentences = r.Editions[2].Body[0].Sentences[:1] }},
		{"editions.ko.body[0].sentences[0].text", func(r *Release) { sentence(r, 0).Text = "" }},
		{"editions.ko.body[0].sentences[0].rung", func(r *Release) { sentence(r, 0).Rung = 9 }},
		{"editions.ko.body[0].sentences[0].rung", func(r *Release) { sentence(r, 0).Rung = Unsupported }},
		{"editions.ko.body[0].sentences[0].level", func(r *Release) { sentence(r, 0).Level.Day = 6 }},
		{"editions.en.body[0].sentences[0].level", func(r *Release) { sentence(r, 1).Level.Day = 4 }},
		{"editions.zh.body[0].sentences[0].level", func(r *Release) { sentence(r, 2).Level.Place = 0 }},
		{"editions.zh.body[0].sentences[0].rung", func(r *Release) { sentence(r, 2).Rung = OneChain }},
		{"editions.en.body[0].sentences[0].disputed", func(r *Release) { sentence(r, 1).Disputed = true }},
		{"photo.clean", func(r *Release) { r.Photo = photo(); r.Photo.Clean = false }},
		{"photo.sha256", func(r *Release) { r.Photo = photo(); r.Photo.SHA256 = Hash{} }},
		{"photo.mime", func(r *Release) { r.Photo = photo(); r.Photo.MIME = "image/svg+xml" }},
		{"photo.width", func(r *Release) { r.Photo = photo(); r.Photo.Width = 0 }},
		{"photo.caption.zh", func(r *Release) { r.Photo = photo(); r.Photo.Caption.ZH = "" }},
		{"photo.credit.ko", func(r *Release) { r.Photo = photo(); r.Photo.Credit.KO = "" }},
		{"photo.alt.en", func(r *Release) { r.Photo = photo(); r.Photo.Alt.EN = " " }},
		{"corrections[0].day", func(r *Release) { r.Corrections[0].Day = r.Printed - 1 }},
		{"corrections[0].text.en", func(r *Release) { r.Corrections[0].Text.EN = "" }},
	} {
		r := sample()
		c.spoil(r)
		err := r.Check()
		if !errors.Is(err, ErrRelease) || !strings.Contains(err.Error(), ": "+c.field+": ") {
			t.Errorf("want an error that names %s, got %v", c.field, err)
		}
		if _, e := r.Encode(); e == nil {
			t.Errorf("%s: it is encoded all the same", c.field)
		}
	}
	r := sample()
	r.Photo = photo()
	if err := r.Check(); err != nil {
		t.Errorf("a good photograph is refused: %v", err)
	}
}

func TestHiddenCharactersAreRefused(t *testing.T) {
	for _, r := range []rune{
		0, '\n', '\t', 0x7f, 0x85, 0xa0, 0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x180b, 0x180e, 0x2003, 0x200b, 0x200c, 0x200d,
		0x200e, 0x2028, 0x202e, 0x202f, 0x2060, 0x2066, 0x2800, 0x3164, 0xfe0f, 0xfeff, 0xffa0, 0xfff9, 0xfffd, 0xe000, 0xe0041, 0xe0100,
	} {
		s := sample()
		s.Editions[1].Headline = Text("a" + string(r) + "b")
		err := s.Check()
		if err == nil || !strings.Contains(err.Error(), "editions.en.headline") {
			t.Errorf("U+%04X passes: %v", r, err)
		}
	}
	for _, text := range []Text{"“가나” – 「다」", "‘a’ — b… 50%", "第一　段", "é", "漢字々〇"} {
		s := sample()
		s.Editions[1].Headline = text
		if err := s.Check(); err != nil {
			t.Errorf("%q is refused: %v", text, err)
		}
	}
	for _, text := range []Text{"\xff", "e\u0301", " a", "a ", "\u1100\u1161"} {
		s := sample()
		s.Editions[1].Headline = text
		if s.Check() == nil {
			t.Errorf("%q passes", text)
		}
	}
}

// An error never carries what stands in a field.
func TestErrorsCarryNoText(t *testing.T) {
	s := sample()
	s.Editions[1].Headline = "canary\u200bmagpie"
	if err := s.Check(); err == nil || strings.Contains(err.Error(), "magpie") {
		t.Errorf("got %v", err)
	}
	good := string(mustEncode(t, sample()))
	if _, err := Decode([]byte(strings.Replace(good, `"serial":1`, `"serial":"magpie"`, 1))); err == nil || strings.Contains(err.Error(), "magpie") {
		t.Errorf("got %v", err)
	}
	if _, err := Decode([]byte(strings.Replace(good, `"serial":1`, `"serial":1,"magpie":1`, 1))); err == nil || strings.Contains(err.Error(), "magpie") {
		t.Errorf("got %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("{}\n"))
	data, err := sample().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(bytes.Replace(data, []byte("Bribes"), []byte(`\u200b`), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Decode(data)
		if err != nil {
			return
		}
		if again := mustEncode(t, r); !bytes.Equal(again, data) {
			t.Fatalf("decoded, but not canonical")
		}
	})
}
