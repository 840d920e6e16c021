package desk

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const handleLabel = "kkachi/1 handle"

// handle makes the name by which the desk knows a source: two words drawn from the thread
// id (or, for somebody known from calls only, from the source's ID), and a third where
// another source has the two already. taken says whether a handle is in use. It is never
// the echo word, which belongs to the eight words of the source.
func handle(seed []byte, taken func(string) (bool, error)) (string, error) {
	h := sha256.Sum256(append([]byte(handleLabel), seed...))
	name := pick(adjectives, h[0:4]) + " " + pick(nouns, h[4:8])
	for n := 8; ; n = (n + 4) % len(h) {
		used, err := taken(name)
		if err != nil || !used {
			return name, err
		}
		name += " " + pick(nouns, h[n:n+4])
	}
}

func pick(words string, b []byte) string {
	list := strings.Fields(words)
	return list[binary.BigEndian.Uint32(b)%uint32(len(list))]
}

// None of these says anything about a person.
const (
	adjectives = `amber ashen autumn bare blue bold bright broad calm clear cold copper coral
		crisp curved damp dark deep distant dry dusky early even faint fallen far fine first
		flat floating frosted gentle golden grand green grey hidden high hollow ivory keen
		large last late light little lone long loose low lunar mellow mild misty narrow near
		new noble north old open outer pale patient plain proud quick quiet rapid rare red
		round sandy scarlet sheer short silent silver slate slow small smooth snowy soft south
		spring stark steady still stone sudden summer swift tall tidal upper velvet violet
		warm west white wide wild winter yellow young`
	nouns = `acorn anchor anvil apple arch arrow barley basin basket beacon bell birch bridge
		brook bucket candle canoe cedar chalk cherry clay cliff cloud clover cobalt comet
		compass cove crane cricket crow cypress dawn delta dove drum dune eagle egret ember
		falcon feather fern ferry field finch flint fog forest fountain fox garden gate glacier
		goose granite grove gull hammer harbour hare harvest hawk hazel heath hedge heron hill
		island jade jetty juniper kettle kite lamp lantern lark leaf ledge lemon lichen lily
		linen lotus maple marsh meadow mill mirror moon moss moth mountain nettle oak oar
		orchard osprey otter owl paddle paper peach pebble pelican pepper pigeon pine plum
		pond poplar quail quarry raven reed ridge river robin roof rope saddle sail salt
		sparrow spruce star starling stone stork stream swallow swan tern thistle thrush tide
		tower tulip valley wagon walnut wave well wharf willow window wren`
)

// handlesIn gives the handles of sources that may stand in the texts of a story, and in its
// sentences as the gate reads them, by the two words that every handle begins with.
func (d *Desk) handlesIn(ctx context.Context, s *Story, told []ParagraphView) ([]string, error) {
	pairs := map[string]bool{}
	s.texts(func(text string) { addPairs(pairs, text) })
	for _, p := range told {
		for _, sn := range p.Sentences {
			for _, text := range sn.read {
				addPairs(pairs, text)
			}
		}
	}
	var out []string
	for _, p := range slices.Sorted(maps.Keys(pairs)) {
		rows, err := d.v.View().Query(ctx, `SELECT s.handle FROM source s JOIN thread t ON t.source = s.id
			WHERE s.handle >= ? AND s.handle < ? AND t.reports > 0 AND t.box <> 1`, p, p+"~")
		if err != nil {
			return nil, fmt.Errorf("desk: handles: %w", err)
		}
		found, err := collect(rows, func(h *string) []any { return []any{h} })
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// addPairs adds each adjective and noun of handles that stand side by side in a text, also
// within longer words.
func addPairs(pairs map[string]bool, text string) {
	words := strings.Split(strings.ToLower(text), " ")
	for i := 1; i < len(words); i++ {
		for _, a := range strings.Fields(adjectives) {
			if !strings.HasSuffix(words[i-1], a) {
				continue
			}
			for _, n := range strings.Fields(nouns) {
				if strings.HasPrefix(words[i], n) {
					pairs[a+" "+n] = true
				}
			}
		}
	}
}

// texts gives every text of a story that will be printed to yield.
func (s *Story) texts(yield func(string)) {
	for _, e := range s.Editions {
		yield(e.Headline)
		yield(e.Standfirst)
		yield(e.Reason)
	}
	for _, p := range s.Paragraphs {
		for _, sn := range p.Sentences {
			for _, t := range sn.Text {
				yield(placeholder.ReplaceAllString(t, " "))
			}
		}
	}
	for _, c := range s.Corrections {
		for _, t := range c.Text {
			yield(t)
		}
	}
	if s.Photo == nil {
		return
	}
	for _, m := range []map[Lang]string{s.Photo.Alt, s.Photo.Caption, s.Photo.Credit} {
		for _, t := range m {
			yield(t)
		}
	}
}
