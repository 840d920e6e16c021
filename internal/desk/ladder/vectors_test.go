package ladder

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
)

type vector struct {
	Name    string                 `json:"name"`
	Comment string                 `json:"comment"`
	Expect  string                 `json:"expect"`
	Table   string                 `json:"table"`
	Read    map[string]publication `json:"read"`
	Doubt   []string               `json:"doubt"`
	Line    int                    `json:"line"`
	Column  int                    `json:"column"`
	Claims  []vectorClaim          `json:"claims"`
}

type publication struct {
	Tokens []string `json:"tokens"`
	Open   bool     `json:"open"`
}

type vectorClaim struct {
	Claim       string              `json:"claim"`
	Chains      int                 `json:"chains"`
	Independent int                 `json:"independent"`
	Rung        Rung                `json:"rung"`
	Disputed    bool                `json:"disputed"`
	Cap         Cap                 `json:"cap"`
	Grade       int                 `json:"grade"`
	Open        map[string]Openness `json:"open"`
	Odds        [3]string           `json:"odds"`
}

// What an implementation made from spec/11-claims.md alone derives is derived here as well:
// tables, chains, rungs, caps, grades and the range of odds, exact to the fraction.
func TestVectors(t *testing.T) {
	data, err := os.ReadFile("../../../spec/vectors/ladder.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		MadeBy  string   `json:"made-by"`
		Area    string   `json:"area"`
		Vectors []vector `json:"vectors"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		t.Fatal(err)
	}
	failing := 0
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) { v.run(t) })
		if v.Expect != "success" {
			failing++
		}
	}
	if file.Area != "ladder" || failing < 20 || len(file.Vectors)-failing < 20 {
		t.Errorf("%d vectors of %q, %d of them failures: too few", len(file.Vectors), file.Area, failing)
	}
}

func (v *vector) run(t *testing.T) {
	items, err := ParseTable(strings.NewReader(v.Table))
	if v.Expect == "bad table" {
		at, ok := errors.AsType[*TableError](err)
		if !ok || at.Line != v.Line || at.Column != v.Column {
			t.Errorf("%v, want a fault in line %d, column %d", err, v.Line, v.Column)
		}
		return
	}
	if err != nil || v.Expect != "success" {
		t.Fatalf("expect %q: %v", v.Expect, err)
	}
	read := map[string]Publication{}
	for name, p := range v.Read {
		read[name] = Publication(p)
	}
	for i := range items {
		for _, report := range v.Doubt {
			items[i].Doubt = items[i].Doubt || items[i].Report == report
		}
	}
	got := []vectorClaim{}
	for _, r := range Derive(items, read) {
		c := vectorClaim{r.Claim, r.Chains, r.Independent, r.Rung, r.Disputed, r.Cap(), r.Grade(false), map[string]Openness{}, [3]string{}}
		for _, st := range r.Items {
			if st.Open != Closed {
				c.Open[st.Report] = st.Open
			}
		}
		odds, _ := r.Odds()
		c.Odds = [3]string{odds.Low.RatString(), odds.Middle.RatString(), odds.High.RatString()}
		got = append(got, c)
	}
	if !reflect.DeepEqual(got, v.Claims) {
		t.Errorf("derived %+v\nwant    %+v", got, v.Claims)
	}
}
