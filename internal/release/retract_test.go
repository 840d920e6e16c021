package release

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// retracted is the sample taken back: its headlines, and why.
func retracted() *Release {
	r := sample()
	r.Version, r.Serial, r.Photo = VersionRetracted, 2, nil
	for i := range r.Editions {
		e := &r.Editions[i]
		*e = Edition{Lang: e.Lang, Headline: e.Headline}
	}
	r.Retraction = &Correction{Day: r.Printed + 3, Text: PerLang{"잘못된 기사였습니다.", "This was wrong.", "此报道有误。"}}
	return r
}

// A retraction is read as it was written, and nothing of what it takes back can hide in it.
func TestRetraction(t *testing.T) {
	data, err := retracted().Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(data)
	if err != nil || back.Retraction.Text.EN != "This was wrong." {
		t.Fatalf("%+v, %v", back, err)
	}
	if plain := mustEncode(t, sample()); bytes.Contains(plain, []byte("retraction")) {
		t.Error("a story that stands has other bytes than before there were retractions")
	}
	for name, change := range map[string]func(*Release){
		"retraction.text.zh":     func(r *Release) { r.Retraction.Text.ZH = "" },
		"retraction.day":         func(r *Release) { r.Retraction.Day = r.Printed - 1 },
		"photo":                  func(r *Release) { r.Photo = &Photo{} },
		"version":                func(r *Release) { r.Version = Version },
		"editions.en":            func(r *Release) { r.Editions[1].Standfirst = "Still here." },
		"editions.ko":            func(r *Release) { r.Editions[0].Body = sample().Editions[0].Body },
		"editions.zh":            func(r *Release) { r.Editions[2].Body = []Paragraph{} },
		"editions.ko.headline":   func(r *Release) { r.Editions[0].Headline = "" },
		"corrections[0].text.ko": func(r *Release) { r.Corrections = []Correction{{Day: r.Printed}} },
	} {
		r := retracted()
		change(r)
		if err := r.Check(); !errors.Is(err, ErrRelease) || !strings.Contains(err.Error(), name+":") {
			t.Errorf("%s: %v", name, err)
		}
	}
	stands := sample()
	stands.Version = VersionRetracted
	if stands.Check() == nil {
		t.Error("a story that stands has the version of a retraction")
	}
}
