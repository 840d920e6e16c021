package vault

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"testing"
)

// hexBytes is a byte string of a vector.
type hexBytes []byte

func (h *hexBytes) UnmarshalJSON(b []byte) error {
	s, err := strconv.Unquote(string(b))
	if err != nil {
		return err
	}
	*h, err = hex.DecodeString(s)
	return err
}

type opVector struct {
	Name, Comment, Expect string
	Op, Public, Before    hexBytes
	ThingKey              hexBytes `json:"thing-key"`
	Author, Hash, Subject hexBytes
	KeyOf                 hexBytes `json:"key-of"`
	Content               hexBytes
	Kind                  string
	Day                   uint32
	Seq, Clock            any // a number, or digits where JSON's numbers end
}

// The vectors are made by another implementation from the specification alone. An unknown
// field fails.
func TestLogVectors(t *testing.T) {
	f, err := os.Open("../../spec/vectors/log.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var file struct {
		MadeBy  string `json:"made-by"`
		Area    string
		Vectors []opVector
	}
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(&file); err != nil {
		t.Fatal(err)
	}
	failures := 0
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			op, content, err := readVector(v)
			if v.Expect != "success" {
				failures++
				if err != opError(v.Expect) {
					t.Fatalf("got %v, want %s", err, v.Expect)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(op.Author[:], v.Author) || !bytes.Equal(op.Hash[:], v.Hash) ||
				!bytes.Equal(op.Subject[:], v.Subject) || !bytes.Equal(op.KeyOf[:], v.KeyOf) ||
				!bytes.Equal(content, v.Content) || op.Day != v.Day || string(op.Kind) != v.Kind ||
				strconv.FormatUint(op.Seq, 10) != number(v.Seq) || strconv.FormatUint(op.Clock, 10) != number(v.Clock) {
				t.Fatalf("read %+v, content %q", op.Op, content)
			}
		})
	}
	if len(file.Vectors) < 12 || 2*failures <= len(file.Vectors) {
		t.Errorf("%d vectors, %d expect failure", len(file.Vectors), failures)
	}
}

func number(x any) string {
	switch n := x.(type) {
	case json.Number:
		return n.String()
	case string:
		return n
	}
	return "?"
}

// readVector does all that is done to a stored operation, in the order of the
// specification: shape, signature, chain, content.
func readVector(v opVector) (*envelope, []byte, error) {
	e, err := parseOp(v.Op)
	if err != nil {
		return nil, nil, err
	}
	if err := e.verify(ed25519.PublicKey(v.Public)); err != nil {
		return nil, nil, err
	}
	if len(v.Before) > 0 {
		before, err := parseOp(v.Before)
		if err != nil {
			return nil, nil, err
		}
		if err := e.follows(before.head()); err != nil {
			return nil, nil, err
		}
	}
	if e.KeyOf.IsZero() {
		return e, nil, nil
	}
	aead, err := newGCM((*[32]byte)(v.ThingKey))
	if err != nil {
		return nil, nil, err
	}
	content, err := e.open(aead)
	return e, content, err
}

func testSigner() (ed25519.PrivateKey, DeviceID) {
	priv := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	return priv, DeviceOf(priv.Public().(ed25519.PublicKey))
}

func TestOpRoundTrip(t *testing.T) {
	priv, id := testSigner()
	key := &[32]byte{7}
	aead, err := newGCM(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 123, 124, 125, 128, 1000, 4096, MaxContent - 1, MaxContent} {
		content := bytes.Repeat([]byte{0xee}, n)
		op := Op{Author: id, Seq: 1, Clock: 4, Day: 20000, Kind: "x", Subject: Thing{1}, KeyOf: Thing{2}}
		raw, err := op.encode(content, key, [nonceSize]byte{9}, priv)
		if err != nil {
			t.Fatal(err)
		}
		e, err := parseOp(raw)
		if err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		if err := e.verify(priv.Public().(ed25519.PublicKey)); err != nil {
			t.Fatal(err)
		}
		got, err := e.open(aead)
		if err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%d: %v", n, err)
		}
	}
	if padded(MaxContent+4) != MaxPadded {
		t.Errorf("the largest content is padded to %d, not %d", padded(MaxContent+4), MaxPadded)
	}
}

// Each flipped bit is refused.
func TestEveryBitCounts(t *testing.T) {
	priv, id := testSigner()
	op := Op{Author: id, Seq: 1, Clock: 4, Day: 20000, Kind: "x", Subject: Thing{1}, KeyOf: Thing{2}}
	raw, err := op.encode([]byte("content"), &[32]byte{7}, [nonceSize]byte{9}, priv)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		for bit := range 8 {
			raw[i] ^= 1 << bit
			e, err := parseOp(raw)
			if err == nil {
				err = e.verify(priv.Public().(ed25519.PublicKey))
			}
			if err == nil {
				t.Fatalf("byte %d, bit %d: passed", i, bit)
			}
			raw[i] ^= 1 << bit
		}
	}
}

// Whatever is parsed is the one encoding of what it says.
func FuzzParseOp(f *testing.F) {
	priv, id := testSigner()
	for _, n := range []int{0, 7, 200} {
		op := Op{Author: id, Seq: 1, Clock: 4, Day: 20000, Kind: "letter.in", Subject: Thing{1}, KeyOf: Thing{2}}
		raw, err := op.encode(make([]byte, n), &[32]byte{7}, [nonceSize]byte{9}, priv)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
		f.Add(raw[:len(raw)-1])
	}
	op := Op{Author: id, Seq: 1, Clock: 1, Kind: KindErase, Subject: Thing{1}}
	raw, err := op.encode(nil, nil, [nonceSize]byte{}, priv)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := parseOp(b)
		if err != nil {
			if _, ok := err.(opError); !ok {
				t.Fatalf("an unnamed error: %v", err)
			}
			return
		}
		again, err := e.Op.encode(nil, nil, e.nonce, priv)
		if err != nil {
			t.Fatal(err)
		}
		// The header says all fields; only the length was not the operation's to say.
		if !bytes.Equal(again[:148], b[:148]) || len(b) != OpHeaderSize+len(e.ciphertext)+SignatureSize {
			t.Fatal("two encodings of one operation")
		}
	})
}
