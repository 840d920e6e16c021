package seal

import (
	"bytes"
	"compress/flate"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"unicode/utf8"

	"kkachi/internal/cell"
)

// Bounds of a letter (spec/01-cell.md, section 5).
const (
	InflatedMaxSize = 256 * 1024 // bytes of a letter's text
	InflateRatio    = 64         // and at most so many times its deflated bytes
	DeflatedMaxSize = cell.MaxFragments * cell.BodySize
)

// A Letter is what a source writes at once: text, or a small file.
type Letter struct {
	ID        cell.LetterID // set by CutLetter and by a Joiner
	Kind      cell.Kind
	Topic     uint8
	Flags     uint8 // 0 or cell.FlagFile
	Week      cell.Week
	Thread    cell.ThreadID
	Text      []byte       // UTF-8 unless cell.FlagFile is set; may be empty (erase, withdraw)
	LastReply cell.ReplyID // the last reply that the source has read, or zero
}

// CutLetter deflates the text of l and cuts it into fragments of the letter's week, whose key
// is k. l.ID is set. Bytes after a short body are drawn from random. It fails with ErrTooLong
// if the text is over InflatedMaxSize or needs more than cell.MaxFragments, with ErrUTF8 if it
// is not text though it says so.
func CutLetter(random io.Reader, l *Letter, k WeekKey) ([]cell.Fragment, error) {
	if len(l.Text) > InflatedMaxSize {
		return nil, fmt.Errorf("%w: letter of %d bytes, at most %d", ErrTooLong, len(l.Text), InflatedMaxSize)
	}
	if l.Flags&cell.FlagFile == 0 && !utf8.Valid(l.Text) {
		return nil, ErrUTF8
	}
	deflated, err := deflate(l.Text)
	if err != nil {
		return nil, err
	}
	count := (len(deflated) + cell.BodySize - 1) / cell.BodySize
	if count > cell.MaxFragments {
		return nil, fmt.Errorf("%w: letter of %d cells, at most %d", ErrTooLong, count, cell.MaxFragments)
	}
	l.ID = letterID(k.LetterKey(), l.Kind, l.Topic, l.Flags, deflated)
	out := make([]cell.Fragment, count)
	for i := range out {
		from := i * cell.BodySize
		f := cell.FragmentFields{
			Kind: l.Kind, Topic: l.Topic, Index: uint8(i), Count: uint8(count), Flags: l.Flags,
			Week: l.Week, Thread: l.Thread, Key: k, Letter: l.ID, LastReply: l.LastReply,
			Body: deflated[from:min(from+cell.BodySize, len(deflated))],
		}
		frag, err := f.Marshal(random)
		if err != nil {
			return nil, err
		}
		out[i] = *frag
	}
	return out, nil
}

// letterID names a letter: what it is and what it says. The same words sent again as a call
// for help are another letter; the same letter sent again after a reply was read is not.
func letterID(k LetterKey, kind cell.Kind, topic, flags uint8, deflated []byte) cell.LetterID {
	mac := hmac.New(sha256.New, k[:])
	mac.Write([]byte{uint8(kind), topic, flags})
	mac.Write(deflated)
	return cell.LetterID(mac.Sum(nil)[:16])
}

// deflate compresses as well as it may: a reader refuses what inflates more than
// InflateRatio-fold, so text that would is coded with Huffman codes alone (at most 8-fold).
func deflate(text []byte) ([]byte, error) {
	for _, level := range []int{flate.BestCompression, flate.HuffmanOnly} {
		var buf bytes.Buffer
		w, err := flate.NewWriter(&buf, level)
		if err != nil {
			return nil, fmt.Errorf("seal: deflate: %w", err)
		}
		if _, err := w.Write(text); err != nil {
			return nil, fmt.Errorf("seal: deflate: %w", err)
		}
		if err := w.Close(); err != nil {
			return nil, fmt.Errorf("seal: deflate: %w", err)
		}
		if len(text) <= InflateRatio*buf.Len() {
			return buf.Bytes(), nil
		}
	}
	return nil, ErrInflate
}

// inflate reads the whole of a raw deflate stream (RFC 1951), within both bounds. Bytes after
// the stream's end are refused. What could be read stands in the answer also on failure.
func inflate(deflated []byte) ([]byte, error) {
	limit := min(InflatedMaxSize, InflateRatio*len(deflated))
	src := bytes.NewReader(deflated)
	r := flate.NewReader(src)
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, int64(limit)+1))
	switch {
	case n > int64(limit):
		return out.Bytes()[:limit], fmt.Errorf("%w: over %d bytes or %d-fold", ErrInflate, InflatedMaxSize, InflateRatio)
	case err != nil:
		// The library's error could carry offsets only; it is dropped all the same.
		return out.Bytes(), fmt.Errorf("%w: damaged or cut", ErrInflate)
	case src.Len() != 0:
		return out.Bytes(), fmt.Errorf("%w: bytes after its end", ErrInflate)
	}
	return out.Bytes(), nil
}
