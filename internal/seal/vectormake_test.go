package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kkachi/internal/cell"
)

var update = flag.Bool("update", false, "write the vectors of spec/vectors anew")

// row is a vector being made: keys and values in turn, in the order of the file.
type row []any

// good and bad begin a vector.
func good(name, comment string, more ...any) row {
	return append(row{"name", name, "comment", comment, "expect", "success"}, more...)
}

func bad(failure, name, comment string, more ...any) row {
	return append(row{"name", name, "comment", comment, "expect", failure}, more...)
}

// MarshalJSON keeps the order of the keys.
func (r row) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i := 0; i < len(r); i += 2 {
		if i > 0 {
			out.WriteByte(',')
		}
		var v bytes.Buffer
		e := json.NewEncoder(&v)
		e.SetEscapeHTML(false)
		if err := e.Encode(r[i+1]); err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%q:%s", r[i], bytes.TrimSpace(v.Bytes()))
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// inPieces writes bytes as hex pieces, runs of one byte as byte*N.
func inPieces(b []byte) string {
	var out []string
	plain := 0
	flush := func(to int) {
		if plain < to {
			out = append(out, hex.EncodeToString(b[plain:to]))
		}
	}
	for i := 0; i < len(b); {
		n := i
		for n < len(b) && b[n] == b[i] {
			n++
		}
		if n-i >= 12 {
			flush(i)
			out = append(out, fmt.Sprintf("%02x*%d", b[i], n-i))
			plain = n
		}
		i = n
	}
	flush(len(b))
	return strings.Join(out, " ")
}

// Making the vectors again changes nothing: run with -update after a change of the spec.
func TestVectorsAreMade(t *testing.T) {
	for name, rows := range map[string][]row{
		"stamp": stampRows(t), "fragment": fragmentRows(t), "frame": frameRows(t), "open": openRows(t), "words": wordRows(t),
		"chain": chainRows(), "letter": letterRows(t), "slot": slotRows(t), "replies": repliesRows(t), "note": noteRows(t),
		"address": addressRows(),
	} {
		var out bytes.Buffer
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		e.SetIndent("", " ")
		must(t, e.Encode(row{"made-by", goMaker, "area", name, "vectors", rows}))
		path := filepath.Join(vectorsDir, name+".json")
		if *update {
			must(t, os.WriteFile(path, out.Bytes(), 0o644))
			continue
		}
		have, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(have, out.Bytes()) {
			t.Errorf("%s.json is not what the generator makes: run go test ./internal/seal -run TestVectorsAreMade -update, and look at the difference", name)
		}
	}
}

// vectorCell is bytes with the shape of a cell, mostly one byte over and over.
func vectorCell(epoch uint32, stamp uint64) *cell.Cell {
	var c cell.Cell
	b := []byte{byte(epoch >> 24), byte(epoch >> 16), byte(epoch >> 8), byte(epoch)}
	copy(c[:], b)
	for i := range 8 {
		c[4+i] = byte(stamp >> (56 - 8*i))
	}
	for i := cell.HeaderSize; i < len(c); i++ {
		c[i] = 0x6b
	}
	return &c
}

func stampRows(t *testing.T) []row {
	type accepted [][2]int
	of := func(c *cell.Cell, zeros int) []any {
		k := c.ReplayKey()
		return []any{"epoch", c.Epoch(), "zeros", zeros, "replay-key", hex.EncodeToString(k[:])}
	}
	stamped := func(d uint8, from uint64) (*cell.Cell, int) {
		c := vectorCell(20657, from)
		must(t, c.Stamp(d))
		zeros := int(d)
		for c.Stamped(uint8(zeros + 1)) {
			zeros++
		}
		return c, zeros
	}
	in := func(c []byte, a accepted) []any { return []any{"cell", inPieces(c), "accepted", a} }
	zero, z0 := stamped(0, 0)
	ten, z10 := stamped(10, 0)
	high, zh := stamped(12, ^uint64(0)-5)
	most, z16 := stamped(16, 1)
	moved := *ten
	moved[3]++
	changed := *ten
	changed[cell.Size-1] ^= 1
	weak, _ := stamped(10, 1<<40)
	for weak.Stamped(11) {
		weak[11]++
		must(t, weak.Stamp(10))
	}
	return []row{
		good("no difficulty", "any stamp will do", append(in(zero[:], accepted{{20657, 0}}), of(zero, z0)...)...),
		good("ten bits", "", append(in(ten[:], accepted{{20656, 0}, {20657, 10}, {20658, 3}}), of(ten, z10)...)...),
		good("sixteen bits", "the most that a flood leads to", append(in(most[:], accepted{{20657, 16}}), of(most, z16)...)...),
		bad("bad stamp", "sixteen, where one more is asked", "", in(most[:], accepted{{20657, z16 + 1}})...),
		good("counter wraps", "the stamp is eight bytes, not a number that may overflow", append(in(high[:], accepted{{20657, 12}}), of(high, zh)...)...),
		good("less is asked", "", append(in(ten[:], accepted{{20657, 3}}), of(ten, z10)...)...),
		bad("bad stamp", "one bit too few", "", in(weak[:], accepted{{20657, 11}})...),
		bad("bad stamp", "epoch changed after the stamp", "the stamp binds the epoch", in(moved[:], accepted{{20657, 10}, {20658, 10}})...),
		bad("bad stamp", "last byte changed after the stamp", "the stamp binds the whole cell", in(changed[:], accepted{{20657, 10}})...),
		bad("bad stamp", "over the limit", "no stamp meets a difficulty over 18", in(ten[:], accepted{{20657, 19}})...),
		bad("wrong epoch", "yesterday's epoch", "", in(zero[:], accepted{{20658, 0}, {20659, 0}})...),
		bad("wrong epoch", "nothing accepted", "a host without notes", in(zero[:], accepted{})...),
		bad("wrong size", "a byte short", "", in(zero[:cell.Size-1], accepted{{20657, 0}})...),
		bad("wrong size", "a byte long", "", in(append(zero[:], 0), accepted{{20657, 0}})...),
		bad("wrong size", "empty", "", in(nil, accepted{{20657, 0}})...),
	}
}

// vectorFragment is a fragment with fields of its own and zeros after the body.
func vectorFragment(t testing.TB, bend func(f *cell.FragmentFields)) []byte {
	t.Helper()
	f := &cell.FragmentFields{
		Kind: cell.KindLetter, Topic: 7, Count: 1, Week: 3, Thread: cell.ThreadID(seedOf("thread")[:16]), Key: *seedOf("week key"),
		Letter: cell.LetterID(seedOf("letter")[:16]), LastReply: cell.ReplyID(seedOf("reply")[:8]), Body: []byte("a body"),
	}
	if bend != nil {
		bend(f)
	}
	out, err := f.Marshal(bytes.NewReader(make([]byte, cell.FragmentSize)))
	must(t, err)
	return out[:]
}

func fragmentRows(t *testing.T) []row {
	of := func(name, comment string, bend func(f *cell.FragmentFields)) row {
		b := vectorFragment(t, bend)
		f, err := cell.ParseFragment((*cell.Fragment)(b))
		must(t, err)
		return good(name, comment, "fragment", inPieces(b), "kind", f.Kind, "topic", f.Topic, "index", f.Index, "count", f.Count,
			"flags", f.Flags, "week", f.Week, "thread", f.Thread.String(), "key", hex.EncodeToString(f.Key[:]), "letter", f.Letter.String(),
			"last-reply", f.LastReply.String(), "body", inPieces(f.Body))
	}
	with := func(failure, name, comment string, at int, v byte) row {
		b := vectorFragment(t, nil)
		b[at] = v
		return bad(failure, name, comment, "fragment", inPieces(b))
	}
	full := func(index, count uint8) func(f *cell.FragmentFields) {
		return func(f *cell.FragmentFields) {
			f.Index, f.Count, f.Body = index, count, bytes.Repeat([]byte{0xab}, cell.BodySize)
		}
	}
	whole := vectorFragment(t, nil)
	return []row{
		of("one short fragment", "", nil),
		of("first of sixty-four", "a fragment before the last is full", full(0, 64)),
		of("last of sixty-four", "the last may be full", full(63, 64)),
		of("help", "", func(f *cell.FragmentFields) { f.Kind = cell.KindHelp }),
		of("move, last week, a file", "the highest values", func(f *cell.FragmentFields) {
			f.Kind, f.Week, f.Flags, f.Topic = cell.KindMove, 0xffff, cell.FlagFile, 0xff
		}),
		with("cover", "version 0", "whatever follows: drop it silently", 0, 0),
		with("malformed fragment", "version 2", "", 0, 2),
		with("malformed fragment", "version 255", "", 0, 255),
		with("malformed fragment", "kind 6", "", 1, 6),
		with("malformed fragment", "index is count", "", 3, 1),
		with("malformed fragment", "count 0", "", 4, 0),
		with("malformed fragment", "count 65", "", 4, 65),
		with("malformed fragment", "short before the last", "index 0 of 2 with six bytes", 4, 2),
		with("malformed fragment", "second flag", "reserved", 5, 2),
		with("malformed fragment", "top flag", "reserved", 5, 0x81),
		with("malformed fragment", "length 0", "", 7, 0),
		with("malformed fragment", "length over the body", "", 6, 7),
		bad("wrong size", "fragment a byte short", "", "fragment", inPieces(whole[:cell.FragmentSize-1])),
		bad("wrong size", "fragment a byte long", "", "fragment", inPieces(append(whole, 0))),
	}
}

func wordRows(t *testing.T) []row {
	id := seedOf("newsroom")
	used := Words{1439, 0, 2047, 128, 1061, 5, 2043, 1765}
	opened := func(name, comment string, lang Lang, w Words) row {
		c := w.Open(NewsroomID(*id))
		k := c.Key(0)
		return good(name, comment, "lang", lang, "words", w.String(lang), "newsroom", hex.EncodeToString(id[:]), "indices", w,
			"thread", c.Thread().String(), "echo", c.EchoIndex(), "echo-word", c.Echo(lang), "key-0", hex.EncodeToString(k[:]))
	}
	typed := func(name, comment string, lang Lang, words string) row {
		w, err := ParseWords(lang, words)
		must(t, err)
		return good(name, comment, "lang", lang, "words", words, "indices", w)
	}
	fails := func(failure, name, comment string, lang Lang, words string, more ...any) row {
		return bad(failure, name, comment, append([]any{"lang", lang, "words", words}, more...)...)
	}
	en := strings.Fields(used.String(English))
	place := func(at int, word string) string {
		w := append([]string(nil), en...)
		w[at] = word
		return strings.Join(w, " ")
	}
	return []row{
		opened("English", "", English, used),
		opened("Korean", "the same indices: the same conversation", Korean, used),
		opened("Chinese", "the same indices: the same conversation", Chinese, used),
		opened("a decoy", "any eight words open, these too: there is no checksum", English, Words{}),
		typed("upper case", "", English, strings.ToUpper(used.String(English))),
		typed("tabs, newlines and wide spaces", "", English, "\n\t"+strings.Join(en, " \t\n\u3000")+"  "),
		typed("Korean in jamo", "NFD", Korean, decomposed(used)),
		typed("Chinese without spaces", "", Chinese, strings.ReplaceAll(used.String(Chinese), " ", "")),
		typed("Chinese in traditional characters", "simplified and traditional share indices", Chinese, traditional(used)),
		fails("bad word", "first word", "", English, place(0, "kkachi"), "position", 1),
		fails("bad word", "last word", "", English, place(7, "kkachi"), "position", 8),
		fails("bad word", "beginning of a word", "four letters are not the word", English, place(3, en[3][:4]), "position", 4),
		fails("bad word", "two wrong words", "the first is named", English, strings.Replace(place(2, "x"), en[5], "y", 1), "position", 3),
		fails("bad word", "words of another language", "", Korean, used.String(English), "position", 1),
		fails("word count", "seven words", "", English, strings.Join(en[1:], " ")),
		fails("word count", "nine words", "", English, strings.Join(en, " ")+" abandon"),
		fails("word count", "no word", "", English, " \n"),
		fails("word count", "seven Chinese words", "", Chinese, strings.ReplaceAll(used.String(Chinese), " ", "")[3:]),
		fails("no such language", "no list", "", "xx", used.String(English)),
	}
}

func chainRows() []row {
	k := WeekKey(*seedOf("week key"))
	letter := k.LetterKey()
	step := func(name string, from, to cell.Week) row {
		out, _ := Step(k, from, to)
		return good(name, "", "key", hex.EncodeToString(k[:]), "from", from, "to", to, "key-to", hex.EncodeToString(out[:]),
			"letter-key", hex.EncodeToString(letter[:]))
	}
	claim := func(make func(string, string, ...any) row, name string, claimed, present int) row {
		return make(name, "", "claimed", claimed, "present", present)
	}
	refuse := func(name, comment string, more ...any) row { return bad("wrong week", name, comment, more...) }
	return []row{
		step("no step", 5, 5), step("one step", 5, 6), step("a year", 0, 52),
		refuse("a step back", "a chain does not go back", "key", hex.EncodeToString(k[:]), "from", 5, "to", 4),
		claim(good, "present week", 10, 10), claim(good, "next week", 11, 10), claim(good, "six weeks ago", 4, 10),
		claim(good, "first weeks", 0, 3),
		claim(refuse, "two weeks ahead", 12, 10), claim(refuse, "seven weeks ago", 3, 10),
		claim(refuse, "far ahead", 65535, 10), claim(refuse, "far back", 0, 65535),
	}
}

func addressRows() []row {
	id := NewsroomID(*seedOf("newsroom"))
	ok := func(name, url string) row {
		return good(name, "", "address", AddressPrefix+id.String()+"@"+url, "newsroom", id.String(), "url", url)
	}
	no := func(name, comment, address string) row {
		return bad("bad address", name, comment, "address", address)
	}
	at := AddressPrefix + id.String() + "@"
	return []row{
		ok("https", "https://news.example"), ok("a port and a path", "https://news.example:8443/kkachi"),
		ok("loopback in clear", "http://127.0.0.1:8080"), ok("loopback name in clear", "http://a.localhost:8080"),
		ok("onion in clear", "http://"+strings.Repeat("a", 56)+".onion"),
		no("in clear", "http is for loopback and onions", at+"http://news.example"),
		no("another scheme", "", at+"ftp://news.example"),
		no("slash at its end", "", at+"https://news.example/"),
		no("a user", "", at+"https://me@news.example"),
		no("a query", "", at+"https://news.example?x=1"),
		no("a fragment", "", at+"https://news.example#x"),
		no("no host", "", at+"https://"),
		no("no URL", "", at),
		no("short id", "", AddressPrefix+id.String()[2:]+"@https://news.example"),
		no("id in upper case", "an address has one form", AddressPrefix+strings.ToUpper(id.String())+"@https://news.example"),
		no("no prefix", "", id.String()+"@https://news.example"),
	}
}
