package desk

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"kkachi/internal/desk/ladder"
)

// The tokens that an implementation made from spec/11-claims.md alone gives to names are
// those of the desk, and what it refuses the desk refuses.
func TestTokenVectors(t *testing.T) {
	data, err := os.ReadFile("../../spec/vectors/token.json")
	must(t, err)
	var file struct {
		MadeBy  string `json:"made-by"`
		Area    string `json:"area"`
		Vectors []struct {
			Name    string   `json:"name"`
			Comment string   `json:"comment"`
			Expect  string   `json:"expect"`
			Secret  string   `json:"secret"`
			Relays  string   `json:"relays"`
			Tokens  []string `json:"tokens"`
			Unknown bool     `json:"unknown"`
		} `json:"vectors"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	must(t, dec.Decode(&file))
	failing := 0
	for _, v := range file.Vectors {
		secret, err := hex.DecodeString(v.Secret)
		must(t, err)
		d := &Desk{relays: secret}
		known, unknown, err := ladder.ParseRelays(v.Relays)
		if v.Expect == "bad relays" {
			if failing++; err == nil {
				t.Errorf("%s: %q was taken", v.Name, v.Relays)
			}
			continue
		}
		if err != nil || v.Expect != "success" {
			t.Errorf("%s: expect %q: %v", v.Name, v.Expect, err)
			continue
		}
		got := []string{}
		for _, name := range known {
			if token := d.blind(name); !slices.Contains(got, token) {
				got = append(got, token)
			}
		}
		if !slices.Equal(got, v.Tokens) || unknown != v.Unknown {
			t.Errorf("%s: %v, unknown %v; want %v, %v", v.Name, got, unknown, v.Tokens, v.Unknown)
		}
	}
	if file.Area != "token" || failing < 10 || len(file.Vectors)-failing < 10 {
		t.Errorf("%d vectors of %q, %d of them failures: too few", len(file.Vectors), file.Area, failing)
	}
}
