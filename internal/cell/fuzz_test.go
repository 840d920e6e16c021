package cell

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// Each target holds that what is read is written again in the same bytes: one form only.

func FuzzParseCell(f *testing.F) {
	f.Add(filled(1, Size))
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b)
		if (err == nil) != (len(b) == Size) || err == nil && !bytes.Equal(c[:], b) {
			t.Error("a cell is not its bytes")
		}
	})
}

func FuzzParseFragment(f *testing.F) {
	for _, v := range []FragmentFields{{Count: 1, Body: []byte("one")}, {Count: 64, Index: 3, Kind: KindHelp, Body: make([]byte, BodySize)}} {
		out, err := v.Marshal(rand.NewChaCha8([32]byte{}))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(out[:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var frag Fragment
		copy(frag[:], b)
		v, err := ParseFragment(&frag)
		if err != nil {
			return
		}
		out, err := v.Marshal(bytes.NewReader(frag[FragmentHeaderSize+len(v.Body):]))
		if err != nil || *out != frag {
			t.Errorf("a fragment has two forms: %v", err)
		}
	})
}

func FuzzParseBulletin(f *testing.F) {
	f.Add([]byte(bulletinOf(f, MinSlots)), MinSlots)
	f.Fuzz(func(t *testing.T, b []byte, slots int) {
		got, err := ParseBulletin(b, slots)
		if err != nil {
			return
		}
		for i := range got.Len() {
			if s, ok := got.Find(got.Slot(i).Tag()); !ok || s != got.Slot(i) {
				t.Fatal("a slot is not found")
			}
		}
	})
}

func FuzzParseBatch(f *testing.F) {
	f.Add(batchOf(f, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		day, recs, err := ParseBatch(b)
		if err != nil {
			return
		}
		if out, err := MarshalBatch(day, recs); err != nil || !bytes.Equal(out, b) {
			t.Errorf("a batch has two forms: %v", err)
		}
	})
}

func FuzzParseParcel(f *testing.F) {
	f.Add(parcelOf(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParseParcel(b)
		if err != nil {
			return
		}
		if out, err := p.Marshal(); err != nil || !bytes.Equal(out, b) {
			t.Errorf("a parcel has two forms: %v", err)
		}
	})
}

func FuzzParseNow(f *testing.F) {
	b, err := nowOf(f).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := ParseNow(b)
		if err != nil {
			return
		}
		if out, err := n.Marshal(); err != nil || !bytes.Equal(out, b) {
			t.Errorf("a now has two forms: %v", err)
		}
	})
}
