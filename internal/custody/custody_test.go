package custody

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kkachi/internal/fault"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newStore(t testing.TB) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "custody"), Key{7}, rand.Reader)
	must(t, err)
	return s
}

func random(t testing.TB, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	_, err := rand.Read(b)
	must(t, err)
	return b
}

func TestOriginalsComeBackAsTheyWere(t *testing.T) {
	s := newStore(t)
	for _, n := range []int{1, Chunk - 1, Chunk, Chunk + 1, 2 * Chunk, 3*Chunk + 17} {
		data := random(t, n)
		sum, size, err := s.Put(Key{1}, bytes.NewReader(data))
		must(t, err)
		if size != int64(n) {
			t.Errorf("%d bytes are said to be %d", n, size)
		}
		again, _, err := s.Put(Key{1}, bytes.NewReader(data)) // written once
		if err != nil || again != sum {
			t.Errorf("%d bytes again: %v", n, err)
		}
		got, err := s.Get(sum, Key{1})
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: %v", n, err)
		}
		if _, err := s.Get(sum, Key{2}); !errors.Is(err, ErrMissing) {
			t.Errorf("under another key: %v", err)
		}
	}
	for _, data := range [][]byte{nil, {}} {
		if _, _, err := s.Put(Key{1}, bytes.NewReader(data)); !errors.Is(err, ErrSize) {
			t.Errorf("nothing was kept: %v", err)
		}
	}
	files, err := os.ReadDir(s.dir)
	must(t, err)
	if len(files) != 6 {
		t.Errorf("%d files for 6 originals", len(files))
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o400 || len(f.Name()) != 64 {
			t.Errorf("%s: %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

// Whoever has the folder and the original itself, but no key, finds neither its bytes nor its
// sum, in names or contents.
func TestFolderTellsNothing(t *testing.T) {
	s := newStore(t)
	data := []byte(strings.Repeat("a photograph with a position in it. ", 4000))
	sum, _, err := s.Put(Key{1}, bytes.NewReader(data))
	must(t, err)
	entries, err := os.ReadDir(s.dir)
	must(t, err)
	for _, e := range entries {
		raw, err := os.ReadFile(filepath.Join(s.dir, e.Name()))
		must(t, err)
		if bytes.Contains(raw, data[:20]) || bytes.Contains(raw, sum[:]) || strings.Contains(e.Name(), sum.String()[:16]) {
			t.Error("the folder tells what lies in it")
		}
	}
	// The same original twice is two files: nobody sees that two stories have one photograph.
	_, _, err = s.Put(Key{2}, bytes.NewReader(data))
	must(t, err)
	if again, _ := os.ReadDir(s.dir); len(again) != 2 {
		t.Errorf("%d files", len(again))
	}
	// Nor do two originals under one key begin alike: without a salt of its own each would be sealed by one key and nonce.
	_, _, err = s.Put(Key{1}, bytes.NewReader([]byte("another photograph")))
	must(t, err)
	entries, err = os.ReadDir(s.dir)
	must(t, err)
	salts := map[string]bool{}
	for _, e := range entries {
		raw, err := os.ReadFile(filepath.Join(s.dir, e.Name()))
		must(t, err)
		salts[string(raw[len(Magic):len(Magic)+SaltSize])] = true
	}
	if len(salts) != 3 {
		t.Errorf("three originals have %d salts", len(salts))
	}
}

// One flipped byte, anywhere, is found, and the original is named. So is a cut at any place.
func TestVerifyNamesOneFlippedByte(t *testing.T) {
	s := newStore(t)
	small, large := random(t, 40), random(t, 2*Chunk+100)
	a, _, err := s.Put(Key{1}, bytes.NewReader(small))
	must(t, err)
	b, _, err := s.Put(Key{2}, bytes.NewReader(large))
	must(t, err)
	held := []Held{{a, Key{1}}, {b, Key{2}}, {a, Key{1}}}
	check := func(what string, want Sum, kinds ...string) {
		t.Helper()
		r, err := s.Verify(t.Context(), held)
		must(t, err)
		if r.Originals != 1 || len(r.Faults) != 1 || r.Faults[0].Sum != want || !slices.Contains(kinds, r.Faults[0].What) {
			t.Fatalf("%s: %+v", what, r)
		}
		if _, err := s.Get(want, map[Sum]Key{a: {1}, b: {2}}[want]); err == nil {
			t.Fatalf("%s: it is given out all the same", what)
		}
	}
	if r, err := s.Verify(t.Context(), held); err != nil || r.Originals != 2 || len(r.Faults) != 0 || r.Unnamed != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, one := range []struct {
		sum  Sum
		key  Key
		step int
	}{{a, Key{1}, 1}, {b, Key{2}, 4001}} {
		path := s.path(one.sum, one.key)
		whole, err := os.ReadFile(path)
		must(t, err)
		must(t, os.Chmod(path, 0o600))
		for i := 0; i < len(whole); i += one.step {
			bad := bytes.Clone(whole)
			bad[i] ^= 1
			must(t, os.WriteFile(path, bad, 0o600))
			check("byte "+hex.EncodeToString([]byte{byte(i >> 8), byte(i)}), one.sum, Edited)
			must(t, os.WriteFile(path, whole[:i], 0o600))
			check("cut", one.sum, Torn, Edited)
		}
		must(t, os.WriteFile(path, append(bytes.Clone(whole), 0), 0o600))
		check("one more byte", one.sum, Edited)
		must(t, os.Remove(path))
		check("removed", one.sum, Missing)
		must(t, os.WriteFile(path, whole, 0o400))
	}
	if r, err := s.Verify(t.Context(), held[:1]); err != nil || r.Unnamed != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

// An original that is damaged is not taken for one that is there.
func TestPutRefusesADamagedTwin(t *testing.T) {
	s := newStore(t)
	data := random(t, 100)
	sum, _, err := s.Put(Key{1}, bytes.NewReader(data))
	must(t, err)
	path := s.path(sum, Key{1})
	must(t, os.Chmod(path, 0o600))
	must(t, os.WriteFile(path, []byte("other"), 0o600))
	if _, _, err := s.Put(Key{1}, bytes.NewReader(data)); err == nil {
		t.Error("kept, though what lies there is another thing")
	}
}

// Each system call of taking an original in is broken in each way. Under the name of an
// original nothing but the whole of it is ever seen; what was acknowledged is there; the next
// try goes well.
func TestEachStepOfKeepingBroken(t *testing.T) {
	data := random(t, Chunk+500)
	fault.Table(t, 10, func(t *testing.T, f *fault.Steps) {
		dir := filepath.Join(t.TempDir(), "custody")
		f.Watch(t, filepath.Dir(dir))
		whole := func() (n int) {
			fault.Aside(func() {
				entries, _ := os.ReadDir(dir)
				s := &Store{dir: dir, names: Key{7}}
				for _, e := range entries {
					if strings.HasPrefix(e.Name(), temporary) {
						continue
					}
					n++
					if r, err := s.Verify(t.Context(), []Held{{sumOf(data), Key{1}}}); err != nil || len(r.Faults) != 0 {
						n = -1
					}
				}
			})
			return n
		}
		f.Phase("keep")
		kept := false
		for try := 0; !kept; try++ {
			s, err := Open(dir, Key{7}, rand.Reader)
			if err == nil {
				_, _, err = s.Put(Key{1}, bytes.NewReader(data))
			}
			kept = err == nil
			f.Lift()
			switch n := whole(); {
			case n < 0 || n > 1:
				t.Fatalf("after %q half an original is seen", f.Broke())
			case kept && n != 1:
				t.Fatalf("after %q what was acknowledged is not there", f.Broke())
			}
			if try == 3 {
				t.Fatal(err)
			}
		}
		f.End()
		s, err := Open(dir, Key{7}, rand.Reader)
		must(t, err)
		if got, err := s.Get(sumOf(data), Key{1}); err != nil || !bytes.Equal(got, data) {
			t.Error(err)
		}
		entries, err := os.ReadDir(dir)
		must(t, err)
		if len(entries) != 1 {
			t.Errorf("%d files are left", len(entries))
		}
	})
}

// The form of files is fixed by vectors.
func TestVectors(t *testing.T) {
	raw, err := os.ReadFile("testdata/files.json")
	must(t, err)
	var list []struct {
		Name, Key, Salt, Original, File, FileSum, Expect string
		Byte                                             byte
		Size                                             int
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	must(t, dec.Decode(&list))
	hexed := func(s string) []byte {
		b, err := hex.DecodeString(s)
		must(t, err)
		return b
	}
	for _, v := range list {
		key := Key(hexed(v.Key))
		if v.Size > 0 {
			var made bytes.Buffer
			_, err := encrypt(&made, bytes.NewReader(bytes.Repeat([]byte{v.Byte}, v.Size)), key, bytes.NewReader(hexed(v.Salt)))
			must(t, err)
			if got := sha256.Sum256(made.Bytes()); hex.EncodeToString(got[:]) != v.FileSum {
				t.Errorf("%s: made is another file", v.Name)
			}
			continue
		}
		var out bytes.Buffer
		err := decrypt(&out, bytes.NewReader(hexed(v.File)), key)
		what := "success"
		if f, ok := errors.AsType[*Fault](err); ok {
			what = f.What
		} else if err != nil {
			t.Fatal(err)
		}
		if what != v.Expect || err == nil && !bytes.Equal(out.Bytes(), hexed(v.Original)) {
			t.Errorf("%s: %s, want %s", v.Name, what, v.Expect)
		}
		if v.Expect != "success" {
			continue
		}
		var made bytes.Buffer
		_, err = encrypt(&made, bytes.NewReader(hexed(v.Original)), key, bytes.NewReader(hexed(v.Salt)))
		must(t, err)
		if hex.EncodeToString(made.Bytes()) != v.File {
			t.Errorf("%s: made is another file", v.Name)
		}
	}
	if len(list) < 5 {
		t.Errorf("%d vectors", len(list))
	}
}

// sumOf is the name of an original.
func sumOf(data []byte) Sum { return sha256.Sum256(data) }
