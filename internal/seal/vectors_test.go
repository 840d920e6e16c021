package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const goMaker = "internal/seal"

const vectorsDir = "../../spec/vectors"

// An area is one kind of vectors: its keys, and how to run one. run gives what came out and
// the name of what failed, empty if nothing did. What came out is compared with each key of
// that name that stands in the vector.
type area struct {
	in, out string // keys, apart by spaces; one with ? may be missing
	run     func(v *vector) (out map[string]any, failure string)
	// coarse maps what a vector names to what a reader can tell.
	coarse map[string]string
}

// A vector is one case of a file: its keys as they stand.
type vector struct {
	t testing.TB
	m map[string]json.RawMessage
}

func (v *vector) has(key string) bool { return v.m[key] != nil }

func (v *vector) read(key string, into any) {
	v.t.Helper()
	d := json.NewDecoder(bytes.NewReader(v.m[key]))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		v.t.Fatalf("key %q: %v", key, err)
	}
}

func (v *vector) text(key string) (s string) { v.t.Helper(); v.read(key, &s); return s }
func (v *vector) num(key string) (n int64)   { v.t.Helper(); v.read(key, &n); return n }
func (v *vector) bytes(key string) []byte    { v.t.Helper(); return pieces(v.t, v.text(key)) }

func (v *vector) array(key string) (out [32]byte) {
	v.t.Helper()
	b := v.bytes(key)
	if len(b) != 32 {
		v.t.Fatalf("key %q has %d bytes, not 32", key, len(b))
	}
	return [32]byte(b)
}

// pieces reads hex pieces apart by spaces; a piece may end in *N, its count.
func pieces(t testing.TB, s string) []byte {
	t.Helper()
	var out []byte
	for _, p := range strings.Fields(s) {
		digits, times, repeated := strings.Cut(p, "*")
		b, err := hex.DecodeString(digits)
		must(t, err)
		n := 1
		if repeated {
			n, err = strconv.Atoi(times)
			must(t, err)
		}
		out = append(out, bytes.Repeat(b, n)...)
	}
	return out
}

// Every file of spec/vectors is run, whoever made it.
func TestVectors(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(vectorsDir, "*.json"))
	must(t, err)
	total, failing := 0, 0
	makers := map[bool]int{}
	for _, path := range paths {
		var file struct {
			MadeBy  string                       `json:"made-by"`
			Area    string                       `json:"area"`
			Vectors []map[string]json.RawMessage `json:"vectors"`
		}
		b, err := os.ReadFile(path)
		must(t, err)
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		if err := d.Decode(&file); err != nil || file.MadeBy == "" || len(file.Vectors) == 0 {
			t.Fatalf("%s: no made-by or no vectors: %v", filepath.Base(path), err)
		}
		if where := elsewhere()[file.Area]; where != "" {
			continue // that room runs it
		}
		makers[file.MadeBy == goMaker] += len(file.Vectors)
		names := map[string]bool{}
		for _, m := range file.Vectors {
			total++
			v := &vector{t, m}
			name := v.text("name")
			if names[name] {
				t.Errorf("%s: two vectors are named %q", filepath.Base(path), name)
			}
			names[name] = true
			if v.text("expect") != "success" {
				failing++
			}
			t.Run(file.Area+"/"+name, func(t *testing.T) { runVector(&vector{t, m}, areas(), file.Area) })
		}
	}
	if total < 120 || failing*2 <= total || makers[false] == 0 {
		t.Errorf("%d vectors, %d of them failures, %d made by another implementation: too few", total, failing, makers[false])
	}
}

// elsewhere are areas that another room runs.
func elsewhere() map[string]string {
	return map[string]string{"log": "vault", "token": "desk", "ladder": "desk/ladder", "contacts": "contacts"}
}

func runVector(v *vector, all map[string]area, name string) {
	v.t.Helper()
	a, ok := all[name]
	if !ok {
		v.t.Fatalf("area %q has no runner", name)
	}
	for _, complaint := range a.keyFaults(v) {
		v.t.Error(complaint)
	}
	want := v.text("expect")
	out, failure := a.run(v)
	if coarse := a.coarse[want]; coarse != "" {
		want = coarse
	}
	if failure == "" {
		failure = "success"
	}
	if failure != want {
		v.t.Fatalf("%s, want %s (%s)", failure, v.text("expect"), v.text("comment"))
	}
	for key, got := range out {
		if v.has(key) {
			v.compare(key, got)
		}
	}
}

// keyFaults complains about unknown keys and missing inputs.
func (a area) keyFaults(v *vector) (complaints []string) {
	known := []string{"name", "comment", "expect"}
	for _, key := range strings.Fields(a.in) {
		plain := strings.TrimSuffix(key, "?")
		known = append(known, plain)
		if plain == key && !v.has(key) {
			complaints = append(complaints, "no key "+strconv.Quote(key))
		}
	}
	known = append(known, strings.Fields(a.out)...)
	for key := range v.m {
		if !slices.Contains(known, key) {
			complaints = append(complaints, "unknown key "+strconv.Quote(key))
		}
	}
	return complaints
}

func (v *vector) compare(key string, got any) {
	v.t.Helper()
	if b, ok := got.([]byte); ok {
		if want := v.bytes(key); !bytes.Equal(b, want) {
			v.t.Errorf("%s is %x, want %x", key, b, want)
		}
		return
	}
	g, err := json.Marshal(got)
	must(v.t, err)
	var want, have any
	must(v.t, json.Unmarshal(v.m[key], &want))
	must(v.t, json.Unmarshal(g, &have))
	w, err := json.Marshal(want)
	must(v.t, err)
	h, err := json.Marshal(have)
	must(v.t, err)
	if !bytes.Equal(w, h) {
		v.t.Errorf("%s is %s, want %s", key, h, w)
	}
}

// The runner itself can say no.
func TestVectorRunnerRefuses(t *testing.T) {
	raw := func(s string) (m map[string]json.RawMessage) {
		must(t, json.Unmarshal([]byte(s), &m))
		return m
	}
	a := areas()["address"]
	if got := a.keyFaults(&vector{t, raw(`{"name":"x","comment":"","expect":"success","address":"a","colour":"red"}`)}); len(got) != 1 {
		t.Errorf("an unknown key passes: %v", got)
	}
	if got := a.keyFaults(&vector{t, raw(`{"name":"x","comment":"","expect":"success"}`)}); len(got) != 1 {
		t.Errorf("a missing key passes: %v", got)
	}
}
