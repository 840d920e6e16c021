package contacts

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"kkachi/internal/lang"
)

var update = flag.Bool("update", false, "write the vectors anew")

const vectorsFile = "../../spec/vectors/contacts.json"

const good = `kkachi/1 contacts

name Example helpline
name-ko 보기 상담 전화
name-zh 示例热线
number +82 2 0000 0000
hours every day, 09:00 to 21:00 in Seoul
hours-ko 날마다 서울 시각 09:00부터 21:00까지
languages ko en zh
checked 2026-10-01

name Example lawyers
number 112
hours at any time
languages en
checked 2024-02-29
`

func TestParse(t *testing.T) {
	list, err := Parse([]byte(good))
	if err != nil || len(list) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	c := list[0]
	if c.Name.In(lang.Korean) != "보기 상담 전화" || c.Name.In(lang.English) != "Example helpline" || c.Hours.In(lang.Chinese) != c.Hours.All ||
		c.Spoken() != "한국어, English, 中文" || lang.ISODate(c.Checked) != "2026-10-01" {
		t.Errorf("%+v", c)
	}
	for days, want := range map[uint32]bool{0: false, StaleAfter: false, StaleAfter + 1: true} {
		if c.Stale(c.Checked+days) != want {
			t.Errorf("%d days after it was checked: stale %v", days, !want)
		}
	}
}

// A contactsVector is a case of the file; an unknown key fails.
type contactsVector struct {
	Name     string     `json:"name"`
	Comment  string     `json:"comment"`
	Expect   string     `json:"expect"`
	File     string     `json:"file"`             // bytes, in hex
	Line     int        `json:"line,omitempty"`   // that is named; 0: none is
	Digest   string     `json:"digest,omitempty"` // of the file
	Contacts []readable `json:"contacts,omitempty"`
}

// A readable is a contact as readers of each language see it.
type readable struct {
	Name, Hours    [3]string // ko, en, zh
	Number, Spoken string
	Checked        string
}

func readables(list []Contact) (out []readable) {
	for i := range list {
		r := readable{Number: list[i].Number, Spoken: list[i].Spoken(), Checked: lang.ISODate(list[i].Checked)}
		for at, l := range lang.All() {
			r.Name[at], r.Hours[at] = list[i].Name.In(l), list[i].Hours.In(l)
		}
		out = append(out, r)
	}
	return out
}

// cases are the vectors: a name, a comment, the file, and the line that is wrong, -1 if none is.
func cases() []struct {
	name, comment, file string
	line                int
} {
	with := func(old, now string) string { return strings.Replace(good, old, now, 1) }
	many := FirstLine + "\n"
	for i := range Max + 1 {
		many += fmt.Sprintf("\nname N\nnumber 10 %02d\nhours h\nlanguages ko\nchecked 2026-10-01\n", i)
	}
	const fail = 0
	return []struct {
		name, comment, file string
		line                int
	}{
		{"two contacts", "", good, -1},
		{"no contact", "how kkachi init lays it out", FirstLine + "\n", -1},
		{"twelve contacts", "", many[:strings.LastIndex(many, "\n\n")+1], -1},
		{"right to left", "letters of a language are no control characters", with("Example helpline", "خط المساعدة"), -1},
		{"markup is text", "", with("Example helpline", "<b>&amp;</b> \"x\""), -1},
		{"thirteen contacts", "", many, 74},
		{"empty", "", "", 1},
		{"another first line", "", with("kkachi/1", "kkachi/2"), 1},
		{"carriage returns", "", strings.ReplaceAll(good, "\n", "\r\n"), 1},
		{"no line feed at the end", "", strings.TrimSuffix(good, "\n"), 16},
		{"an empty line at the end", "", good + "\n", 17},
		{"two empty lines", "", with("\n\nname", "\n\n\nname"), 3},
		{"no empty line between", "", with("2026-10-01\n\n", "2026-10-01\n"), 11},
		{"a comment", "", with("\nname", "\n# ours\nname"), 3},
		{"lines in another order", "", with("name-ko 보기 상담 전화\nname-zh 示例热线\n", "name-zh 示例热线\nname-ko 보기 상담 전화\n"), 5},
		{"a line twice", "", with("number +82", "number 123\nnumber +82"), 7},
		{"no number", "", with("number +82 2 0000 0000\n", ""), 6},
		{"an unknown line", "", with("hours every", "hour every"), 7},
		{"an empty name", "", with("name Example helpline", "name "), 3},
		{"two blanks", "", with("Example helpline", "Example  helpline"), 3},
		{"a blank at the end", "", with("Example helpline", "Example helpline "), 3},
		{"a wide blank", "", with("보기 상담", "보기\u3000상담"), 4},
		{"a tab", "", with("Example helpline", "Example\thelpline"), 3},
		{"turned around", "a control character of the direction of text", with("Example helpline", "Example \u202ehelpline"), 3},
		{"a joiner that is not seen", "", with("Example helpline", "Exam\u200dple helpline"), 3},
		{"a long name", "", with("Example helpline", strings.Repeat("x", TextMaxSize+1)), 3},
		{"letters in a number", "", with("+82 2", "+82 O"), 6},
		{"hyphens in a number", "", with("2 0000", "2-0000"), 6},
		{"full-width digits", "", with("+82 2", "+82 ２"), 6},
		{"a plus within a number", "", with("+82 2", "82 +2"), 6},
		{"two blanks in a number", "", with("+82 2", "+82  2"), 6},
		{"a long group", "", with("+82 2 0000 0000", "+82 00000000"), 6},
		{"a long number", "", with("+82 2 0000 0000", "+82 2 0000 0000 00000"), 6},
		{"a short number", "", with("number 112", "number 11"), 13},
		{"one number twice", "blanks apart", with("number 112", "number +822 00000000"), 13},
		{"one number twice, in groups", "", with("number 112", "number +82 20 0000 000"), 13},
		{"an unknown language", "", with("ko en zh", "ko en xx"), 9},
		{"a language twice", "", with("ko en zh", "ko en ko"), 9},
		{"no language", "", with("languages ko en zh", "languages "), 9},
		{"no such day", "", with("2024-02-29", "2026-02-29"), 16},
		{"a day in another form", "", with("2026-10-01", "2026-10-1"), 10},
		{"a day with its time", "", with("2026-10-01", "2026-10-01T10:00:00Z"), 10},
		{"not UTF-8", "", with("Example", "Ex\xffmple"), fail},
		{"too large", "", FirstLine + "\n" + strings.Repeat("\n", MaxSize), fail},
	}
}

func TestVectors(t *testing.T) {
	var made struct {
		MadeBy  string           `json:"made-by"`
		Area    string           `json:"area"`
		Vectors []contactsVector `json:"vectors"`
	}
	made.MadeBy, made.Area = "internal/contacts", "contacts"
	for _, c := range cases() {
		v := contactsVector{Name: c.name, Comment: c.comment, Expect: "malformed contacts", File: hex.EncodeToString([]byte(c.file)), Line: c.line}
		if c.line == -1 {
			list, err := Parse([]byte(c.file))
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			sum := Digest([]byte(c.file))
			v.Expect, v.Line, v.Digest, v.Contacts = "success", 0, hex.EncodeToString(sum[:]), readables(list)
		}
		made.Vectors = append(made.Vectors, v)
	}
	again, err := json.MarshalIndent(made, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	again = append(again, '\n')
	if *update {
		if err := os.WriteFile(vectorsFile, again, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, again) {
		t.Error("making the vectors again changes them: go test ./internal/contacts -run TestVectors -update")
	}
	for _, v := range made.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			file, err := hex.DecodeString(v.File)
			if err != nil {
				t.Fatal(err)
			}
			list, err := Parse(file)
			if v.Expect == "success" {
				if err != nil || !bytes.Equal(Encode(list), file) {
					t.Errorf("%v, or another form than %q", err, file)
				}
				return
			}
			if !errors.Is(err, ErrFormat) || list != nil {
				t.Fatalf("%v, %v", list, err)
			}
			if at := fmt.Sprintf("line %d: ", v.Line); v.Line > 0 && !strings.Contains(err.Error(), at) {
				t.Errorf("%v does not name %s", err, at)
			}
		})
	}
}

// What can be read has one form, and keeps to the limits that pages count on.
func FuzzParse(f *testing.F) {
	for _, c := range cases() {
		f.Add([]byte(c.file))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		list, err := Parse(file)
		if err != nil {
			if list != nil || !errors.Is(err, ErrFormat) {
				t.Errorf("%v beside %v", list, err)
			}
			return
		}
		if again := Encode(list); !bytes.Equal(again, file) {
			t.Errorf("%q has the other form %q", file, again)
		}
		for i := range list {
			c := &list[i]
			if len(list) > Max || c.Spoken() == "" || len(Digits(c.Number)) > MaxDigits+1 || len(c.Name.All) > TextMaxSize || strings.ContainsFunc(c.Name.All+c.Hours.All, hidden) {
				t.Errorf("%+v", c)
			}
		}
	})
}
